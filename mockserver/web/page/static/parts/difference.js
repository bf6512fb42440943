// Shows two texts side by side, with the lines and the parts of lines that differ.
import { html } from "./html.js";
import { visibleLines } from "./format.js";

const MOST = 400;
const LONGEST = 2000;

/** Lines of both, put beside each other: equal ones, and those that only one has. */
function paired(one, other) {
  const [left, right] = [one, other].map((text) => visibleLines(text).split("\n").slice(0, MOST).map((line) => line.slice(0, LONGEST)));
  const table = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) for (let j = right.length - 1; j >= 0; j--) table[i][j] = left[i] === right[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  const rows = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) rows.push([left[i++], right[j++]]);
    else {
      // What was changed stands side by side, as long as both have something of their own.
      const [fromLeft, fromRight] = [[], []];
      while (i < left.length && (j >= right.length || table[i + 1][j] >= table[i][j + 1]) && left[i] !== right[j]) fromLeft.push(left[i++]);
      while (j < right.length && (i >= left.length || left[i] !== right[j]) && (i >= left.length || table[i][j + 1] >= table[i + 1][j])) fromRight.push(right[j++]);
      for (let k = 0; k < Math.max(fromLeft.length, fromRight.length); k++) rows.push([fromLeft[k] ?? null, fromRight[k] ?? null]);
    }
  }
  return rows;
}

/** The part in the middle in which two lines differ. */
function parts(line, other) {
  if (line === null || other === null || line === other) return [line ?? "", line === other ? "" : null, ""];
  let begin = 0;
  while (begin < line.length && line[begin] === other[begin]) begin++;
  let end = 0;
  while (end < line.length - begin && end < other.length - begin && line.at(-1 - end) === other.at(-1 - end)) end++;
  return [line.slice(0, begin), line.slice(begin, line.length - end), line.slice(line.length - end)];
}

export function Difference({ one, other, names }) {
  const rows = paired(one, other);
  const same = rows.every(([left, right]) => left === right);
  return html`<div class="fill"><h3>Difference</h3>${same ? html`<p>Both are the same.</p>` : html`<div class="scroll"><table class="difference"><thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map(([left, right]) => html`<tr class=${left === right ? "same" : "changed"}><td><${Side} line=${left} other=${right} /></td><td><${Side} line=${right} other=${left} /></td></tr>`)}</tbody></table></div>`}</div>`;
}

function Side({ line, other }) {
  if (line === null) return html`<span class="soft">–</span>`;
  const [before, differs, after] = parts(line, other);
  if (differs === null) return html`<code><mark>${line || " "}</mark></code>`;
  return html`<code>${before}${differs ? html`<mark>${differs}</mark>` : ""}${after}</code>`;
}
