// Shows one delivery: its axis of time, each attempt with request and answer, and what can be done.
import { html, useState } from "../parts/html.js";
import { get, post, put, segment } from "../parts/api.js";
import { Axis } from "../parts/axis.js";
import { useClock } from "../parts/clock.js";
import { count, duration, instant } from "../parts/format.js";
import { Answer, Request } from "../parts/exchange.js";
import { eventWords } from "../parts/events.js";
import { Copy, Lines, outcomeOf, Problem, State, Text, When } from "../parts/parts.js";
import { link } from "../parts/route.js";
import { useAction, useLoaded } from "../parts/use.js";

function Delivery({ segments }) {
  const id = segments[1];
  const concerns = (entry) => entry.kind === "reset" || entry.kind === "rule" || (entry.kind === "attempt" && String(entry.facts.attempt.delivery_id) === id);
  const [delivery, error, again] = useLoaded(() => get(`deliveries/${segment(id)}`), [id], concerns);
  const [explained] = useLoaded(() => get(`deliveries/${segment(id)}/explained`), [id], concerns);
  const [clock] = useClock();
  const [chosen, setChosen] = useState(null);
  if (!delivery) return html`<${Problem} error=${error} />${!error && html`<p class="soft">Loading…</p>`}`;
  const shown = chosen ?? delivery.attempts.length - 1;
  return html`<${Problem} error=${error} />
    <section class="card" aria-label="State"><p class="facts-line wide"><${State} state=${delivery.state} />
      <span>${eventWords(delivery.event)}</span><span><span class="soft">user</span> <${Text} value=${delivery.event.user_id} most=${80} /></span>
      <span><span class="soft">app</span> <${Text} value=${delivery.app_id} most=${60} /></span>
      <span><span class="soft">rule</span> ${delivery.postback_id}</span><span><span class="soft">happened</span> <${When} at=${delivery.created_at} /></span></p>
      <p>${left(delivery, explained, clock)}</p>
      <${Actions} delivery=${delivery} explained=${explained} again=${again} /></section>
    <section class="card"><${Axis} delivery=${delivery} planned=${explained?.planned ?? []} timeout=${explained?.timeout_seconds ?? 30} chosen=${shown} choose=${setChosen} /></section>
    <section class="card" aria-label="Attempts"><h2>${count(delivery.attempts.length, "attempt")}</h2>
      ${delivery.attempts.length === 0 && html`<p class="soft">None was made yet.</p>`}
      <div class="split fill"><ol class="rows picks">${delivery.attempts.map((attempt, index) => html`<li key=${index}><button type="button" class="pick" data-row aria-current=${shown === index} onClick=${() => setChosen(index)}><${Row} attempt=${attempt} /></button></li>`)}</ol>
      ${delivery.attempts[shown] && html`<${Attempt} key=${shown} attempt=${delivery.attempts[shown]} delivery=${delivery} explained=${explained} />`}</div></section>
    <${Url} delivery=${delivery} explained=${explained} />
    <${EventCard} event=${delivery.event} />`;
}

function left(delivery, explained, clock) {
  if (delivery.under_way) return html`An attempt is being made; it has taken ${duration(delivery.under_way.real_seconds)} of real time so far.`;
  if (delivery.state !== "pending") {
    const last = delivery.attempts.filter((attempt) => !attempt.manual).at(-1);
    const why = { delivered: "It has arrived: the endpoint answered with 2xx.", rejected: "It was refused, and such an answer is not tried again.", lost: "It is lost: every attempt failed." }[delivery.state];
    const arrived = delivery.attempts.some((attempt) => attempt.manual && outcomeOf(attempt).kind === "pass");
    if (delivery.state === "delivered") return why;
    return html`${why}${last ? html` The last attempt: ${outcomeOf(last).word}.` : ""} ${arrived ? "A resend has arrived since." : "What came of each attempt is told below; once the endpoint is mended, resend it."}`;
  }
  const limit = explained?.attempt_limit;
  return html`Next attempt <${When} at=${delivery.due_at} now=${clock?.now} />${limit ? html`; ${count(limit - delivery.attempts_made, "attempt")} of ${limit} left, the last one at ${instant(explained.planned.at(-1))} if all fail` : ""}.${delivery.attempts.length ? " What came of each is told below; once the endpoint is mended, turn the clock to the next one, or resend it." : ""}`;
}

function Row({ attempt }) {
  const { kind, sign, word } = outcomeOf(attempt);
  return html`<span class=${`mark is-${kind}`} aria-hidden="true">${sign}</span> <span class="strong">${attempt.manual ? "resend" : `attempt ${attempt.number}`}: ${word}</span>
    <span class="soft"> +${duration(attempt.offset_hours * 3600)}, took ${duration(attempt.elapsed_seconds)}${attempt.repeated ? ", repeated" : ""}</span>`;
}

