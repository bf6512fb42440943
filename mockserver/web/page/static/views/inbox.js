// Shows one inbox: what it shall do, with every fault explained, and the requests that it got.
import { html, useEffect, useState } from "../parts/html.js";
import { del, get, post, put, segment } from "../parts/api.js";
import { bytesOf, instant, quoted } from "../parts/format.js";
import { Forwarded, Request, textOf } from "../parts/exchange.js";
import { Copy, Empty, Field, Lines, Problem, Text } from "../parts/parts.js";
import { link } from "../parts/route.js";
import { useAction, useLoaded } from "../parts/use.js";
import { Difference } from "../parts/difference.js";

const LIMIT = 200;
const concerns = (entry) => ["attempt", "forward", "reset"].includes(entry.kind);

function Inbox({ segments }) {
  const name = segments[1];
  const path = `inboxes/${segment(name)}`;
  const [found, error, again] = useLoaded(() => newest(path), [path], concerns);
  const [behaviour, problem, look] = useLoaded(() => get(`${path}/behaviour`), [path], () => false);
  const [chosen, setChosen] = useState(null);
  const [other, setOther] = useState(null);
  const [clear, , refused] = useAction(async () => { await del(path); setChosen(null); setOther(null); again(); look(); });
  const requests = found?.requests ?? [];
  const shown = requests.find((one) => one.id === chosen) ?? requests[0];
  const compared = requests.find((one) => one.id === other);
  return html`<${Problem} error=${error ?? problem ?? refused} />
    ${behaviour && html`<${Behaviour} path=${path} behaviour=${behaviour} changed=${look} />`}
    <section class="card" aria-labelledby="requests"><div class="bar-line"><h2 id="requests">Requests</h2><span class="buttons">
      ${found && html`<span class="soft" role="status">${requests.length}${found.more ? ", the newest" : ""}${found.evicted ? `; ${found.evicted} older ones were dropped to bound memory` : ""}</span>`}
      <button type="button" class="quiet" onClick=${again}>reload</button><button type="button" class="danger" onClick=${clear}>forget all</button></span></div>
    ${found && requests.length === 0 && html`<${Empty} title="It has got nothing yet." command=${`curl -X POST '${behaviour?.url ?? ""}?user=ada'`}><p>Let a rule lead here, or send something:</p></${Empty}>`}
    ${shown && html`<div class="split fill"><ol class="rows picks">${requests.map((request) => html`<li key=${request.id}><button type="button" class="pick" data-row aria-current=${request === shown} onClick=${() => setChosen(request.id)}><${Row} request=${request} /></button></li>`)}</ol>
      <div class="detail"><${Facts} request=${shown} /><${Request} key=${shown.id} request=${shown} />${shown.forwarded && html`<${Forwarded} key=${`to ${shown.id}`} forwarded=${shown.forwarded} />`}
        <div class="buttons"><${Copy} text=${() => curlOf(shown, behaviour?.url)} label="copy as curl" />
          ${requests.length > 1 && html`<label class="check">compare with <select value=${other ?? ""} onChange=${(event) => setOther(Number(event.target.value) || null)}><option value="">…</option>
            ${requests.filter((one) => one !== shown).map((one) => html`<option value=${one.id}>request ${one.id}, ${instant(one.arrived_at)}</option>`)}</select></label>`}</div>
        <${Replay} key=${shown.id} path=${`${path}/requests/${shown.id}/replay`} />
        ${compared && compared !== shown && html`<${Difference} one=${textOf(compared)} other=${textOf(shown)} names=${[`request ${compared.id}`, `request ${shown.id}`]} />`}</div></div>`}</section>`;
}

/** The newest requests, the newest first; the API has them oldest first. */
async function newest(path) {
  let found = [];
  let more = false;
  let after = 0;
  for (;;) {
    const answer = await get(`${path}/requests`, { after, limit: 10_000 });
    found = [...found, ...answer.requests];
    if (found.length > LIMIT) { more = true; found = found.slice(-LIMIT); }
    if (answer.requests.length < 10_000) return { requests: found.reverse(), more, evicted: answer.evicted };
    after = answer.requests.at(-1).id;
  }
}

function Row({ request }) {
  const end = request.end === null ? "under way" : (request.status ?? request.end);
  return html`<span class="strong">${request.id}</span> <${Text} value=${request.method} most=${20} folds=${false} /> <${Text} value=${request.target} most=${70} folds=${false} /> <span class="soft">${end}, ${instant(request.arrived_at)}</span>`;
}

