// Lets events happen: one, as many as one likes, or one of each kind; says before which rules will fire.
import { html, useEffect, useState } from "../parts/html.js";
import { get, post } from "../parts/api.js";
import { count } from "../parts/format.js";
import { Copy, Empty, Field, Problem, State, Text } from "../parts/parts.js";
import { link } from "../parts/route.js";
import { lineOf } from "../parts/play.js";
import { Scenario } from "../parts/scenario.js";
import { useAction, useLoaded, useRested } from "../parts/use.js";

const FIELDS = {
  messageEvents: ["user_id", "device_id", "message_id"],
  abTestEvents: ["user_id", "device_id", "ab_test_id", "variant_id"],
};
const AT_ONCE = 500;
const KEPT = "postbacks-scenario";
const remembered = () => { try { return sessionStorage.getItem(KEPT) ?? ""; } catch { return ""; } };
const MOST = 100_000;
const SHOWN = 20;

function Trigger({ query }) {
  const [kinds, error] = useLoaded(() => get("events"), [], () => false);
  const [apps] = useLoaded(() => get("apps"), [], (entry) => entry.kind === "app" || entry.kind === "reset");
  const [name, setName] = useState(query.event ?? "email.click");
  const [appId, setAppId] = useState(null);
  const [text, setText] = useState(remembered);
  useEffect(() => { try { sessionStorage.setItem(KEPT, text); } catch { /* not kept */ } }, [text]);
  const addLine = (line) => setText((before) => `${before && !before.endsWith("\n") ? `${before}\n` : before}${line}`);
  const kind = kinds?.events.find((one) => one.name === name);
  if (!kinds) return html`<${Problem} error=${error} />`;
  const groups = Map.groupBy ? [...Map.groupBy(kinds.events, (one) => one.channel ?? "A/B tests")] : [["Events", kinds.events]];
  return html`<section class="card"><div class="filters">
      <${Field} label="Event"><select value=${name} onChange=${(event) => setName(event.target.value)}>
        ${groups.map(([channel, events]) => html`<optgroup label=${channel}>${events.map((one) => html`<option value=${one.name}>${one.name}</option>`)}</optgroup>`)}</select></${Field}>
      ${apps?.apps.length > 1 && html`<${Field} label="App"><select value=${appId ?? ""} onChange=${(event) => setAppId(event.target.value || null)}><option value="">the default one</option>${apps.apps.map((app) => html`<option>${app.app_id}</option>`)}</select></${Field}>`}
    </div></section>
    ${kind ? html`<${Form} key=${`${name} ${appId}`} kind=${kind} kinds=${kinds.events} appId=${appId} addLine=${addLine} />` : html`<${Problem} error=${new Error(`there is no event ${name}`)} />`}
    <${Scenario} appId=${appId} text=${text} setText=${setText} />`;
}

function Form({ kind, kinds, appId, addLine }) {
  const [values, setValues] = useState(null);
  const [sample, error] = useLoaded(() => post("events/preview", { name: kind.name, app_id: appId }), [], () => false);
  useEffect(() => {
    // Only once: what somebody has typed stays, also if the sample is loaded again after a gap.
    if (!sample || values) return;
    const event = sample.event;
    const filled = Object.fromEntries(FIELDS[kind.type].map((field) => [field, event[field] ?? ""]));
    setValues(kind.type === "abTestEvents" ? filled : { ...filled, template_name: event.template_name ?? "", parameters: JSON.stringify(event.parameters ?? {}, null, 2) });
  }, [sample]);
  if (!values) return html`<${Problem} error=${error} />`;
  return html`<${Filled} kind=${kind} kinds=${kinds} appId=${appId} values=${values} setValues=${setValues} addLine=${addLine} />`;
}

function requestOf(kind, appId, values, triggeredAt) {
  const { parameters, template_name: template, ...rest } = values;
  const request = { name: kind.name, app_id: appId, ...rest };
  if (kind.channel === "In-app Message") request.template_name = template;
  if (parameters !== undefined) request.parameters = JSON.parse(parameters || "{}");
  if (triggeredAt) request.triggered_at = `${triggeredAt}${/Z|[+-]\d\d:?\d\d$/.test(triggeredAt) ? "" : "Z"}`;
  return request;
}

