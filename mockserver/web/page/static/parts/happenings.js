// Says in one line what happened, with a link to it.
import { html } from "./html.js";
import { duration, instant, visible } from "./format.js";
import { outcomeOf, Text } from "./parts.js";
import { link } from "./route.js";

const SHORT = 60;
const KINDS = {
  attempt({ attempt, state }) {
    const { kind, sign, word } = outcomeOf(attempt);
    const which = attempt.manual ? "resend" : `attempt ${attempt.number}`;
    return html`<span class=${`mark is-${kind}`} aria-hidden="true">${sign}</span> <a href=${link(["deliveries", String(attempt.delivery_id)])}>delivery ${attempt.delivery_id}</a>${", "}${which}: <strong>${word}</strong> after ${duration(attempt.elapsed_seconds)}${state === "pending" ? "" : `, ${state}`} <span class="soft">${instant(attempt.started_at)}</span>`;
  },
  event({ event, delivery_ids }) {
    const what = event.type === "abTestEvents" ? "A/B test: enter" : `${event.channel}: ${event.event}`;
    return html`<span class="mark" aria-hidden="true">★</span> ${what} of <${Text} value=${event.user_id} most=${SHORT} />${", "}${delivery_ids.length === 0 ? html`<strong>fired no rule</strong>` : html`fired ${delivery_ids.map((id, index) => html`${index ? ", " : ""}<a href=${link(["deliveries", String(id)])}>${id}</a>`)}`}`;
  },
  forward(facts) {
    const answered = facts.status === null ? html`<strong>no answer</strong>` : html`<strong>${facts.status}</strong>`;
    return html`<span class="mark" aria-hidden="true">⇢</span> <a href=${link(["inboxes", facts.inbox])}>${visible(facts.inbox)}</a> forwarded request ${facts.request_id}: ${answered} after ${duration(facts.elapsed_real_seconds)}${facts.error ? html`, <${Text} value=${facts.error} most=${SHORT} code=${false} />` : ""}`;
  },
  rule(facts) {
    return facts.added ? html`<span class="mark" aria-hidden="true">+</span> rule ${facts.added} was added to <${Text} value=${facts.app_id} most=${SHORT} />` : html`<span class="mark" aria-hidden="true">−</span> rule ${facts.deleted} was deleted`;
  },
  call(facts) {
    return html`<span class="mark" aria-hidden="true">→</span> <a href="#/calls">${visible(facts.action ?? "a call")}</a>${facts.refused ? html`: refused, <${Text} value=${facts.refused} most=${SHORT} code=${false} />` : ""}`;
  },
  app: (facts) => html`<span class="mark" aria-hidden="true">−</span> app <${Text} value=${facts.deleted} most=${SHORT} /> was deleted`,
  clock: (facts) => html`<span class="mark" aria-hidden="true">◷</span> the clock was moved to ${instant(facts.now)}`,
  retention: (facts) => html`<span class="mark" aria-hidden="true">−</span> ${facts.removed} old deliveries were removed, which are not to be kept`,
  reset: () => html`<span class="mark" aria-hidden="true">↺</span> everything was reset`,
};

export function happeningLine(entry) {
  const written = KINDS[entry.kind];
  if (written) return written(entry.facts);
  return html`<span class="mark" aria-hidden="true">·</span> ${visible(entry.kind)} <${Text} value=${JSON.stringify(entry.facts)} most=${SHORT} />`;
}