function Facts({ request }) {
  return html`<dl class="pairs"><div><dt>from</dt><dd>${request.delivery_id ? html`<a href=${link(["deliveries", String(request.delivery_id)])}>delivery ${request.delivery_id}</a>, ${request.attempt_number ? `attempt ${request.attempt_number}` : "resent"}` : html`${request.client}, no delivery of this sandbox`}</dd></div>
    <div><dt>did</dt><dd><${Text} value=${request.behaviour} /></dd></div>
    <div><dt>ended</dt><dd>${request.ended_at ? `${request.end} at ${instant(request.ended_at)}` : "still under way"}</dd></div>
    ${request.cut.length > 0 && html`<div><dt>cut</dt><dd>${request.cut.join(", ")}: too long for a list; the API has all with whole=true</dd></div>`}</dl>`;
}

function Replay({ path }) {
  const [url, setUrl] = useState("http://127.0.0.1:5000/");
  const [answer, setAnswer] = useState(null);
  const [run, busy, error] = useAction(async () => setAnswer(await post(path, { url })));
  return html`<form class="buttons" onSubmit=${(event) => { event.preventDefault(); setAnswer(null); run(); }}><label class="check">send it again to <input class="code" dir="ltr" size="30" required value=${url} onInput=${(event) => setUrl(event.target.value)} /></label>
    <button type="submit" disabled=${busy}>${busy ? "sending…" : "send"}</button></form><${Problem} error=${error} />
    ${answer && html`<div role="status"><p class="strong">${answer.status ? `answered with ${answer.status}` : "no answer"}</p><${Lines} value=${answer.error ?? `${answer.headers.map(([name, value]) => `${name}: ${value}`).join("\n")}\n\n${answer.body}`} label="what was answered" /></div>`}`;
}

function curlOf(request, url) {
  const headers = request.headers.filter(({ name }) => !/^(host|content-length|transfer-encoding|connection|accept)$/i.test(name)).map(({ name, value }) => `-H ${quoted(value ? `${name}: ${value}` : `${name};`)}`);
  const body = bytesOf(request.body_base64).length ? [`--data-binary ${quoted(request.body)}`] : [];
  const origin = url ? new URL(url).origin : "http://127.0.0.1:8781";
  return ["curl -sS -i -g --path-as-is", `-X ${request.method}`, ...headers, ...body, quoted(origin + request.target)].join(" ");
}

function Behaviour({ path, behaviour, changed }) {
  const [script, setScript] = useState(behaviour.behaviour);
  const [said, setSaid] = useState("");
  const [refused, setRefused] = useState(behaviour.refused ?? "");
  const [faults] = useLoaded(() => get("faults"), [], () => false);
  const [run, busy, error] = useAction(async () => { const done = await put(`${path}/behaviour`, { behaviour: script }); setSaid("set, from the next request on"); setRefused(done.refused ?? ""); changed(); return done; });
  useEffect(() => setScript(behaviour.behaviour), [behaviour.behaviour]);
  const add = (shorthand) => setScript(script.trim() ? `${script.trim()},${shorthand}` : shorthand);
  return html`<section class="card" aria-labelledby="behaviour"><div class="bar-line"><h2 id="behaviour">What it does</h2><${Copy} text=${behaviour.url} label="copy its URL" /></div>
    <p><${Text} value=${behaviour.url} /></p>
    <form class="form fill" onSubmit=${(event) => { event.preventDefault(); run(); }}>
      <${Field} label="Script: request by request; the last one stays" hint="503*9,200 fails nine times and then answers; 200@31s is late" wide><input class="code" dir="ltr" spellcheck=${false} required value=${script} onInput=${(event) => { setScript(event.target.value); setSaid(""); }} /></${Field}>
      <div class="buttons"><button type="submit" disabled=${busy}>set</button><span role="status" class="soft">${said}</span></div><${Problem} error=${error ?? (refused ? new Error(refused) : null)} /></form>
    <details class="fill"><summary>Everything that it can do</summary><div class="scroll"><table class="stacked"><thead><tr><th scope="col">Written</th><th scope="col">What happens</th><th scope="col"><span class="hidden">Add</span></th></tr></thead><tbody>
      ${faults?.faults.map((fault) => { const sample = sampleOf(fault.shorthand); return html`<tr><td><${Marked} text=${fault.shorthand} /></td><td><${Marked} text=${fault.effect} /></td><td>${sample && html`<button type="button" class="quiet" aria-label=${`Add ${sample} to the script`} onClick=${() => add(sample)}>add ${sample}</button>`}</td></tr>`; })}</tbody></table></div></details></section>`;
}

/** Text with words in backticks. */
function Marked({ text }) {
  return text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));
}

const sampleOf = (shorthand) => /`([^`]+)`/.exec(shorthand)?.[1] ?? null;

export default {
  name: "inbox", order: 31, within: "inboxes",
  matches: (segments) => segments[0] === "inboxes" && segments.length === 2, title: (segments) => `Inbox ${segments[1]}`.slice(0, 110), View: Inbox,
};
