// Writes instants, durations and foreign text so that people can read them.

/** `2026-01-01 12:00:00`, in UTC; parts of a second only where there are some. @param {?string} text @returns {string} */
export function instant(text) {
  if (!text) return "";
  const [date, time] = text.replace("Z", "").replace(/\+00:00$/, "").split("T");
  return `${date} ${time.replace(/(\.\d{3})\d+$/, "$1")}`;
}

/** Milliseconds since 1970 of an instant. @type {(text: string) => number} */
export const millis = (text) => Date.parse(text);

/** @type {[string, number][]} */
const UNITS = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];

/** `2 d 17 h`, `1 h 30 min`, `0.25 s`: the two largest units. @param {number} seconds @returns {string} */
export function duration(seconds) {
  if (seconds < 0) return `-${duration(-seconds)}`;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 1 ? 3 : 1))} s`;
  const parts = [];
  let rest = Math.round(seconds);
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count && parts.length < 2) { parts.push(`${count} ${name}`); rest -= count * size; }
    else if (parts.length) break;
  }
  return parts.join(" ");
}

/** `in 4 h`, `now`, `2 min late`. @param {string} at @param {string} now @returns {string} */
export function until(at, now) {
  const seconds = (millis(at) - millis(now)) / 1000;
  if (Math.abs(seconds) < 0.0005) return "now";
  return seconds > 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} late`;
}

/** `1 delivery`, `2 deliveries`. @param {number} number @param {string} one @param {string} [many] @returns {string} */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const NAMES = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character) {
  const code = character.codePointAt(0);
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

/** Foreign text with everything that cannot be seen as an escape, on one line. @type {(text: unknown) => string} */
export const visible = (text) => String(text).replace(HIDDEN, (character) => NAMES[character] ?? escaped(character));

/** The same, with its line breaks and tabs kept. @type {(text: unknown) => string} */
export const visibleLines = (text) => String(text).replace(/\r\n/g, "\n")
  .replace(HIDDEN, (character) => (character === "\n" || character === "\t" ? character : NAMES[character] ?? escaped(character)));

/** Bytes of base64. @type {(base64: string) => Uint8Array} */
export const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** Bytes as a dump: offset, hexadecimal, text. @param {Uint8Array} bytes @param {number} [most] @returns {string} */
export function dump(bytes, most = 4096) {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, most); at += 16) {
    const row = [...bytes.slice(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(47);
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex}  ${text}`);
  }
  if (bytes.length > most) lines.push(`… ${bytes.length - most} more bytes`);
  return lines.join("\n");
}

/** A word for a POSIX shell in which nothing is replaced. @type {(text: string) => string} */
export const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
