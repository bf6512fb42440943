// Tells every view what happens, with one stream of events for all tabs of this browser.
//
// The tab that holds the lock reads the stream and passes on what comes; a browser gives one host
// six connections, and a stream in each tab would use them up. Where there are no locks (an address
// that the browser trusts less than 127.0.0.1), each tab reads a stream of its own.
import { base, get } from "./api.js";

const KEPT = 200;
const POLL_SECONDS = 3;
const name = `postbacks ${base.href}`;
const channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
const listeners = new Set();

/** What is known: the last happenings, the newest last, and how they come. */
export const live = { happenings: [], state: "connecting", missed: false };

/** Have `listener` called with each message: what is new, or that the state has changed. */
export function onHappening(listener) { listeners.add(listener); return () => listeners.delete(listener); }

function tell(news) { for (const listener of [...listeners]) listener(news); }

function take(message) {
  if (message.kind === "state") live.state = message.state;
  if (message.kind === "gap") { live.missed = true; live.happenings = []; }
  if (message.kind === "happening") {
    const last = live.happenings.at(-1);
    if (last && message.entry.sequence <= last.sequence) return;
    live.happenings = [...live.happenings, message.entry].slice(-KEPT);
  }
  tell(message);
}

function pass(message) { take(message); channel?.postMessage(message); }

/** Begin, when the API lets this browser in; nothing if that was done, for instance before a log-in. */
export async function startLive() {
  if (started) return;
  started = true;
  channel?.addEventListener("message", (event) => {
    if (event.data.kind === "who") { if (leads) channel.postMessage({ kind: "state", state: live.state }); }
    else take(event.data);
  });
  await loadLast();
  channel?.postMessage({ kind: "who" });
  if (navigator.locks) navigator.locks.request(name, () => { lead(); return new Promise(() => {}); });
  else lead();
}

let started = false;
let leads = false;
let pollAfter = 0;

async function loadLast() {
  try {
    const { last } = await get("feed", { after: -1 });
    pollAfter = last;
    const { happenings } = await get("feed", { after: Math.max(0, last - 50) });
    // Meanwhile another tab may have passed on what is newer than this answer.
    const newest = happenings.at(-1)?.sequence ?? 0;
    live.happenings = [...happenings, ...live.happenings.filter((entry) => entry.sequence > newest)];
    tell({ kind: "loaded" });
  } catch { /* the stream says that nobody answers */ }
}

function lead() {
  leads = true;
  const after = live.happenings.at(-1)?.sequence ?? pollAfter;
  const source = new EventSource(new URL(`_sandbox/feed?after=${after}`, base));
  const number = (event) => Number(event.lastEventId.split("-")[1]);
  source.addEventListener("begin", (event) => { pollAfter = number(event); pass({ kind: "state", state: "live" }); });
  source.addEventListener("gap", () => { pass({ kind: "gap" }); });
  source.addEventListener("happening", (event) => {
    pollAfter = number(event);
    pass({ kind: "happening", entry: JSON.parse(event.data) });
  });
  source.addEventListener("error", () => {
    pass({ kind: "state", state: "offline" });
    // The browser tries again by itself unless it was refused, for instance as one stream too many.
    if (source.readyState === EventSource.CLOSED) setTimeout(poll, POLL_SECONDS * 1000);
  });
}

async function poll() {
  let waits = 0;
  try {
    const { happenings, last } = await get("feed", { after: pollAfter, timeout: 20 });
    if (live.state !== "polling") pass({ kind: "state", state: "polling" });
    if (happenings.length && happenings[0].sequence > pollAfter + 1) pass({ kind: "gap" });
    for (const entry of happenings) pass({ kind: "happening", entry });
    pollAfter = last;
  } catch {
    pass({ kind: "state", state: "offline" });
    waits = POLL_SECONDS;
  }
  setTimeout(poll, waits * 1000);
}
