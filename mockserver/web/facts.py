"""Lists what the fake imitates, statement by statement, and how each one is known.

It is served at `/_sandbox/fidelity`, and `docs/fidelity.md` is made from it.

A source is `documented` (Leanplum's reference pages say so), `observed` (a captured postback
shows it) or `assumed` (both are silent; we chose). The knob is what changes the choice.
"""

from __future__ import annotations

from typing import Literal

from mockserver.web.shapes import FidelityFact

_Source = Literal["documented", "observed", "assumed"]


def _facts(area: str, *rows: tuple[str, str, _Source, str | None]) -> list[FidelityFact]:
    return [
        FidelityFact(f"{area}.{name}", area, text, source, knob)
        for name, text, source, knob in rows
    ]


_API = _facts(
    "api",
    (
        "endpoint",
        "There is one endpoint, /api; `action` names the method; GET and POST both work.",
        "documented",
        None,
    ),
    (
        "places",
        "Arguments may stand in the query, in the body, or in both; bodies are JSON or "
        "multipart form data.",
        "documented",
        None,
    ),
    (
        "get-length",
        "The URL of a GET has 2,083 characters at most.",
        "documented",
        None,
    ),
    ("get-length-status", "A longer one is answered 414.", "assumed", None),
    ("urlencoded", "Urlencoded bodies are accepted.", "assumed", None),
    ("body-wins", "Of the same argument in query and body, the body's counts.", "assumed", None),
    (
        "mislabelled",
        "Form data labelled application/json, as in Leanplum's Postman file, is accepted; any "
        "other body that contradicts its Content-Type is refused, saying so.",
        "assumed",
        None,
    ),
    (
        "envelope",
        'Every answer is {"response": [{"success": ..., "warning"?, "error"?}]}.',
        "documented",
        None,
    ),
    (
        "received",
        "Status 200 with success true means received; a warning beside it means skipped.",
        "documented",
        None,
    ),
    (
        "refused",
        "A 4xx or 5xx goes with success false and error.message.",
        "documented",
        None,
    ),
    (
        "key-message",
        "A wrong key, a key of another class and a key of another app are all answered "
        "`Invalid access key`.",
        "documented",
        "keys of an app",
    ),
    ("key-status", "`Invalid access key` has status 403.", "assumed", None),
    (
        "key-class",
        "The postback methods take the data export key; production, development and content "
        "keys are refused.",
        "documented",
        "keys of an app",
    ),
    ("version", "apiVersion is required, and only 1.0.6 exists.", "documented", None),
    (
        "other-errors",
        "Other mistakes have status 400 and a message that names the argument and what is "
        "allowed; the texts are ours.",
        "assumed",
        None,
    ),
)

_RULES = _facts(
    "rules",
    (
        "required",
        "addPostback requires type and postbackUrl beside appId, clientKey and apiVersion; "
        "channels is optional.",
        "documented",
        None,
    ),
    ("id", "addPostback answers a whole number, postbackId.", "documented", None),
    ("id-digits", "Ids have 16 digits.", "observed", None),
    ("cap", "An app has three rules at most.", "documented", "rule_limit of an app"),
    ("cap-freed", "A deleted rule frees its place.", "assumed", None),
    ("duplicate", "An identical second rule is allowed, and counts.", "assumed", None),
    ("types", "type is messageEvents or abTestEvents.", "documented", None),
    (
        "channels",
        "channels is any of Push Notification, Email and In-app Message; none means all.",
        "documented",
        None,
    ),
    (
        "channels-form",
        "channels may be written [Push Notification, Email] without quotes, or as a JSON array.",
        "documented",
        None,
    ),
    (
        "channels-form-more",
        "channels may also be a JSON array in text, or be repeated.",
        "assumed",
        None,
    ),
    ("channels-ab", "channels has no effect on abTestEvents.", "assumed", None),
    ("no-events", "Single events cannot be chosen, only channels.", "documented", None),
    (
        "list",
        "listPostbacks answers postbacks with postbackId, type and postbackUrl.",
        "documented",
        None,
    ),
    (
        "delete-unknown",
        "deletePostback of an unknown id is answered 200 with a warning.",
        "assumed",
        None,
    ),
    (
        "delete-pending",
        "Deliveries that are pending when their rule is deleted go on.",
        "assumed",
        None,
    ),
)

