"""Rules and events are checked before anything of them is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mockserver.core.catalog import ALL_CHANNELS, Channel, PostbackType
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import (
    InvalidEvent,
    InvalidTemplate,
    InvalidValue,
    RuleLimitReached,
    UnknownApp,
)
from mockserver.core.models import App, MessageEvent
from mockserver.core.retry import DeliveryState
from mockserver.delivery.intake import compiled, find_app, take_events, take_rule
from mockserver.ledger.memory.ledger import MemoryLedger

NOW_AT = DEFAULT_START_AT + timedelta(hours=5)
APP = App("app")


@pytest.fixture
def ledger() -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.put_app(APP)
    ledger.put_app(App("other"))
    return ledger


def opened(app_id: str = "app", **changes: Any) -> MessageEvent:
    values = {
        "channel": Channel.EMAIL,
        "event": "Open",
        "triggered_at": DEFAULT_START_AT,
        **changes,
    }
    return MessageEvent(app_id, **values)


def test_an_app_is_found_or_the_known_are_named(ledger: MemoryLedger) -> None:
    assert find_app(ledger, "app") == APP
    with pytest.raises(UnknownApp, match=r"^unknown app 'x'; the sandbox has: app, other$"):
        find_app(ledger, "x")


@pytest.mark.parametrize("channels", [None, [], ()])
def test_a_rule_without_channels_has_all_of_them(ledger: MemoryLedger, channels: Any) -> None:
    rule = take_rule(ledger, APP, "http://h/", "messageEvents", channels, NOW_AT)
    assert (rule.type, rule.channels) == (PostbackType.MESSAGE_EVENTS, ALL_CHANNELS)
    assert ledger.rules("app") == [rule]


def test_channels_keep_their_order_and_come_once(ledger: MemoryLedger) -> None:
    named = ["Email", Channel.PUSH, Channel.EMAIL, "Push Notification"]
    rule = take_rule(ledger, APP, "http://h/", PostbackType.MESSAGE_EVENTS, named, NOW_AT)
    assert rule.channels == (Channel.EMAIL, Channel.PUSH)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"url": None}, InvalidTemplate, "postbackUrl must be text, got None"),
        ({"url": b"http://h/"}, InvalidTemplate, "postbackUrl must be text"),
        ({"url": "http://h/{{user}}"}, InvalidTemplate, "user"),
        ({"channels": "Email"}, InvalidValue, r"a list of names like \['Email'\]"),
        ({"channels": ["SMS"]}, InvalidValue, "SMS"),
        ({"type": "events"}, InvalidValue, "events"),
    ],
)
def test_a_mistaken_rule_is_not_written(
    ledger: MemoryLedger, change: dict[str, Any], error: type[Exception], said: str
) -> None:
    values = {"url": "http://h/", "type": "messageEvents", "channels": None, **change}
    with pytest.raises(error, match=said):
        take_rule(ledger, APP, now_at=NOW_AT, **values)
    assert ledger.rules("app") == []


@pytest.mark.parametrize("limit", [1, 3])
def test_the_limit_is_that_of_the_app(ledger: MemoryLedger, limit: int) -> None:
    app = App("app", rule_limit=limit)
    for _ in range(limit):
        take_rule(ledger, app, "http://h/", "messageEvents", None, NOW_AT)
    with pytest.raises(RuleLimitReached):
        take_rule(ledger, app, "http://h/", "messageEvents", None, NOW_AT)


def test_each_event_comes_back_with_what_it_fired(ledger: MemoryLedger) -> None:
    first = take_rule(ledger, APP, "http://h/1?u={{User ID}}", "messageEvents", None, NOW_AT)
    second = take_rule(ledger, APP, "http://h/2", "messageEvents", ["Email"], NOW_AT)
    pushed = opened(channel=Channel.PUSH, user_id="b+c")
    events = [opened(user_id="a"), opened("other"), pushed]
    taken = take_events(ledger, events, NOW_AT)
    assert [each.event for each in taken] == events
    assert [[d.postback_id for d in each.deliveries] for each in taken] == [
        [first.postback_id, second.postback_id],
        [],
        [first.postback_id],
    ]
    assert [[d.url for d in each.deliveries] for each in taken] == [
        ["http://h/1?u=a", "http://h/2"],
        [],
        ["http://h/1?u=b%2Bc"],
    ]
    [mismatch] = taken[2].matches.mismatched
    assert mismatch.rule == second
    for delivery in (delivery for each in taken for delivery in each.deliveries):
        assert (delivery.state, delivery.due_at) == (DeliveryState.PENDING, NOW_AT)


def test_the_url_is_encoded_as_the_app_wants_it_now(ledger: MemoryLedger) -> None:
    take_rule(ledger, APP, "http://h/?p={{Parameters}}", "messageEvents", None, NOW_AT)
    event = opened(parameters={"a": "b c"})
    [once] = take_events(ledger, [event], NOW_AT)[0].deliveries
    ledger.put_app(App("app", parameters_encoding="twice"))
    [twice] = take_events(ledger, [event], NOW_AT)[0].deliveries
    assert once.url != twice.url
    assert "%25" in twice.url


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: opened("nobody"), UnknownApp),
        (lambda: opened(event="Klick"), InvalidEvent),
        (lambda: opened(template_name="Banner"), InvalidEvent),
    ],
)
def test_events_happen_all_or_none_wherever_the_mistake_is(
    ledger: MemoryLedger, wrong: Any, error: type[Exception], place: int
) -> None:
    take_rule(ledger, APP, "http://h/", "messageEvents", None, NOW_AT)
    events = [opened(), opened()]
    events.insert(place, wrong())
    with pytest.raises(error):
        take_events(ledger, events, NOW_AT)
    assert ledger.deliveries() == []


def test_no_events_are_none(ledger: MemoryLedger) -> None:
    assert take_events(ledger, [], NOW_AT) == []


def test_a_template_is_compiled_once() -> None:
    assert compiled("http://h/?u={{User ID}}") is compiled("http://h/?u={{User ID}}")