function Filled({ kind, kinds, appId, values, setValues, addLine }) {
  const [at, setAt] = useState("");
  const [number, setNumber] = useState("1");
  const [own, setOwn] = useState(true);
  const [done, setDone] = useState(null);
  const rested = useRested({ values, at });
  const [preview, problem] = useLoaded(async () => post("events/preview", readable(() => requestOf(kind, appId, rested.values, rested.at))), [rested], (entry) => entry.kind === "rule" || entry.kind === "reset");
  const change = (name) => (event) => setValues({ ...values, [name]: event.target.value });
  const send = async (requests) => {
    const sum = { events: 0, deliveries: [], number: 0, mismatches: [] };
    for (let begin = 0; begin < requests.length; begin += AT_ONCE) {
      const answer = await post("events", requests.slice(begin, begin + AT_ONCE));
      sum.events += answer.events.length;
      sum.number += answer.deliveries.length;
      sum.deliveries = [...sum.deliveries, ...answer.deliveries].slice(0, SHOWN);
      sum.mismatches = sum.mismatches.length ? sum.mismatches : answer.mismatches;
      setDone({ ...sum });
    }
  };
  const [one, busy, error] = useAction(async () => send([readable(() => requestOf(kind, appId, values, at))]));
  const [many, busyMany, errorMany] = useAction(async () => {
    const times = Number(number);
    if (!Number.isInteger(times) || times < 1 || times > MOST) throw new Error(`the number must be a whole one from 1 to ${MOST.toLocaleString("en")}`);
    const request = readable(() => requestOf(kind, appId, values, at));
    await send(Array.from({ length: times }, (_, index) => (own ? { ...request, user_id: `${request.user_id}-${index + 1}` } : request)));
  });
  const [each, busyEach, errorEach] = useAction(async () => send(kinds.map((one) => ({ name: one.name, app_id: appId, user_id: values.user_id }))));
  const line = () => {
    const { parameters, ...rest } = requestOf(kind, null, values, at);
    const { name, app_id: _, ...told } = rest;
    return lineOf(name, told, parameters === undefined ? undefined : values.parameters);
  };
  const [add, , errorAdd] = useAction(async () => addLine(readable(line)));
  const working = busy || busyMany || busyEach;
  return html`<form class="card form" onSubmit=${(event) => { event.preventDefault(); one(); }}>
      <h2>Its values</h2><p class="soft">Samples of what Leanplum sends; change what you like.</p>
      <div class="fields">${Object.keys(values).filter((name) => name !== "parameters" && (name !== "template_name" || kind.channel === "In-app Message")).map((name) => html`<${Field} label=${name}><input dir="ltr" spellcheck=${false} value=${values[name]} onInput=${change(name)} /></${Field}>`)}
        <${Field} label="triggered_at (UTC)" hint="empty: now"><input placeholder="2026-01-01T12:00:00" value=${at} onInput=${(event) => setAt(event.target.value)} /></${Field}></div>
      ${values.parameters !== undefined && html`<${Field} label="parameters (a JSON object)" wide><textarea rows="5" dir="ltr" spellcheck=${false} value=${values.parameters} aria-invalid=${isBroken(values.parameters)} onInput=${change("parameters")}></textarea></${Field}>`}
      <div class="fill" role="status"><h2>Which rules fire</h2><${Problem} error=${problem} />${!problem && preview && html`<${Rules} rules=${preview.rules} />`}</div>
      <div class="buttons"><button type="submit" disabled=${working}>let it happen</button>
        <span class="check"><input aria-label="How many" inputmode="numeric" size="7" value=${number} onInput=${(event) => setNumber(event.target.value)} /><button type="button" disabled=${working} onClick=${many}>times</button></span>
        <label class="check"><input type="checkbox" checked=${own} onChange=${(event) => setOwn(event.target.checked)} /> each of a user of its own</label>
        <button type="button" disabled=${working} onClick=${each}>one of each of the ${kinds.length}</button>
        <button type="button" onClick=${add}>add to the scenario</button><${Copy} text=${() => readable(line)} label="copy as scenario" title="A line for postbacks trigger --file" /></div>
      <${Problem} error=${error ?? errorMany ?? errorEach ?? errorAdd} /></form>
    ${done && html`<${Done} done=${done} />`}`;
}

function readable(make) {
  try { return make(); } catch (error) { throw new Error(`parameters are no JSON: ${error.message}`); }
}

function isBroken(text) { try { JSON.parse(text || "{}"); return false; } catch { return true; } }

function Rules({ rules }) {
  if (!rules.length) return html`<${Empty} title="The app has no rule, so nothing is sent."><p>Add one on the <a href="#/">overview</a>.</p></${Empty}>`;
  return html`<ul class="rows">${rules.map((rule) => html`<li key=${rule.postback_id}><div>
    <span class=${`badge is-${rule.fires ? "pass" : "skip"}`}>${rule.fires ? "✓ fires" : "✕ does not fire"}</span>${" "}<code>${rule.postback_id}</code>
    <p>${rule.fires ? html`<${Text} value=${rule.url} most=${400} />` : html`${rule.reason}`}</p></div></li>`)}</ul>`;
}

function Done({ done }) {
  return html`<section class="card" role="status"><h2>${count(done.events, "event")} happened, ${count(done.number, "delivery", "deliveries")} came of it</h2>
    ${done.number === 0 && done.mismatches.length > 0 && html`<p>No rule fired: ${done.mismatches[0].reason}.</p>`}
    <ul class="rows tight">${done.deliveries.map((delivery) => html`<li key=${delivery.id}><a data-row href=${link(["deliveries", String(delivery.id)])}>delivery ${delivery.id}</a>${" "}<${State} state=${delivery.state} /> <span class="soft">as it was when it was made</span></li>`)}</ul>
    ${done.number > done.deliveries.length && html`<p><a href="#/deliveries">all deliveries</a></p>`}</section>`;
}

export default {
  name: "trigger", order: 10, tab: { label: "Trigger", href: "#/trigger", key: "t" },
  matches: (segments) => segments[0] === "trigger", title: () => "Trigger", View: Trigger,
};