_EVENTS = _facts(
    "events",
    ("push", "Push Notification: Sent, Open, Held Back.", "documented", None),
    (
        "email",
        "Email: Sent, Deferred, Delivered, Bounce, Open, Click, Marked as spam, Dropped, "
        "Unsubscribe, Held Back.",
        "documented",
        None,
    ),
    (
        "in-app",
        "In-app Message: View and Held Back of every template; Accept of Center Popup, Confirm "
        "and Interstitial; Select Button 1 and 2 of Rich Interstitial; Submit of Satisfaction "
        "Survey; Select of Banner.",
        "documented",
        None,
    ),
    (
        "in-app-custom",
        "A template of another name is a customer's own and has View and Held Back.",
        "assumed",
        None,
    ),
    ("ab-test", "abTestEvents fire when a user enters an A/B test.", "documented", None),
    ("send", "`{{Message event}}` of Sent is written Send.", "observed", None),
    (
        "names",
        "Of the other events, Open and Click are written as listed.",
        "documented",
        None,
    ),
    ("names-rest", "All further events are written as listed, too.", "assumed", None),
    ("channel", "`{{Message channel}}` is the channel's name.", "observed", None),
)

_TEMPLATE = _facts(
    "template",
    (
        "values",
        "User ID, Device ID and Trigger time apply to all events; Message ID, Message event, "
        "Message channel, Template name and Parameters to message events; AB test ID and "
        "Variant ID to A/B test events.",
        "documented",
        None,
    ),
    ("exact", "The names are exact; the keys around them are free.", "documented", None),
    (
        "unknown",
        "Anything else in braces is refused when the rule is added.",
        "assumed",
        None,
    ),
    (
        "places",
        "Placeholders stand in path, query or fragment, not in scheme, host, port or user info.",
        "assumed",
        None,
    ),
    (
        "template-name",
        "Template name is empty for messages that are not in-app.",
        "documented",
        None,
    ),
    ("empty", "Any value that does not apply is empty, too.", "assumed", None),
    ("device-empty", "A missing device id is empty.", "observed", None),
    (
        "time",
        "Trigger time is milliseconds since 1970 and may lie in the past.",
        "documented",
        None,
    ),
    (
        "parameters",
        "Parameters is a JSON document; a Click has the URL and its index.",
        "documented",
        None,
    ),
    ("parameters-empty", "Parameters of a Send is {}.", "observed", None),
    ("parameters-slash", "Slashes in Parameters are escaped as \\/.", "observed", None),
    (
        "parameters-once",
        "After one decoding Parameters is JSON with plain values.",
        "observed",
        "parameters_encoding of an app: once or twice",
    ),
    (
        "encoding",
        "Values are percent-encoded as UTF-8; unreserved characters stay, a space is %20, a "
        "plus %2B.",
        "assumed",
        None,
    ),
    ("post", "The request is a POST.", "documented", None),
    ("body", "Its body is empty; all values are in the URL.", "observed", None),
)

_DELIVERY = _facts(
    "delivery",
    (
        "timeout",
        "Without an answer in 30 seconds an attempt is a timeout.",
        "documented",
        "retry.timeout of an app",
    ),
    (
        "timeout-total",
        "The 30 seconds run from connecting to the end of the response head.",
        "assumed",
        None,
    ),
    (
        "retries",
        "A 5xx is tried again up to nine times, with exponential backoff from 1 to 10 hours.",
        "documented",
        "retry.delays of an app",
    ),
    (
        "delays",
        "The delays are 1, 2, 4, 8, 10, 10, 10, 10, 10 hours.",
        "assumed",
        "retry.delays of an app",
    ),
    ("delay-start", "A delay counts from the end of the failed attempt.", "assumed", None),
    ("jitter", "There is no jitter.", "assumed", None),
    ("lost", "After ten failed attempts the data is lost.", "documented", None),
    (
        "connections",
        "Timeouts, refused and reset connections, DNS and TLS failures are retried like a 5xx.",
        "assumed",
        "retry.retry_on of an app",
    ),
    (
        "rejected",
        "A 3xx or 4xx is not retried and a redirect not followed; the data is gone at once.",
        "assumed",
        "retry.retry_on of an app",
    ),
    ("delivered", "Any 2xx is a success.", "assumed", None),
    ("bare", "No signature, delivery id or special header is sent.", "documented", None),
    (
        "headers",
        "The request has the header fields Host, Accept and Content-Length: 0, and no others.",
        "assumed",
        None,
    ),
    (
        "user-info",
        "User info in postbackUrl is sent as basic authorization.",
        "assumed",
        None,
    ),
    (
        "order",
        "Order, parallel delivery and duplicates are unknown; an endpoint must cope with all.",
        "assumed",
        None,
    ),
    (
        "blocked",
        "Postbacks to link-local and cloud metadata addresses are not sent, and rejected.",
        "assumed",
        "addresses, under [limits]",
    ),
)

FACTS: tuple[FidelityFact, ...] = (*_API, *_RULES, *_EVENTS, *_TEMPLATE, *_DELIVERY)
