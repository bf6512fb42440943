// Shows the rules, what is pending and what happened last; says how to begin.
import { html, useEffect, useState } from "../parts/html.js";
import { base, get, leanplum, post, query as written } from "../parts/api.js";
import { useClock } from "../parts/clock.js";
import { instant, quoted } from "../parts/format.js";
import { happeningLine } from "../parts/happenings.js";
import { live, onHappening } from "../parts/live.js";
import { Empty, Field, Marks, Problem, Text, When } from "../parts/parts.js";
import { link } from "../parts/route.js";
import { useAction, useLoaded, useRested } from "../parts/use.js";

const CHANNELS = ["Push Notification", "Email", "In-app Message"];
const PENDING = 10;

function Overview() {
  const [clock] = useClock();
  const [apps, error, again] = useLoaded(() => get("apps"), [], (entry) => ["rule", "app", "reset"].includes(entry.kind));
  const [health] = useLoaded(() => get("health"), [], (entry) => entry.kind === "reset");
  return html`<${Problem} error=${error} />
    ${apps?.apps.map((app) => html`<${Rules} key=${app.app_id} app=${app} receiver=${health?.receiver_url ?? ""} changed=${again} />`)}
    <div class="columns"><${Pending} clock=${clock} /><${Happenings} /></div>`;
}

function Rules({ app, receiver, changed }) {
  const [adds, setAdds] = useState(false);
  const [remove, , error] = useAction(async (rule) => { await leanplum(app, "deletePostback", { postbackId: rule.postback_id }); changed(); });
  const free = app.rule_limit - app.rules.length;
  return html`<section class="card" aria-labelledby=${`rules-${app.app_id}`}>
    <div class="bar-line"><h2 id=${`rules-${app.app_id}`}>Rules of <${Text} value=${app.app_id} /></h2>
      <span class="soft">${app.rules.length} of ${app.rule_limit} places taken</span></div>
    ${app.rules.length === 0 && html`<${Empty} title="No rule yet: nothing that happens is sent anywhere."
      command=${registerLine(app, receiver)}><p>Add one below, or register it as your software would:</p></${Empty}>`}
    <ul class="rows">${app.rules.map((rule) => html`<li key=${rule.postback_id}>
      <div><a href=${link(["deliveries"], { postback_id: rule.postback_id })} data-row><code>${rule.postback_id}</code></a>
        <span class="soft"> ${rule.type === "abTestEvents" ? "A/B tests" : rule.channels.join(", ")}, since ${instant(rule.created_at)}</span></div>
      <div><${Text} value=${rule.url} /></div>
      <button type="button" class="danger" aria-label=${`Delete rule ${rule.postback_id}`} onClick=${() => remove(rule)}>delete</button></li>`)}</ul>
    <${Problem} error=${error} />
    ${free > 0 ? html`<button type="button" aria-expanded=${adds} onClick=${() => setAdds(!adds)}>${adds ? "close" : "add a rule"}</button>`
      : html`<p class="soft">All places are taken; delete a rule to add another.</p>`}
    ${adds && free > 0 && html`<${AddRule} app=${app} receiver=${receiver} done=${() => { setAdds(false); changed(); }} />`}</section>`;
}

function AddRule({ app, receiver, done }) {
  const [url, setUrl] = useState(`${receiver}/inbox/demo?user={{User ID}}&event={{Message event}}&parameters={{Parameters}}`);
  const [type, setType] = useState("messageEvents");
  const [channels, setChannels] = useState(CHANNELS);
  const [run, busy, error] = useAction(async () => {
    await leanplum(app, "addPostback", { type, postbackUrl: url, ...(type === "messageEvents" ? { channels } : {}) });
    done();
  });
  const rested = useRested(url);
  const [checked] = useLoaded(() => post("rules/check", { url: rested, type, channels, app_id: app.app_id }), [rested, type, channels], () => false);
  const toggle = (name) => setChannels(CHANNELS.filter((one) => (one === name) !== channels.includes(one)));
  return html`<form class="form" onSubmit=${(event) => { event.preventDefault(); run(); }}>
    <${Field} label="Template URL" wide><textarea rows="3" required dir="ltr" spellcheck=${false} value=${url} aria-describedby="checked"
      aria-invalid=${Boolean(checked?.problem)} onInput=${(event) => setUrl(event.target.value)}></textarea></${Field}>
    <div id="checked" role="status">${checked && html`<${Checked} checked=${checked} />`}</div>
    <fieldset><legend>Listens to</legend>
      <label class="check"><input type="radio" name="type" checked=${type === "messageEvents"} onChange=${() => setType("messageEvents")} /> message events</label>
      <label class="check"><input type="radio" name="type" checked=${type === "abTestEvents"} onChange=${() => setType("abTestEvents")} /> A/B test events</label></fieldset>
    ${type === "messageEvents" && html`<fieldset><legend>Channels</legend>${CHANNELS.map((name) => html`<label class="check"><input type="checkbox"
      checked=${channels.includes(name)} onChange=${() => toggle(name)} /> ${name}</label>`)}
      ${channels.length === 0 && html`<span class="soft">none chosen means all three</span>`}</fieldset>`}
    <button type="submit" disabled=${busy}>add by <code>addPostback</code></button>
    <${Problem} error=${error} /></form>`;
}

