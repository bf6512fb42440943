// Holds the small pieces that views are put together from.
import { html, useEffect, useRef, useState } from "./html.js";
import { count, instant, until, visible, visibleLines } from "./format.js";

const CUT = 200;

/** Text that came from outside, on one line: what is hidden in it is shown, what is long can be unfolded. */
export function Text({ value, most = CUT, code = true, folds = true }) {
  const [whole, setWhole] = useState(false);
  const text = String(value ?? "");
  if (text === "") return html`<span class="soft">empty</span>`;
  const shown = visible(whole ? text : text.slice(0, most));
  const inner = code ? html`<code class="text" dir="ltr">${shown}</code>` : html`<bdi class="text" dir="ltr">${shown}</bdi>`;
  if (text.length <= most) return inner;
  // Within a button there can be no other one.
  if (!folds) return html`<span>${inner}…</span>`;
  return html`<span>${inner}${whole ? " " : "… "}<button type="button" class="quiet" aria-expanded=${whole}
    onClick=${() => setWhole(!whole)}>${whole ? "less" : `all ${text.length.toLocaleString("en")} characters`}</button></span>`;
}

/** Several lines that came from outside. */
export function Lines({ value, most = 4000, label }) {
  const [whole, setWhole] = useState(false);
  const text = String(value ?? "");
  if (text === "") return html`<p class="soft">empty</p>`;
  const shown = visibleLines(whole ? text : text.slice(0, most));
  return html`<div><pre class="well" dir="ltr" tabindex="0" role="group" aria-label=${label ?? "text"}>${shown}</pre>
    ${text.length > most && html`<button type="button" class="quiet" aria-expanded=${whole} onClick=${() => setWhole(!whole)}>
      ${whole ? "less" : `all ${text.length.toLocaleString("en")} characters`}</button>`}</div>`;
}

/** What an attempt or a delivery has come to: a sign, a word and a colour, each of which is enough. */
export const STATES = {
  pending: ["◷", "info", "pending"],
  delivered: ["✓", "pass", "delivered"],
  rejected: ["✕", "fail", "rejected"],
  lost: ["∅", "error", "lost"],
};

export function State({ state }) {
  const [sign, kind, word] = STATES[state] ?? ["?", "skip", state];
  return html`<span class=${`badge is-${kind}`}><span class="sign" aria-hidden="true">${sign}</span>${word}</span>`;
}

/** Which of the four an attempt is, its sign, and its word. */
export function outcomeOf(attempt) {
  if (attempt.outcome !== "response") return { kind: "error", sign: "■", word: attempt.outcome };
  const status = attempt.status;
  const word = String(status);
  if (status >= 200 && status < 300) return { kind: "pass", sign: "●", word };
  if (status >= 500) return { kind: "warn", sign: "▲", word };
  return { kind: "fail", sign: "◆", word };
}

/** Attempts as small marks. */
export function Marks({ attempts, most = 12 }) {
  const left = attempts.length - most;
  return html`<span class="marks">${attempts.slice(0, most).map((attempt) => {
    const { kind, sign, word } = outcomeOf(attempt);
    const name = `${attempt.manual ? "resend" : `attempt ${attempt.number}`}: ${word}`;
    return html`<span class=${`mark is-${kind}`} title=${name}><span aria-hidden="true">${sign}</span><span class="hidden">${name}; </span></span>`;
  })}${left > 0 && html`<span class="soft"> +${left}</span>`}</span>`;
}

/** An instant, and how far it is from now. */
export function When({ at, now }) {
  if (!at) return html`<span class="soft">none</span>`;
  return html`<time datetime=${at} class="nowrap">${instant(at)}${now && html` <span class="soft">${until(at, now)}</span>`}</time>`;
}

/** An error, in words; nothing without one. */
export function Problem({ error }) {
  if (!error) return null;
  return html`<div class="alarm" role="alert">${visible(error.message)}</div>`;
}

/** What to do first, where there is nothing to be seen yet. */
export function Empty({ title, children, command }) {
  return html`<div class="empty"><p class="strong">${title}</p>${children}
    ${command && html`<${Command} text=${command} />`}</div>`;
}

/** A command line, and a button that copies it. */
export function Command({ text, label = "command" }) {
  return html`<div class="command"><pre tabindex="0" role="group" aria-label=${label} dir="ltr">${visibleLines(text)}</pre><${Copy} text=${text} label="copy" /></div>`;
}

/** A button that puts a text, or what a function returns, into the clipboard. */
export function Copy({ text, label, title }) {
  const [said, setSaid] = useState("");
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    try {
      await toClipboard(typeof text === "function" ? await text() : text);
      setSaid("copied");
    } catch (error) {
      setSaid(`not copied: ${error.message}`);
    }
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setSaid(""), 4000);
  };
  return html`<button type="button" class="copy" title=${title} onClick=${copy}>${said || label}</button>`;
}

async function toClipboard(text) {
  if (navigator.clipboard) { await navigator.clipboard.writeText(text); return; }
  // At an address that the browser trusts less than 127.0.0.1.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("this browser does not let the page copy here");
}

/** A field with its label and, if it is wrong, why. */
export function Field({ label, hint, children, wide }) {
  return html`<label class=${wide ? "field wide" : "field"}><span class="label">${label}</span>${children}${hint && html`<span class="hint">${hint}</span>`}</label>`;
}

/** `showing 20 of 100`, said to screen readers as well. */
export function Total({ number, one, many }) {
  return html`<p class="soft" role="status">${count(number, one, many)}</p>`;
}