function Attempt({ attempt, delivery, explained }) {
  const inbox = explained?.inbox;
  const [request, error] = useLoaded(async () => {
    if (!inbox || attempt.request_id === null) return null;
    const { requests } = await get(`inboxes/${segment(inbox)}/requests`, { after: attempt.request_id - 1, limit: 1, whole: true });
    return requests.find((one) => one.id === attempt.request_id) ?? null;
  }, [inbox, attempt.request_id], () => false);
  return html`<div class="detail"><dl class="pairs"><div><dt>started</dt><dd>${instant(attempt.started_at)} UTC</dd></div>
      <div><dt>took</dt><dd>${duration(attempt.elapsed_seconds)} of sandbox time, ${duration(attempt.elapsed_real_seconds)} of real time</dd></div>
      ${attempt.error && html`<div><dt>why</dt><dd>${attempt.error}</dd></div>`}
      ${attempt.repeated && html`<div><dt>repeated</dt><dd>the process ended while it was made before, so it may have arrived twice</dd></div>`}</dl>
    ${attempt.reason.length > 0 && html`<div class="alarm"><p class="strong">What the endpoint says of it</p><${Lines} value=${attempt.reason.join("\n")} label="reason" /></div>`}
    <${Answer} attempt=${attempt} />
    ${request ? html`<${Request} request=${request} />` : html`<h3>Request</h3><${Lines} value=${`POST ${delivery.url}\n\n(no body)`} label="request" />
      <p class="soft">${inbox ? "The inbox no longer has its bytes." : "Its bytes are known of requests to an inbox only."}</p>`}
    <${Problem} error=${error} /></div>`;
}

function Actions({ delivery, explained, again }) {
  const [resend, busy, error] = useAction(async () => { await post(`deliveries/${delivery.id}/resend`); again(); });
  const [script, setScript] = useState("200");
  const [behave, , refused] = useAction(async () => put(`inboxes/${segment(explained.inbox)}/behaviour`, { behaviour: script }));
  const [done, setDone] = useState("");
  return html`<div class="buttons"><button type="button" class="main" disabled=${busy} onClick=${resend}>${busy ? "resending…" : "resend now"}</button>
      ${explained && html`<${Copy} text=${explained.pytest} label="copy as pytest" title="A test in which the same happens" /><${Copy} text=${explained.curl} label="copy as curl" title="A command that sends the same postback" /><${Copy} text=${explained.scenario} label="copy as scenario" title="Its event as lines for postbacks trigger --file" />`}</div>
    ${explained?.inbox && html`<form class="buttons" onSubmit=${async (event) => { event.preventDefault(); if ((await behave()) !== undefined) setDone(`${explained.inbox} does ${script} from its next request on`); }}>
      <label class="check">make <a href=${link(["inboxes", explained.inbox])}>${explained.inbox}</a> answer <input class="code" size="16" value=${script} onInput=${(event) => { setScript(event.target.value); setDone(""); }} /></label>
      <button type="submit">set</button><span role="status" class="soft">${done}</span></form>`}
    <${Problem} error=${error ?? refused} />`;
}

function Url({ delivery, explained }) {
  const pieces = explained?.pieces ?? [{ text: delivery.url, placeholder: null }];
  const values = pieces.filter((piece) => piece.placeholder);
  return html`<section class="card" aria-labelledby="url"><h2 id="url">URL</h2>
    ${explained?.template ? html`<h3>Template</h3><${Text} value=${explained.template} most=${2000} />` : html`<p class="soft">${explained ? "Its rule was deleted, so the template is not known." : ""}</p>`}
    <h3>Rendered</h3><p class="pieces fill" dir="ltr">${pieces.map((piece) => (piece.placeholder ? html`<mark title=${piece.placeholder}><${Text} value=${piece.text} most=${300} /><span class="hidden"> (${piece.placeholder})</span></mark>` : html`<${Text} value=${piece.text} most=${300} />`))}</p>
    ${explained?.template && values.length === 0 && explained.template.includes("{{") && html`<p class="soft">The template no longer makes this URL: the app has another encoding by now.</p>`}
    ${values.length > 0 && html`<div class="scroll"><table class="stacked"><thead><tr><th scope="col">Value</th><th scope="col">in the URL</th><th scope="col">decoded</th></tr></thead><tbody>
      ${values.map((piece) => html`<tr><th scope="row">${piece.placeholder}</th><td><${Text} value=${piece.text} most=${120} /></td><td><${Text} value=${decoded(piece.text)} most=${120} /></td></tr>`)}</tbody></table></div>`}</section>`;
}

function decoded(text) { try { return decodeURIComponent(text); } catch { return text; } }

function EventCard({ event }) {
  const values = Object.entries(event).filter(([, value]) => value !== null);
  return html`<section class="card" aria-labelledby="event"><h2 id="event">Event</h2><dl class="pairs">${values.map(([name, value]) => html`<div><dt>${name}</dt><dd>
    ${typeof value === "object" ? html`<${Lines} value=${JSON.stringify(value, null, 2)} label=${name} />` : html`<${Text} value=${value} />`}</dd></div>`)}</dl></section>`;
}

export default {
  name: "delivery", order: 21, within: "deliveries",
  matches: (segments) => segments[0] === "deliveries" && segments.length === 2, title: (segments) => `Delivery ${segments[1]}`.slice(0, 60), View: Delivery,
};
