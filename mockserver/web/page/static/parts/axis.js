// Draws the attempts of a delivery on an axis of time: those that were made, and those to come.
import { html, useEffect, useRef, useState } from "./html.js";
import { duration, instant, millis } from "./format.js";
import { outcomeOf } from "./parts.js";

const PAD = 34;
const STEP = 72;
const MIDDLE = 46;
const SIZE = 8;
const SHAPES = {
  pass: (x) => html`<circle cx=${x} cy=${MIDDLE} r=${SIZE} />`,
  warn: (x) => html`<path d=${`M${x} ${MIDDLE - SIZE - 1}l${SIZE + 1} ${2 * SIZE}h-${2 * SIZE + 2}z`} />`,
  fail: (x) => html`<path d=${`M${x} ${MIDDLE - SIZE - 1}l${SIZE + 1} ${SIZE + 1} -${SIZE + 1} ${SIZE + 1} -${SIZE + 1} -${SIZE + 1}z`} />`,
  error: (x) => html`<rect x=${x - SIZE} y=${MIDDLE - SIZE} width=${2 * SIZE} height=${2 * SIZE} />`,
  planned: (x) => html`<circle cx=${x} cy=${MIDDLE} r=${SIZE - 1} />`,
};

/** Marks in the order of time: attempts, and the instants that are planned. */
function marksOf(delivery, planned) {
  const made = delivery.attempts.map((attempt, index) => {
    const { kind, word } = outcomeOf(attempt);
    return { at: millis(attempt.started_at), lasts: attempt.elapsed_seconds * 1000, kind, word, index,
      name: `${attempt.manual ? "resend" : `attempt ${attempt.number}`} at ${instant(attempt.started_at)}: ${word} after ${duration(attempt.elapsed_seconds)}` };
  });
  const first = delivery.attempts_made + 1;
  const coming = planned.map((at, index) => ({ at: millis(at), lasts: 0, kind: "planned", word: index ? "" : "next", index: null,
    name: `attempt ${first + index}, ${index ? "if all before it fail" : "the next one"}, at ${instant(at)}` }));
  return [...made, ...coming].sort((one, other) => one.at - other.at);
}

export function Axis({ delivery, planned, timeout, chosen, choose }) {
  const [isTrue, setTrue] = useState(false);
  const [room, setRoom] = useState(700);
  const box = useRef(null);
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setRoom(Math.floor(entry.contentRect.width)));
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  const marks = marksOf(delivery, planned);
  const width = Math.max(room, isTrue ? 640 : 2 * PAD + STEP * Math.max(0, marks.length - 1));
  const first = marks[0]?.at ?? 0;
  const whole = Math.max(1, (marks.at(-1)?.at ?? 1) - first);
  const x = (mark, index) => (isTrue ? PAD + ((width - 2 * PAD) * (mark.at - first)) / whole : PAD + (marks.length > 1 ? ((width - 2 * PAD) * index) / (marks.length - 1) : 0));
  const bar = (mark) => (isTrue ? Math.max(2, ((width - 2 * PAD) * mark.lasts) / whole) : (Math.min(1, mark.lasts / 1000 / timeout) * STEP) / 2);
  return html`<div class="fill"><div class="bar-line"><h2>Timeline</h2>
      <span class="buttons" role="group" aria-label="Scale"><button type="button" aria-pressed=${!isTrue} onClick=${() => setTrue(false)}>gaps collapsed</button>
      <button type="button" aria-pressed=${isTrue} onClick=${() => setTrue(true)}>true scale</button></span></div>
    <div class="axis" ref=${box} tabindex="0" role="group" aria-label="Timeline, can be scrolled"><svg width=${width} height="92" role="group" aria-label=${`${marks.length} marks on an axis of ${duration(whole / 1000)}`}>
      <line class="base" x1=${PAD} x2=${width - PAD} y1=${MIDDLE} y2=${MIDDLE} />
      ${!isTrue && marks.slice(1).map((mark, index) => gap(mark, marks[index], (x(mark, index + 1) + x(marks[index], index)) / 2))}
      ${isTrue && ticks(whole, width)}
      ${marks.map((mark, index) => html`<g key=${`${mark.index}-${mark.at}`} class=${`point is-${mark.kind}`} role=${mark.index === null ? "img" : "button"} tabindex=${mark.index === null ? undefined : 0}
        aria-label=${mark.name} aria-pressed=${mark.index === null ? undefined : chosen === mark.index}
        onClick=${() => mark.index !== null && choose(mark.index)} onKeyDown=${(event) => { if (mark.index !== null && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); choose(mark.index); } }}>
        <title>${mark.name}</title>
        <rect class="hit" x=${x(mark, index) - 12} y="10" width="24" height="50" />
        ${mark.lasts > 0 && html`<rect class="lasts" x=${x(mark, index)} y=${MIDDLE - 3} width=${bar(mark)} height="6" />`}
        ${SHAPES[mark.kind](x(mark, index))}
        <text x=${x(mark, index)} y="22" text-anchor="middle">${isTrue && index && x(mark, index) - x(marks[index - 1], index - 1) < 30 ? "" : mark.word}</text></g>`)}</svg></div>
    <p class="soft legend">● delivered, ▲ 5xx, ◆ another status, ■ no answer, ○ to come. A bar is the time that an attempt took${isTrue ? "" : `, a full one ${duration(timeout)}`}.</p></div>`;
}

function gap(mark, before, middle) {
  const seconds = (mark.at - before.at) / 1000;
  return html`<g class="gap" aria-hidden="true"><path d=${`M${middle - 4} ${MIDDLE + 5}l4 -10M${middle} ${MIDDLE + 5}l4 -10`} /><text x=${middle} y="76" text-anchor="middle">${seconds ? duration(seconds) : "0"}</text></g>`;
}

function ticks(whole, width) {
  const sizes = [1, 5, 10, 30, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 5 * 86_400, 30 * 86_400, 365 * 86_400];
  const size = sizes.find((one) => whole / 1000 / one <= 12) ?? sizes.at(-1);
  const marks = [];
  for (let at = 0; at <= whole / 1000; at += size) marks.push(at);
  return marks.map((at) => {
    const x = PAD + ((width - 2 * PAD) * at * 1000) / whole;
    return html`<g class="gap" aria-hidden="true"><line x1=${x} x2=${x} y1=${MIDDLE + 4} y2=${MIDDLE + 12} /><text x=${x} y="76" text-anchor="middle">${at ? duration(at) : "0"}</text></g>`;
  });
}
