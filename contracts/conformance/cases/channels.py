"""Checks how channels are written, and which events they let through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.conformance.api import Form, expect_accepted, expect_not_done
from contracts.conformance.target import InboxUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin
from mockserver.core.catalog import Channel, event_kinds

ORDER = 40

#: One event of each channel, and where its postbacks are to be told apart.
ONE_EACH = {
    "push.open": "Push Notification",
    "email.open": "Email",
    "in-app.banner.view": "In-app Message",
}
EVERY_CHANNEL = tuple(ONE_EACH.values())


def _rule(target: Target, channels: Any, form: Form = Form.JSON) -> InboxUnderTest:
    inbox = target.inbox()
    url = inbox.url + "?channel={{Message channel}}"
    answer = target.app.call(
        "addPostback", form, type="messageEvents", postbackUrl=url, channels=channels
    )
    expect_accepted(answer, f"channels written {channels!r}, by {form}", target.rec)
    return inbox


def _heard(inbox: InboxUnderTest) -> list[str]:
    """Return the channels whose events arrived, one of each having happened."""
    for name in ONE_EACH:
        inbox.target.app.trigger(name)
    return [request.query["channel"] for request in inbox.requests()]


@case(
    "PB-CHANNELS-DEFAULT",
    "A rule without channels listens to all three",
    why="Most rules are registered without; they must not miss a channel.",
    fix="Take no channels, or none in a list, for every channel.",
    catches=["channels-default-push"],
)
def default(target: Target, rec: Recorder) -> None:
    """Leaves channels out, and lets an event of each channel happen."""
    heard = _heard(_rule(target, None))
    rec.expect(list(EVERY_CHANNEL), heard, "none chosen means all")


@case(
    "PB-CHANNELS-FILTER",
    "A rule with channels is fired by events of these channels only",
    why="Postbacks of other channels are noise at best, and sent to a stranger at worst.",
    fix="Compare the channel of the event with those of the rule.",
    catches=["channels-filter-ignored"],
)
def chosen(target: Target, rec: Recorder) -> None:
    """Registers a rule for each channel alone and lets an event of each channel happen."""
    inboxes = [_rule(target, [channel]) for channel in EVERY_CHANNEL]
    for name in ONE_EACH:
        target.app.trigger(name)
    heard = [[request.query["channel"] for request in inbox.requests()] for inbox in inboxes]
    rec.expect([[channel] for channel in EVERY_CHANNEL], heard, "each rule hears its channel")


@case(
    "PB-CHANNELS-BRACKETS",
    "Channels may be written in brackets without quotes",
    why="It is how the documentation writes them, and what people copy.",
    fix="Read [Push Notification, In-app Message] as a list of two names.",
    catches=["brackets-misread"],
)
def brackets(target: Target, rec: Recorder) -> None:
    """Registers [Push Notification, In-app Message] by GET and as form data."""
    for form in (Form.GET, Form.MULTIPART):
        target.fresh()
        heard = _heard(_rule(target, "[Push Notification, In-app Message]", form))
        expected = ["Push Notification", "In-app Message"]
        rec.expect(expected, heard, f"both names count, and no other, by {form}")


@case(
    "PB-CHANNELS-FORMS",
    "Channels may be a JSON array, such an array as text, or be repeated",
    why="Each HTTP library writes lists in its own way.",
    fix="Read all of these, in bodies and in queries.",
    catches=["repeated-channels-last-only", "json-text-refused"],
)
def forms(target: Target, rec: Recorder) -> None:
    """Registers Push Notification and Email in four ways."""
    both = ["Push Notification", "Email"]
    ways: Sequence[tuple[Any, Form]] = (
        (both, Form.JSON),
        ('["Push Notification", "Email"]', Form.JSON),
        ('["Push Notification", "Email"]', Form.URLENCODED),
        (both, Form.GET),
        (both, Form.MULTIPART),
    )
    for channels, form in ways:
        target.fresh()
        heard = _heard(_rule(target, channels, form))
        rec.expect(both, heard, f"channels written {channels!r}, by {form}")


@case(
    "PB-CHANNELS-UNKNOWN",
    "A channel that does not exist is refused",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A misspelt channel must not become a rule that never fires, or one that always does.",
    fix="Refuse names other than the three.",
    catches=["unknown-channel-ignored"],
)
def unknown(target: Target, rec: Recorder) -> None:
    """Registers SMS, alone and beside Email."""
    url = target.inbox().url
    for channels in (["SMS"], ["Email", "SMS"]):
        answer = target.app.call(
            "addPostback", type="messageEvents", postbackUrl=url, channels=channels
        )
        expect_not_done(answer, f"channels {channels}", rec)
    rec.expect([], target.app.rules(), "a refused call changes nothing")


@case(
    "PB-CHANNELS-AB-TEST",
    "Channels have no effect on a rule for A/B test events",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="People copy a whole call and change its type.",
    fix="Nothing is documented; the fake accepts channels there and ignores them.",
    catches=["channels-filter-ab-tests"],
)
def ab_test(target: Target, rec: Recorder) -> None:
    """Registers an abTestEvents rule with channels, and lets a user enter a test."""
    inbox = target.inbox()
    answer = target.app.call(
        "addPostback", type="abTestEvents", postbackUrl=inbox.url, channels=["Email"]
    )
    target.app.trigger("ab-test.enter")
    arrived = len(inbox.requests())
    seen = "refused" if not answer.accepted else "ignored" if arrived else "never fires"
    rec.expect_verdict(
        seen,
        "ignored",
        {
            "ignored": "the rule is accepted and fires",
            "refused": "the call is refused",
            "never fires": "the rule is accepted and no A/B test event fires it",
        },
        "an A/B test event has no channel",
    )


@case(
    "PB-CHANNELS-ALL-EVENTS",
    "A chosen channel brings all of its events: single ones cannot be chosen",
    why="An endpoint gets events it did not ask for and has to answer them with 2xx, too.",
    fix="Fire for every event of the channel.",
    catches=["first-event-only", "email-dropped-missing", "push-held-back-missing"],
)
def all_events(target: Target, rec: Recorder) -> None:
    """Registers a rule for each channel and lets every event of the catalog happen."""
    inboxes = {}
    for channel in Channel:
        inbox = target.inbox()
        target.app.add(inbox.url + "?event={{Message event}}", channels=[channel.value])
        inboxes[channel] = inbox
    kinds = [kind for kind in event_kinds() if kind.channel is not None]
    for kind in kinds:
        target.app.trigger(kind.name)
    for channel, inbox in inboxes.items():
        expected = [kind.event for kind in kinds if kind.channel is channel]
        arrived = [request.query["event"] for request in inbox.requests()]
        rec.expect(expected, arrived, f"every event of {channel.value} arrives")
