// Plays a scenario from the page: events in their order, the clock between them, then what became of them.
//
// What a line means says the API, so that the page reads what `postbacks trigger --file` reads.
import { get, post, segment } from "./api.js";

const AT_ONCE = 500;
const PATIENCE_SECONDS = 35;

/** One line: an event with its values; `parameters` is JSON as somebody wrote it, and stays so. */
export function lineOf(name, values, parameters, expect) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  // A line break of JSON stands between values only.
  if (parameters !== undefined) given.push(`"parameters": ${(parameters.trim() || "{}").replace(/\s*[\r\n]+\s*/g, " ")}`);
  const expected = expect ? `, "expect": ${JSON.stringify(expect)}` : "";
  return `{"event": ${JSON.stringify(name)}, "values": {${given.join(", ")}}${expected}}\n`;
}

/** Play steps as `scenarios/check` returns them; `tell` is called with what has happened so far. */
export async function play(steps, appId, tell, isStopped) {
  const clock = await get("clock");
  const begun = Date.parse(clock.now);
  const done = { events: 0, deliveries: 0, checked: null };
  const expected = [];
  let passed = 0;
  for (const group of groups(steps)) {
    if (isStopped()) break;
    const at = group[0].at_seconds;
    if (at === null) await advance({ until: "idle" });
    else if (clock.mode !== "running" && at > passed) await advance({ by: `${(at - passed).toFixed(6)}s` });
    else if (clock.mode === "running") await advanceTo(begun + at * 1000);
    passed = at ?? passed;
    const events = group.filter((step) => step.event);
    for (let begin = 0; begin < events.length && !isStopped(); begin += AT_ONCE) {
      const part = events.slice(begin, begin + AT_ONCE);
      const answer = await post("events", part.map((step) => ({ name: step.event, app_id: appId, ...step.values })));
      answer.events.forEach((triggered, index) => {
        if (part[index].expect) expected.push({ step: part[index], user: triggered.event.user_id, ids: triggered.deliveries.map((one) => one.id) });
      });
      done.events += part.length;
      done.deliveries += answer.deliveries.length;
      tell({ ...done });
    }
  }
  const until = Date.now() + PATIENCE_SECONDS * 1000;
  const checked = [];
  for (const { step, user, ids } of expected) {
    const became = [];
    for (const id of ids) became.push(await ended(id, until));
    const met = step.expect === "nothing" ? became.length === 0 : became.length > 0 && became.every((one) => one.state === step.expect);
    checked.push({ step, user, became, met });
  }
  tell({ ...done, checked, stopped: isStopped() });
}

function* groups(steps) {
  let group = [];
  for (const step of steps) {
    if (group.length && group[0].at_seconds !== step.at_seconds) { yield group; group = []; }
    group.push(step);
  }
  if (group.length) yield group;
}

async function advance(request) {
  let answer = await post("clock/advance", request);
  const target = request.by ? Date.parse(answer.from) + parseFloat(request.by) * 1000 : null;
  while (!answer.complete) {
    if (answer.cancelled) throw new Error("the advance was cancelled, so the scenario ends here");
    answer = await post("clock/advance", target === null ? request : { to: new Date(target).toISOString() });
  }
}

async function advanceTo(target) {
  if (target <= Date.parse((await get("clock")).now)) return;
  try {
    await advance({ to: new Date(target).toISOString() });
  } catch (error) {
    // A running clock has come there by itself meanwhile.
    if (error.code !== "clock-cannot-go-back") throw error;
  }
}

/** A delivery once an attempt of it was made: on a running clock that takes a moment. */
async function ended(id, until) {
  for (;;) {
    const delivery = await get(`deliveries/${segment(String(id))}`);
    const begun = delivery.attempts_made > 0 && !delivery.under_way;
    if (delivery.state !== "pending" || begun || Date.now() > until) return delivery;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
