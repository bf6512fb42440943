// Shows the clock above every view and moves it.
import { html, useEffect, useRef, useState } from "./html.js";
import { get, post } from "./api.js";
import { count, duration, instant, millis } from "./format.js";
import { Problem, When } from "./parts.js";
import { useAction, useLoaded } from "./use.js";

const BY = ["1h", "10h"];
const LOOK_SECONDS = 0.5;

/** Return where the clock stands, kept up to date while it runs. */
export function useClock() {
  const [clock, error, again] = useLoaded(() => get("clock"), []);
  const [, tick] = useState(0);
  const taken = useRef({});
  if (clock && taken.current.clock !== clock) taken.current = { clock, at: Date.now() };
  useEffect(() => {
    if (clock?.mode !== "running") return undefined;
    // Between two answers the page counts by itself; what it may have missed it asks for now and then.
    const ticking = setInterval(() => { if (!document.hidden) tick((number) => number + 1); }, 1000);
    const asking = setInterval(() => { if (!document.hidden) again(); }, 15_000);
    return () => { clearInterval(ticking); clearInterval(asking); };
  }, [clock?.mode]);
  if (!clock) return [null, error, again];
  const passed = clock.mode === "running" && !clock.advance ? (Date.now() - taken.current.at) * clock.rate : 0;
  const now = passed ? new Date(millis(clock.now) + passed).toISOString() : clock.now;
  return [{ ...clock, now }, error, again];
}

export function ClockLine() {
  const [clock, problem, again] = useClock();
  const [to, setTo] = useState("");
  const [last, setLast] = useState("");
  const looking = useRef(null);
  const [move, busy, error] = useAction(async (goal) => {
    setLast("");
    looking.current = setInterval(again, LOOK_SECONDS * 1000);
    try {
      setLast(await advance(goal));
    } finally {
      clearInterval(looking.current);
      again();
    }
  });
  const [stop, stopping] = useAction(async () => { await post("clock/advance/cancel"); again(); });
  useEffect(() => {
    // What came of an advance is for the view in which it was made.
    const moved = () => setLast("");
    addEventListener("hashchange", moved);
    return () => { removeEventListener("hashchange", moved); clearInterval(looking.current); };
  }, []);
  if (!clock) return html`<div class="clock"><${Problem} error=${problem} /></div>`;
  const moves = busy || Boolean(clock.advance);
  return html`<section class="clock" aria-label="Clock">
    <div class="facts-line"><span class="now"><span class="soft">${clock.mode === "running" ? "now" : "clock stands at"}</span>${" "}<strong><time datetime=${clock.now}>${instant(clock.now).replace(/\.\d+$/, "")}</time></strong> <span class="soft">UTC${clock.mode === "running" && clock.rate !== 1 ? `, ${clock.rate}× real time` : ""}</span></span>
      <span>${clock.next_due ? html`<span class="soft">next due</span> <${When} at=${clock.next_due} now=${clock.now} />` : html`<span class="soft">nothing is due</span>`}</span>
      <span><span class="soft">pending</span> ${clock.pending.toLocaleString("en")}</span></div>
    <div class="controls" role="group" aria-label="Move the clock">
      ${BY.map((by) => html`<button type="button" disabled=${moves} onClick=${() => move({ by })}>+${by.replace("h", " h")}</button>`)}
      <button type="button" disabled=${moves} title="Move to the next instant at which something is due" onClick=${() => move({ until: "next" })}>next due</button>
      <button type="button" disabled=${moves} title="Move until nothing is pending" onClick=${() => move({ until: "idle" })}>until idle</button>
      <form class="inline" onSubmit=${(event) => { event.preventDefault(); move(goalOf(to)); }}>
        <input aria-label="To an instant (UTC), or by a duration such as 90m" placeholder="90m or 2026-01-03T12:00Z" size="24" value=${to} onInput=${(event) => setTo(event.target.value)} />
        <button type="submit" disabled=${moves || !to.trim()}>go</button></form>
      ${moves && html`<button type="button" class="danger" disabled=${stopping} onClick=${stop}>stop</button>`}
    </div>
    <div class="said" role="status">${progress(clock, busy) || last}</div>
    <${Problem} error=${error ?? problem} /></section>`;
}

function progress(clock, busy) {
  const advance = clock.advance;
  if (!advance) return busy ? "moving…" : "";
  const goal = advance.to ? ` to ${instant(advance.to)}` : " until nothing is pending";
  const waits = advance.waiting_for.length ? `; waiting for ${count(advance.under_way, "attempt")}, ${duration(advance.waiting_for[0].real_seconds)} so far` : "";
  return `moving${goal}: ${count(advance.attempts_made, "attempt")} made${waits}`;
}

function goalOf(text) {
  const given = text.trim();
  if (/^\d{4}-/.test(given)) return { to: /(Z|[+-]\d\d:?\d\d)$/.test(given) ? given : `${given.replace(" ", "T")}Z` };
  return { by: given };
}

/** Move the clock; return what came of it in one line. */
async function advance(goal) {
  // One request as long as it lasts: a running clock goes on between two.
  const answer = await post("clock/advance", { ...goal, listed: 0, budget: 1e12, real_seconds: 86_400 });
  const came = Object.entries(answer.outcomes).map(([name, number]) => `${name} × ${number}`).join(", ");
  const ended = answer.complete ? "moved" : answer.cancelled ? "stopped on the way, moved" : "not there yet, moved";
  return `${ended} to ${instant(answer.now)}: ${count(answer.attempts_made, "attempt")}${came ? ` (${came})` : ""}`;
}
