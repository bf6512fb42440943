// Lists the inboxes in use: what each does and how much it got.
import { html, useState } from "../parts/html.js";
import { get } from "../parts/api.js";
import { count, instant } from "../parts/format.js";
import { Empty, Problem, Text } from "../parts/parts.js";
import { link } from "../parts/route.js";
import { useLoaded } from "../parts/use.js";

const concerns = (entry) => ["attempt", "reset"].includes(entry.kind);

function Inboxes() {
  const [found, error, again] = useLoaded(() => get("inboxes"), [], concerns);
  const [health] = useLoaded(() => get("health"), [], () => false);
  const [name, setName] = useState("");
  const receiver = health?.receiver_url ?? "";
  return html`<${Problem} error=${error} />
    <section class="card" aria-label="Inboxes in use"><div class="bar-line"><p class="soft">An inbox is an address of the receiver. It exists as soon as somebody names it.</p>
      <button type="button" class="quiet" title="What other programs send to an inbox does not announce itself" onClick=${again}>reload</button></div>
    ${found?.listed.length === 0 && html`<${Empty} title="No inbox is in use yet." command=${`curl -X POST ${receiver}/inbox/demo`}><p>Register a rule that leads to one, such as <code>${receiver}/inbox/demo</code>, or send something there:</p></${Empty}>`}
    <ul class="rows">${found?.listed.map((inbox) => html`<li key=${inbox.inbox}><div><a data-row href=${link(["inboxes", inbox.inbox])}>${inbox.inbox}</a> <span class="soft">${count(inbox.requests, "request")}${inbox.last_at ? `, the last at ${instant(inbox.last_at)}` : ""}</span></div>
      <div><span class="soft">does</span> <${Text} value=${inbox.behaviour} most=${120} /></div></li>`)}</ul>
    <form class="buttons" onSubmit=${(event) => { event.preventDefault(); location.hash = link(["inboxes", name.trim()]); }}>
      <label class="check">open another: <input aria-label="Name of an inbox" required pattern="[A-Za-z0-9._\\-]{1,100}" title="up to 100 letters, digits, '.', '_' and '-'" value=${name} onInput=${(event) => setName(event.target.value)} /></label><button type="submit">open</button></form></section>`;
}

export default {
  name: "inboxes", order: 30, tab: { label: "Inboxes", href: "#/inboxes", key: "i" },
  matches: (segments) => segments[0] === "inboxes" && segments.length === 1, title: () => "Inboxes", View: Inboxes,
};
