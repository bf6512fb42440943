// Shows each call to Leanplum's API: its arguments, the answer, and why it was refused.
import { html, useState } from "../parts/html.js";
import { base, get } from "../parts/api.js";
import { instant } from "../parts/format.js";
import { Empty, Field, Lines, Problem, Text } from "../parts/parts.js";
import { useLoaded } from "../parts/use.js";

const LIMIT = 200;

function Calls() {
  const [refusedOnly, setRefusedOnly] = useState(false);
  const [action, setAction] = useState("");
  const [chosen, setChosen] = useState(null);
  const [found, error] = useLoaded(() => get("api/calls", { limit: LIMIT, refused: refusedOnly, action }), [refusedOnly, action], (entry) => ["call", "reset"].includes(entry.kind));
  const calls = found ? [...found.calls].reverse() : [];
  const shown = calls.find((call) => call.number === chosen) ?? calls[0];
  return html`<${Problem} error=${error} />
    <section class="card" aria-label="Calls"><div class="filters">
      <${Field} label="Method"><select value=${action} onChange=${(event) => setAction(event.target.value)}><option value="">all</option>${["addPostback", "listPostbacks", "deletePostback"].map((name) => html`<option>${name}</option>`)}</select></${Field}>
      <label class="check"><input type="checkbox" checked=${refusedOnly} onChange=${(event) => setRefusedOnly(event.target.checked)} /> refused ones only</label>
      <span class="soft" role="status">${found ? `${calls.length}${calls.length === LIMIT ? ", the newest" : ""}${found.dropped ? `; ${found.dropped} older ones were dropped` : ""}` : ""}</span></div>
    ${found && calls.length === 0 && html`<${Empty} title=${action || refusedOnly ? "No call fits." : "Nobody has called the API yet."} command=${`curl '${new URL("api", base).href}?action=listPostbacks&appId=YOUR_APP_ID&clientKey=YOUR_DATA_EXPORT_KEY&apiVersion=1.0.6'`}><p>Point your software at <code>${new URL("api", base).href}</code>, or call it yourself:</p></${Empty}>`}
    ${shown && html`<div class="split fill"><ol class="rows picks">${calls.map((call) => html`<li key=${call.number}><button type="button" class="pick" data-row aria-current=${call === shown} onClick=${() => setChosen(call.number)}><${Row} call=${call} /></button></li>`)}</ol>
      <${Call} call=${shown} /></div>`}</section>`;
}

function Row({ call }) {
  const kind = call.refused ? "fail" : call.end === null ? "info" : "pass";
  const [sign, word] = { fail: ["✕", "refused"], info: ["◷", "under way"], pass: ["✓", "done"] }[kind];
  return html`<span class=${`badge is-${kind}`}><span class="sign" aria-hidden="true">${sign}</span>${word}</span> <span class="strong">${call.number} <${Text} value=${call.action || "no method"} most=${40} code=${false} folds=${false} /></span> <span class="soft">${call.status ?? call.end ?? ""}, ${instant(call.called_at)}</span>`;
}

function Call({ call }) {
  const values = Object.entries(call.arguments);
  return html`<div class="detail">${call.refused && html`<div class="alarm"><p class="strong">Refused</p><${Lines} value=${call.refused} label="reason" /></div>`}
    ${call.warnings.map((warning) => html`<p class="remark"><span class="badge is-warn">▲ warning</span> <${Text} value=${warning} code=${false} most=${400} /></p>`)}
    ${call.ignored.length > 0 && html`<p class="remark"><span class="badge is-warn">▲ ignored</span> no method knows ${call.ignored.map((name, index) => html`${index ? ", " : ""}<${Text} value=${name} most=${60} />`)}</p>`}
    <dl class="pairs"><div><dt>sent by</dt><dd><${Text} value=${call.method} most=${20} /></dd></div><div><dt>app</dt><dd><${Text} value=${call.app_id} /></dd></div>
      ${call.behaviour && html`<div><dt>was told to</dt><dd><${Text} value=${call.behaviour} /></dd></div>`}<div><dt>ended</dt><dd>${call.end ?? "still under way"}${call.took_seconds ? ` after ${call.took_seconds} s` : ""}</dd></div></dl>
    <h3>Arguments, keys masked</h3>${values.length ? html`<table><tbody>${values.map(([name, value]) => html`<tr><th scope="row"><${Text} value=${name} most=${60} /></th><td><${Text} value=${value} /></td></tr>`)}</tbody></table>` : html`<p class="soft">none</p>`}
    <h3>Answer${call.status ? `: status ${call.status}` : ""}</h3><${Lines} value=${pretty(call.answer)} label="answer" /></div>`;
}

function pretty(text) { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } }

export default {
  name: "calls", order: 40, tab: { label: "Calls to the API", href: "#/calls", key: "c" },
  matches: (segments) => segments[0] === "calls", title: () => "Calls to the API", View: Calls,
};
