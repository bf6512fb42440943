// Shows a scenario as lines: written, opened, saved, checked while somebody types, and played.
import { html, useRef, useState } from "./html.js";
import { post } from "./api.js";
import { count } from "./format.js";
import { Copy, Field, Problem, State, Text } from "./parts.js";
import { play } from "./play.js";
import { link } from "./route.js";
import { useAction, useLoaded, useRested } from "./use.js";

const SHOWN = 20;

export function Scenario({ appId, text, setText }) {
  const file = useRef(null);
  const stopped = useRef(false);
  const [done, setDone] = useState(null);
  const rested = useRested(text);
  const [found, error] = useLoaded(async () => (rested.trim() ? post("scenarios/check", { text: rested }) : null), [rested], () => false);
  const wrong = error ?? (found?.problem ? new Error(found.problem.replace(/^scenario:/, "line ")) : null);
  const [run, busy, problem] = useAction(async () => {
    setDone(null);
    stopped.current = false;
    const { steps, problem: reason } = await post("scenarios/check", { text });
    if (reason) throw new Error(reason.replace(/^scenario:/, "line "));
    await play(steps, appId, setDone, () => stopped.current);
  });
  const [opened, , unread] = useAction(async (event) => { const chosen = event.target.files[0]; if (chosen) setText(await chosen.text()); event.target.value = ""; });
  const save = () => {
    const url = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
    const anchor = document.createElement("a");
    anchor.href = url;
    anchor.download = "scenario.jsonl";
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };
  const events = found?.steps.filter((step) => step.event).length ?? 0;
  return html`<section class="card form" aria-labelledby="scenario"><h2 id="scenario">Scenario</h2>
    <p class="soft">Events one after the other, the clock between them, and what shall have become of them: one line each, as <code>postbacks trigger --file</code> reads it.</p>
    <${Field} label="Lines" hint=${html`<code>{"event": "email.click", "at": "1h", "expect": "delivered"}</code>, <code>{"at": "65h"}</code>, <code>{"at": "idle"}</code>`} wide><textarea rows="6" class="code" dir="ltr" spellcheck=${false} value=${text} aria-invalid=${Boolean(wrong)} onInput=${(event) => setText(event.target.value)}></textarea></${Field}>
    <div class="buttons"><button type="button" disabled=${busy || !text.trim()} onClick=${run}>${busy ? "playing…" : "play"}</button>
      ${busy && html`<button type="button" onClick=${() => { stopped.current = true; }}>stop</button>`}
      <button type="button" onClick=${() => file.current.click()}>open a file</button><input ref=${file} type="file" class="hidden" tabindex="-1" aria-label="File with a scenario" onChange=${opened} />
      <button type="button" disabled=${!text.trim()} onClick=${save}>save as a file</button>${text.trim() && html`<${Copy} text=${text} label="copy the scenario" />`}
      <span class="soft" role="status">${found && !wrong ? `${count(found.steps.length, "line")}, ${count(events, "event")}` : ""}</span></div>
    <${Problem} error=${wrong ?? problem ?? unread} />
    ${done && html`<div role="status"><p class="strong">${count(done.events, "event")} happened, ${count(done.deliveries, "delivery", "deliveries")} came of it${done.stopped ? ", then it was stopped" : ""}</p></div>`}
    ${done?.checked && done.checked.length > 0 && html`<${Checked} checked=${done.checked} />`}</section>`;
}

function Checked({ checked }) {
  const unmet = checked.filter((one) => !one.met);
  const shown = [...unmet, ...checked.filter((one) => one.met)].slice(0, SHOWN);
  return html`<h3>${unmet.length ? `${unmet.length} of ${count(checked.length, "expectation")} not met` : `${count(checked.length, "expectation")} met`}</h3>
    <ul class="rows tight">${shown.map(({ step, user, became, met }) => html`<li><div><span class=${`badge is-${met ? "pass" : "fail"}`}>${met ? "✓ met" : "✕ not met"}</span> line ${step.line}: ${step.event} of <${Text} value=${user} most=${60} />, expected ${step.expect}
      ${became.length === 0 ? html`<span class="soft"> it fired no rule</span>` : became.slice(0, 3).map((delivery) => html` <a href=${link(["deliveries", String(delivery.id)])}>delivery ${delivery.id}</a> <${State} state=${delivery.state} />`)}</div></li>`)}</ul>
    ${checked.length > shown.length && html`<p class="soft">and ${checked.length - shown.length} more</p>`}`;
}