function Checked({ checked }) {
  if (checked.problem) return html`<p class="alarm"><strong>✕ refused:</strong> ${checked.problem}</p>`;
  return html`<p><span class="badge is-pass">✓ taken</span> <span class="soft">an example of what is sent:</span> <${Text} value=${checked.example} /></p>
    ${checked.remarks.map((remark) => html`<p class="remark"><span class="badge is-warn">▲ remark</span> ${remark.text}; <span class="soft">${remark.advice}</span></p>`)}`;
}

function Pending({ clock }) {
  const [found, error] = useLoaded(() => get("deliveries/pending", { limit: PENDING }), [],
    (entry) => ["event", "attempt", "reset", "app", "clock"].includes(entry.kind));
  return html`<section class="card" aria-labelledby="pending"><div class="bar-line"><h2 id="pending">Pending</h2>
    ${clock?.pending > 0 && html`<a href=${link(["deliveries"], { state: "pending" })}>all ${clock.pending.toLocaleString("en")}</a>`}</div>
    <${Problem} error=${error} />
    ${found?.deliveries.length === 0 && html`<${Empty} title="Nothing is pending."><p>Let an event happen with <a href="#/trigger">Trigger</a>; what is not answered with 2xx comes back here.</p></${Empty}>`}
    <ul class="rows tight">${found?.deliveries.map((delivery) => html`<li key=${delivery.id}>
      <a data-row href=${link(["deliveries", String(delivery.id)])}>delivery ${delivery.id}</a>${" "}<${When} at=${delivery.due_at} now=${clock?.now} />${" "}<${Marks} attempts=${delivery.attempts} /></li>`)}</ul></section>`;
}

function Happenings() {
  const [, changed] = useState(0);
  useEffect(() => {
    // Something may have come since it was drawn, before anybody listened.
    const again = () => changed((number) => number + 1);
    again();
    return onHappening(again);
  }, []);
  const shown = live.happenings.slice(-30).reverse();
  return html`<section class="card" aria-labelledby="happenings"><h2 id="happenings">What happened</h2>
    ${live.missed && html`<p class="soft">More happened at once than is shown here; nothing of it is missing elsewhere.</p>`}
    ${shown.length === 0 && html`<${Empty} title="Nothing has happened yet." command=${triggerLine()}><p>Let an event happen:</p></${Empty}>`}
    <ol class="rows tight" reversed>${shown.map((entry) => html`<li key=${entry.sequence}>${happeningLine(entry)}</li>`)}</ol></section>`;
}

function registerLine(app, receiver) {
  const values = { appId: app.app_id, clientKey: app.keys.data_export, apiVersion: "1.0.6", type: "messageEvents",
    postbackUrl: `${receiver}/inbox/demo?user={{User ID}}&event={{Message event}}` };
  const encoded = Object.entries(values).map(([name, value]) => `  --data-urlencode ${quoted(`${name}=${value}`)}`);
  return [`curl ${quoted(new URL(`api${written({ action: "addPostback" })}`, base).href)} \\`, encoded.join(" \\\n")].join("\n");
}

const triggerLine = () => `curl ${new URL("_sandbox/events", base).href} -H 'Content-Type: application/json' \\\n  -d '{"name": "email.click"}'`;

export default {
  name: "overview", order: 0, tab: { label: "Overview", href: "#/", key: "o" },
  matches: (segments) => segments.length === 0, title: () => "Overview", View: Overview,
};
