"""Which rules an event fires, and the reason why for those it does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mockserver.core.catalog import ALL_CHANNELS, Channel, PostbackType
from mockserver.core.matching import match_rules, why_not
from mockserver.core.models import AbTestEvent, Event, MessageEvent, PostbackRule

NOW_AT = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGES, AB_TESTS = PostbackType.MESSAGE_EVENTS, PostbackType.AB_TEST_EVENTS


def rule(
    type: PostbackType = MESSAGES,
    channels: tuple[Channel, ...] = ALL_CHANNELS,
    app_id: str = "app",
    postback_id: int = 1,
) -> PostbackRule:
    return PostbackRule(postback_id, app_id, type, channels, "http://h/", NOW_AT)


def click(app_id: str = "app") -> Event:
    return MessageEvent(app_id, Channel.EMAIL, "Click", NOW_AT)


def enter(app_id: str = "app") -> Event:
    return AbTestEvent(app_id, NOW_AT)


@pytest.mark.parametrize(
    ("fired", "event"),
    [
        (rule(), click()),
        (rule(channels=(Channel.EMAIL,)), click()),
        (rule(channels=(Channel.PUSH, Channel.EMAIL)), click()),
        (rule(AB_TESTS), enter()),
        # Channels are without effect on A/B tests (assumed).
        (rule(AB_TESTS, (Channel.PUSH,)), enter()),
    ],
)
def test_an_event_fires_the_rules_that_listen_to_it(fired: PostbackRule, event: Event) -> None:
    assert why_not(fired, event) is None


@pytest.mark.parametrize(
    ("silent", "event", "reason"),
    [
        (
            rule(channels=(Channel.PUSH, Channel.IN_APP)),
            click(),
            "the rule listens to Push Notification, In-app Message; the event's channel is Email",
        ),
        (
            rule(AB_TESTS),
            click(),
            "the rule has type abTestEvents, the event is a message event",
        ),
        (
            rule(),
            enter(),
            "the rule has type messageEvents, the event is an A/B test event",
        ),
        (
            rule(app_id="other"),
            click(),
            "the rule belongs to app 'other', the event to 'app'",
        ),
    ],
)
def test_every_other_rule_has_a_reason(silent: PostbackRule, event: Event, reason: str) -> None:
    assert why_not(silent, event) == reason


def test_rules_are_sorted_into_two_lists_in_their_order() -> None:
    rules = [
        rule(postback_id=1),
        rule(AB_TESTS, postback_id=2),
        rule(channels=(Channel.EMAIL,), postback_id=3),
        rule(channels=(Channel.PUSH,), postback_id=4),
    ]
    matches = match_rules(rules, click())
    assert [found.postback_id for found in matches.matched] == [1, 3]
    assert [missed.rule.postback_id for missed in matches.mismatched] == [2, 4]
    assert all(missed.reason for missed in matches.mismatched)
    assert match_rules([], click()) == ([], [])


@pytest.mark.parametrize("other", ["aap", "apq", "App", "app "])
def test_apps_are_compared_by_their_ids(other: str) -> None:
    assert "belongs to app" in (why_not(rule(app_id=other), click()) or "")
    same = "".join(["a", "pp"])
    assert why_not(rule(app_id="app"), click(same)) is None
