"""Checks which events there are, which rules they fire, and their names on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 50

#: Every event of the documentation by the name that triggers it, and its name on the wire.
#: Written down once more, apart from the fake's own catalog, so that it can be wrong.
PUSH = {"push.send": "Send", "push.open": "Open", "push.held-back": "Held Back"}
EMAIL = {
    "email.send": "Send",
    "email.deferred": "Deferred",
    "email.delivered": "Delivered",
    "email.bounce": "Bounce",
    "email.open": "Open",
    "email.click": "Click",
    "email.marked-as-spam": "Marked as spam",
    "email.dropped": "Dropped",
    "email.unsubscribe": "Unsubscribe",
    "email.held-back": "Held Back",
}
#: The in-app templates, and what each has beside View and Held Back.
IN_APP: Mapping[str, Sequence[str]] = {
    "Center Popup": ("Accept",),
    "Confirm": ("Accept",),
    "Interstitial": ("Accept",),
    "Rich Interstitial": ("Select Button 1", "Select Button 2"),
    "Satisfaction Survey": ("Submit",),
    "Banner": ("Select",),
}
_URL = "?event={{Message event}}&channel={{Message channel}}&template={{Template name}}"


def _arrived(target: Target, names: Sequence[str], **values: Any) -> list[Mapping[str, str]]:
    inbox = target.inbox()
    target.app.add(inbox.url + _URL)
    for name in names:
        target.app.trigger(name, **values)
    return [request.query for request in inbox.requests()]


@case(
    "PB-EVENTS-PUSH",
    "Push Notification has the events Sent, Open and Held Back",
    why="An endpoint that counts sends and opens needs both.",
    fix="Fire for each of them.",
    catches=["push-held-back-missing"],
)
def push(target: Target, rec: Recorder) -> None:
    """Lets each push event happen and looks at what arrives."""
    arrived = [query["event"] for query in _arrived(target, list(PUSH))]
    rec.expect(list(PUSH.values()), arrived, "each event arrives under its name")


@case(
    "PB-EVENTS-EMAIL",
    "Email has its ten events, from Sent to Held Back",
    why="Bounces and unsubscribes are what people build postbacks for.",
    fix="Fire for each of them.",
    catches=["email-dropped-missing"],
)
def email(target: Target, rec: Recorder) -> None:
    """Lets each e-mail event happen and looks at what arrives."""
    arrived = [query["event"] for query in _arrived(target, list(EMAIL))]
    rec.expect(list(EMAIL.values()), arrived, "each event arrives under its name")


@case(
    "PB-EVENTS-IN-APP",
    "In-app messages have View and Held Back, and further events by template",
    why="Which button was selected depends on the template.",
    fix="Fire for each event of each of the six templates.",
    catches=["in-app-accept-missing"],
)
def in_app(target: Target, rec: Recorder) -> None:
    """Lets each event of each in-app template happen and looks at what arrives."""
    names = [
        f"in-app.{_slug(template)}.{_slug(event)}"
        for template, own in IN_APP.items()
        for event in ("View", "Held Back", *own)
    ]
    expected = [
        (template, event)
        for template, own in IN_APP.items()
        for event in ("View", "Held Back", *own)
    ]
    arrived = [(query["template"], query["event"]) for query in _arrived(target, names)]
    rec.expect(expected, arrived, "each event arrives with the name of its template")


@case(
    "PB-EVENTS-CUSTOM-TEMPLATE",
    "An in-app template of a customer's own has View and Held Back",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Apps define in-app templates of their own.",
    fix="Nothing is documented beyond `all templates`; the fake takes any name.",
    catches=["custom-template-missing"],
)
def custom_template(target: Target, rec: Recorder) -> None:
    """Lets View of a template called Scratch Card happen."""
    inbox = target.inbox()
    target.app.add(inbox.url + _URL)
    target.app.trigger("in-app.banner.view", template_name="Scratch Card")
    arrived = [request.query["template"] for request in inbox.requests()]
    rec.expect_verdict(
        "fires" if arrived == ["Scratch Card"] else f"arrived: {arrived}",
        "fires",
        {"fires": "the postback has the template's own name"},
        "`all templates` may well mean these, too",
    )


@case(
    "PB-EVENTS-AB-TEST",
    "An abTestEvents rule is fired when a user enters an A/B test",
    why="It is the only A/B test event there is.",
    fix="Fire with the ids of the test and of the variant.",
    catches=["ab-test-missing"],
)
def ab_test(target: Target, rec: Recorder) -> None:
    """Lets a user enter a variant of a test."""
    inbox = target.inbox()
    url = inbox.url + "?test={{AB test ID}}&variant={{Variant ID}}"
    target.app.add(url, type="abTestEvents")
    target.app.trigger("ab-test.enter", ab_test_id="4711", variant_id="4712")
    arrived = [request.query for request in inbox.requests()]
    rec.expect([{"test": "4711", "variant": "4712"}], arrived, "entering a test fires the rule")


@case(
    "PB-EVENTS-TYPES-APART",
    "Message events fire messageEvents rules only, A/B test events abTestEvents rules only",
    why="The two kinds of postback have different values and go to different code.",
    fix="Compare the type of the rule with the kind of the event.",
    catches=["message-fires-ab-rule", "ab-test-fires-message-rule"],
)
def types_apart(target: Target, rec: Recorder) -> None:
    """Registers a rule of each type and lets an event of each kind happen."""
    inbox = target.inbox()
    target.app.add(inbox.url + "?rule=messages")
    target.app.add(inbox.url + "?rule=tests", type="abTestEvents")
    fired = []
    for name in ("email.open", "ab-test.enter"):
        before = len(inbox.requests())
        target.app.trigger(name)
        fired.append([request.query["rule"] for request in inbox.requests()[before:]])
    rec.expect([["messages"], ["tests"]], fired, "each event fires the rule of its type")


@case(
    "PB-EVENTS-SEND",
    "The event listed as Sent is called Send on the wire",
    why="Code that compares with Sent never counts a send.",
    fix="Write Send into {{Message event}}.",
    catches=["sent-instead-of-send"],
)
def send(target: Target, rec: Recorder) -> None:
    """Lets a push and an e-mail be sent."""
    arrived = [query["event"] for query in _arrived(target, ["push.send", "email.send"])]
    rec.expect(["Send", "Send"], arrived, "the page's example and captured postbacks say Send")


@case(
    "PB-EVENTS-NAMES",
    "All other events are written as the documentation lists them",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Receivers compare these names, letter by letter.",
    fix="Write them with their capitals and spaces.",
    catches=["event-lower-case"],
)
def names(target: Target, rec: Recorder) -> None:
    """Lets the events whose names hold spaces or capitals happen."""
    chosen = [name for name, wire in (PUSH | EMAIL).items() if wire != "Send"]
    expected = [(PUSH | EMAIL)[name] for name in chosen]
    arrived = [query["event"] for query in _arrived(target, chosen)]
    rec.expect_verdict(
        "as listed" if arrived == expected else f"{arrived}",
        "as listed",
        {"as listed": ", ".join(expected)},
        "Open and Click are known from captured postbacks, the rest is not",
    )


@case(
    "PB-EVENTS-CHANNEL-NAME",
    "{{Message channel}} is the channel's name, e.g. Email",
    level=Level.SHOULD,
    origin=Origin.OBSERVED,
    why="The documentation's sentence has the names in another spelling than its list.",
    fix="Write Push Notification, Email or In-app Message.",
    catches=["channel-as-slug"],
)
def channel_name(target: Target, rec: Recorder) -> None:
    """Lets an event of each channel happen."""
    triggered = ["push.open", "email.open", "in-app.banner.view"]
    arrived = [query["channel"] for query in _arrived(target, triggered)]
    expected = ["Push Notification", "Email", "In-app Message"]
    rec.expect(expected, arrived, "a captured postback says Email")


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
