// Lists deliveries, the newest first, with a search and filters that stand in the address.
import { html, useEffect, useRef, useState } from "../parts/html.js";
import { get } from "../parts/api.js";
import { instant } from "../parts/format.js";
import { Empty, Field, Marks, Problem, State, STATES, Text, When } from "../parts/parts.js";
import { link, replaceQuery } from "../parts/route.js";
import { useLoaded, useRested } from "../parts/use.js";
import { eventWords } from "../parts/events.js";

const LIMIT = 50;
const NAMES = ["text", "state", "app_id", "postback_id", "event", "since", "until"];

function Deliveries({ query }) {
  const [filters, setFilters] = useState(() => Object.fromEntries(NAMES.map((name) => [name, query[name] ?? ""])));
  const [before, setBefore] = useState(query.before ?? "");
  const rested = useRested(filters);
  const change = (name, value) => { setFilters({ ...filters, [name]: value }); setBefore(""); };
  useEffect(() => replaceQuery({ ...rested, before }), [rested, before]);
  const [apps] = useLoaded(() => get("apps"), [], (entry) => ["rule", "app", "reset"].includes(entry.kind));
  const [kinds] = useLoaded(() => get("events"), [], () => false);
  const page = usePage(rested, before);
  const rules = (apps?.apps ?? []).flatMap((app) => app.rules);
  const filtered = NAMES.some((name) => filters[name]);
  return html`<form class="filters card" role="search" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label="Search" wide><input type="search" data-search placeholder="user id, URL or event" value=${filters.text} onInput=${(event) => change("text", event.target.value)} /></${Field}>
      <div class="filters">
      <${Field} label="State"><${Choice} value=${filters.state} set=${(value) => change("state", value)} options=${Object.keys(STATES).map((name) => [name, name])} /></${Field}>
      <${Field} label="Event"><${Choice} value=${filters.event} set=${(value) => change("event", value)} options=${(kinds?.events ?? []).map((kind) => [kind.name, kind.name])} /></${Field}>
      <${Field} label="Rule"><${Choice} value=${filters.postback_id} set=${(value) => change("postback_id", value)} options=${rules.map((rule) => [String(rule.postback_id), String(rule.postback_id)])} /></${Field}>
      <${Field} label="App"><${Choice} value=${filters.app_id} set=${(value) => change("app_id", value)} options=${(apps?.apps ?? []).map((app) => [app.app_id, app.app_id])} /></${Field}>
      <${Field} label="Since (UTC)"><${Instant} value=${filters.since} set=${(value) => change("since", value)} /></${Field}>
      <${Field} label="Until (UTC)"><${Instant} value=${filters.until} set=${(value) => change("until", value)} /></${Field}>
      ${filtered && html`<button type="button" onClick=${() => { setFilters(Object.fromEntries(NAMES.map((name) => [name, ""]))); setBefore(""); }}>clear</button>`}
      </div></form>
    <${Problem} error=${page.error} />
    <section class="card" aria-label="Deliveries found">
      <div class="bar-line"><p role="status">${said(page)}</p>
        <span class="buttons">${before && html`<button type="button" onClick=${() => setBefore("")}>newest</button>`}
        ${page.searching && html`<button type="button" onClick=${page.stop}>stop</button>`}
        ${page.next && !page.searching && html`<button type="button" onClick=${() => setBefore(String(page.next))}>older</button>`}</span></div>
      ${page.deliveries?.length === 0 && !page.searching && (filtered || before ? html`<${Empty} title="No delivery fits."><p>Clear a filter, or search for a part of a user id.</p></${Empty}>`
        : html`<${Empty} title="There is no delivery yet." command="postbacks trigger email.click"><p>Let an event happen with <a href="#/trigger">Trigger</a>, or with a command:</p></${Empty}>`)}
      ${page.deliveries?.length > 0 && html`<${Table} deliveries=${page.deliveries} />`}</section>`;
}

function said(page) {
  if (!page.deliveries) return "Loading…";
  const number = `${page.deliveries.length}${page.next ? "" : " in all"}`;
  return page.searching ? `${page.deliveries.length} so far, searching before delivery ${page.next}…` : page.deliveries.length ? `${number}, the newest first` : "none";
}

/** Load a page, and go on as long as it is not full: the API looks through so many at a time. */
function usePage(filters, before) {
  const [found, setFound] = useState({ deliveries: null, next: null, searching: false });
  const running = useRef(null);
  const [first, error] = useLoaded(() => get("deliveries", { ...filters, limit: LIMIT, newest_first: true, before }), [filters, before],
    (entry) => !before && !filters.text && ["event", "attempt", "reset", "app", "retention"].includes(entry.kind));
  const stop = () => { running.current?.abort(); setFound((now) => ({ ...now, searching: false })); };
  useEffect(() => {
    if (!first) return undefined;
    const abort = new AbortController();
    running.current = abort;
    (async () => {
      let { deliveries, next } = first;
      while (next && deliveries.length < LIMIT && !abort.signal.aborted) {
        setFound({ deliveries, next, searching: true });
        const more = await get("deliveries", { ...filters, limit: LIMIT - deliveries.length, newest_first: true, before: next }, abort.signal);
        deliveries = [...deliveries, ...more.deliveries];
        next = more.next;
      }
      if (!abort.signal.aborted) setFound({ deliveries, next, searching: false });
    })().catch(() => setFound((now) => ({ ...now, searching: false })));
    return () => abort.abort();
  }, [first]);
  return { ...found, error, stop };
}

function Table({ deliveries }) {
  return html`<table class="stacked"><thead><tr><th scope="col">Delivery</th><th scope="col">State</th><th scope="col">Event</th><th scope="col">User</th><th scope="col">Happened</th><th scope="col">Attempts</th></tr></thead>
    <tbody>${deliveries.map((delivery) => html`<tr key=${delivery.id}>
      <td><a data-row href=${link(["deliveries", String(delivery.id)])}>${delivery.id}</a></td>
      <td><${State} state=${delivery.state} />${delivery.under_way && html` <span class="soft">being sent</span>`}</td>
      <td>${eventWords(delivery.event)}<br /><small class="soft">rule ${delivery.postback_id}</small></td>
      <td><${Text} value=${delivery.event.user_id} most=${60} /></td>
      <td class="nowrap"><${When} at=${delivery.created_at} />${delivery.due_at && html`<br /><small class="soft">due ${instant(delivery.due_at)}</small>`}</td>
      <td><${Marks} attempts=${delivery.attempts} /></td></tr>`)}</tbody></table>`;
}

function Choice({ value, set, options }) {
  const known = !value || options.some(([name]) => name === value);
  return html`<select value=${value} onChange=${(event) => set(event.target.value)}><option value="">all</option>
    ${!known && html`<option value=${value}>${value}</option>`}${options.map(([name, label]) => html`<option value=${name}>${label}</option>`)}</select>`;
}

function Instant({ value, set }) {
  const local = value.replace(/:00Z$|Z$/, "");
  return html`<input type="datetime-local" value=${local} onInput=${(event) => set(event.target.value ? `${event.target.value}:00Z`.replace(/(:\d\d:\d\d):00Z$/, "$1Z") : "")} />`;
}

export default {
  name: "deliveries", order: 20, tab: { label: "Deliveries", href: "#/deliveries", key: "d" },
  matches: (segments) => segments[0] === "deliveries" && segments.length === 1, title: () => "Deliveries", View: Deliveries,
};
