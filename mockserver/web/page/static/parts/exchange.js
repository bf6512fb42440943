// Shows a request and an answer: as text, decoded, and as the bytes that they are.
import { html, useState } from "./html.js";
import { bytesOf, dump, duration, instant } from "./format.js";
import { Lines, outcomeOf, Text } from "./parts.js";

/** The answer to an attempt. */
export function Answer({ attempt }) {
  if (attempt.outcome !== "response") return html`<h3>Answer</h3><p>None: ${outcomeOf(attempt).word}.</p>`;
  const [ways, way] = useWays(["text", "decoded", "bytes"]);
  const head = attempt.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  const damaged = attempt.body.includes("\ufffd");
  return html`<div class="bar-line"><h3>Answer: status ${attempt.status}</h3>${ways}</div>
    ${way === "text" && html`<${Lines} value=${`${head}\n\n${attempt.body}`} label="answer" />`}
    ${way === "decoded" && html`<${Decoded} text=${attempt.body} />`}
    ${way === "bytes" && html`<${Lines} value=${dump(new TextEncoder().encode(attempt.body))} most=${20_000} label="bytes of the answer's body" />${damaged && html`<p class="soft">Bytes that are no UTF-8 are shown as ef bf bd: the sandbox keeps the text.</p>`}`}`;
}

/** A request that an inbox got. */
export function Request({ request }) {
  const [ways, way] = useWays(["text", "query", "bytes"]);
  return html`<div class="bar-line"><h3>Request ${request.id}, ${instant(request.arrived_at)}</h3>${ways}</div>
    ${way === "text" && html`<${Lines} value=${textOf(request)} label="request" />`}
    ${way === "query" && html`<${Query} query=${request.query} /><${Decoded} text=${request.body} />`}
    ${way === "bytes" && html`<${Lines} value=${dump(rawOf(request), 16_384)} most=${80_000} label="bytes of the request" />`}`;
}

/** What the endpoint did that a request was forwarded to. */
export function Forwarded({ forwarded }) {
  const [ways, way] = useWays(["text", "decoded", "bytes"]);
  const answered = forwarded.status !== null;
  const head = forwarded.headers.map(({ name, value }) => `${name}: ${value}`).join("\n");
  return html`<div class="bar-line"><h3>Forwarded: ${answered ? `the endpoint answered ${forwarded.status}` : "no answer"}, after ${duration(forwarded.elapsed_real_seconds)}</h3>${answered && ways}</div>
    <p>to <${Text} value=${forwarded.url} most=${300} /></p>${forwarded.error && html`<div class="alarm"><${Text} value=${forwarded.error} most=${2000} code=${false} /></div>`}
    ${answered && way === "text" && html`<${Lines} value=${`${head}\n\n${forwarded.body}`} label="what the endpoint answered" />`}
    ${answered && way === "decoded" && html`<${Decoded} text=${forwarded.body} />`}
    ${answered && way === "bytes" && html`<${Lines} value=${dump(bytesOf(forwarded.body_base64), 16_384)} most=${80_000} label="bytes of what the endpoint answered" />`}`;
}

export function textOf(request) {
  return [request.request_line, ...request.headers.map(({ name, value }) => `${name}: ${value}`), "", request.body].join("\n");
}

function rawOf(request) {
  const latin1 = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const head = latin1([request.request_line, ...request.headers.map(({ name, value }) => `${name}: ${value}`), "", ""].join("\r\n"));
  const body = bytesOf(request.body_base64);
  const all = new Uint8Array(head.length + body.length);
  all.set(head); all.set(body, head.length);
  return all;
}

/** The decoded query as a table; JSON in it, such as Parameters, as a tree. */
export function Query({ query }) {
  const values = Object.entries(query);
  if (!values.length) return html`<p class="soft">The URL has no query.</p>`;
  return html`<table><thead><tr><th scope="col">Name</th><th scope="col">Value</th></tr></thead><tbody>
    ${values.map(([name, value]) => html`<tr><th scope="row"><${Text} value=${name} most=${60} /></th><td>${treeOf(value) ?? html`<${Text} value=${value} />`}</td></tr>`)}</tbody></table>`;
}

function treeOf(text) {
  if (!/^\s*[[{]/.test(text)) return null;
  try { return html`<${Tree} value=${JSON.parse(text)} />`; } catch { return null; }
}

const MOST_OPEN = 3;
function Tree({ value, depth = 0 }) {
  if (value === null || typeof value !== "object") return html`<${Text} value=${JSON.stringify(value)} />`;
  const items = Object.entries(value);
  if (!items.length) return html`<code>${Array.isArray(value) ? "[]" : "{}"}</code>`;
  return html`<details open=${depth < MOST_OPEN && items.length <= 50}><summary class="soft">${Array.isArray(value) ? `list of ${items.length}` : `object with ${items.length}`}</summary>
    <ul class="tree">${items.slice(0, 500).map(([name, item]) => html`<li><${Text} value=${name} most=${60} />: <${Tree} value=${item} depth=${depth + 1} /></li>`)}
    ${items.length > 500 && html`<li class="soft">… ${items.length - 500} more</li>`}</ul></details>`;
}

function Decoded({ text }) {
  const tree = treeOf(text);
  if (tree) return tree;
  return text ? html`<${Lines} value=${text} label="body" />` : html`<p class="soft">There is no body.</p>`;
}

function useWays(names) {
  const [way, setWay] = useState(names[0]);
  return [html`<span class="buttons" role="group" aria-label="Show as">${names.map((name) => html`<button type="button" class="quiet" aria-pressed=${way === name} onClick=${() => setWay(name)}>${name}</button>`)}</span>`, way];
}
