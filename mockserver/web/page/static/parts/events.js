// Says in words which event something is of.
import { visible } from "./format.js";

/** `Email: Click`, `In-app Message (Banner): Select`, `A/B test: enter`. */
export function eventWords(event) {
  if (event.type === "abTestEvents") return "A/B test: enter";
  const template = event.template_name ? ` (${visible(event.template_name).slice(0, 60)})` : "";
  return `${event.channel}${template}: ${event.event}`;
}
