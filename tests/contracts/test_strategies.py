"""Strategies for users: whatever they draw is taken by the fake, and shrinks to little."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import Phase, find, given, seed, settings
from hypothesis import strategies as st

from contracts import strategies
from mockserver.core.catalog import event_kind, event_kinds
from mockserver.core.errors import InvalidValue
from mockserver.core.events import check_event
from mockserver.core.models import AbTestEvent, Event, MessageEvent
from mockserver.core.retry import DeliveryState
from mockserver.core.template import Template
from mockserver.delivery.history import DeliveryHistory
from mockserver.receiver.behaviours import parse_script
from mockserver.sandbox import Sandbox

BASE = "https://partner.example"


@given(strategies.events())
def test_every_event_could_have_happened(event: Event) -> None:
    assert check_event(event) is event
    assert Template(f"{BASE}/?u={{{{User ID}}}}&p={{{{Parameters}}}}").render(event)
    assert event.triggered_at.microsecond % 1000 == 0


@given(st.data())
def test_events_can_be_narrowed_down_by_name(data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from([kind.name for kind in event_kinds()]), min_size=1))
    event = data.draw(strategies.events(names=names, app_id="mine"))
    assert event.app_id == "mine"
    kinds = [event_kind(name) for name in names]
    if isinstance(event, MessageEvent):
        assert event.event in {kind.event for kind in kinds}
    else:
        assert isinstance(event, AbTestEvent)


@given(strategies.event_requests())
def test_every_request_of_an_event_can_be_triggered(drawn: tuple[str, dict[str, Any]]) -> None:
    name, overrides = drawn
    with Sandbox() as sandbox:
        assert sandbox.trigger(name, **overrides).deliveries == []


@given(strategies.templates(BASE))
def test_every_template_compiles_and_leads_to_its_base(template: str) -> None:
    assert Template(template).url.startswith(BASE)


@given(strategies.rules(BASE))
def test_every_rule_is_taken(rule: dict[str, Any]) -> None:
    with Sandbox() as sandbox:
        assert sandbox.add_postback(**rule).url == rule["url"]


@given(strategies.parameters())
def test_parameters_are_json_that_comes_back(parameters: dict[str, Any]) -> None:
    assert json.loads(json.dumps(parameters)) == parameters


@given(strategies.behaviours())
def test_every_behaviour_is_understood(script: str) -> None:
    assert parse_script(script)


@settings(max_examples=30)
@given(strategies.delivery_histories())
def test_histories_are_such_as_the_engine_makes(history: DeliveryHistory) -> None:
    scheduled = [attempt for attempt in history.attempts if not attempt.manual]
    assert history.attempts_made == len(scheduled) <= 10
    assert history.offsets_in_hours == sorted(history.offsets_in_hours)
    assert (history.due_at is None) is (history.state is not DeliveryState.PENDING)


def test_what_is_found_is_small() -> None:
    smallest = find(strategies.parameters(), lambda parameters: len(parameters) > 0)
    assert len(smallest) == 1
    template = find(strategies.templates(BASE), lambda template: "{{User ID}}" in template)
    assert len(template) < 60


def test_ids_are_long_and_of_every_shape_now_and_then() -> None:
    met: set[str] = set()

    @seed(1)
    @settings(max_examples=300, database=None)
    @given(strategies.events())
    def meet(event: Event) -> None:
        met.add(event.user_id)

    meet()
    lengths = {len(user_id) for user_id in met}
    assert 500 < max(lengths) <= 512
    assert len([length for length in lengths if length > 100]) >= 3
    for shape in (str.isascii, str.isdigit, lambda text: text != text.strip()):
        assert any(shape(user_id) for user_id in met)
    # It is the ordinary that is met most.
    assert len([user_id for user_id in met if len(user_id) < 40]) > len(met) // 2


def kind_of(event: Event) -> tuple[str, ...]:
    if isinstance(event, AbTestEvent):
        return ("ab-test",)
    return event.channel, event.event, event.template_name


@pytest.mark.parametrize("number", range(10))
@pytest.mark.parametrize("by_name", [False, True])
def test_every_kind_is_met_whatever_the_seed(number: int, by_name: bool) -> None:
    met = set()

    def meet(event: Event) -> None:
        met.add(kind_of(event))

    given_events = given(event=strategies.events()) if by_name else given(strategies.events())
    limited = settings(max_examples=100, database=None)
    seed(number)(limited(strategies.every_kind()(given_events(meet))))()
    assert len(met) == len(event_kinds()) == 33


def test_every_kind_can_be_narrowed_down() -> None:
    met = set()

    @settings(phases=[Phase.explicit])
    @strategies.every_kind(channels=["Push Notification"])
    @given(event=strategies.events(), number=st.just(1))
    def meet(event: Event, number: int) -> None:
        met.add(kind_of(event)[1])

    with pytest.raises(Exception, match="number"):
        meet()

    @settings(phases=[Phase.explicit])
    @strategies.every_kind(channels=["Push Notification"])
    @given(event=strategies.events())
    def meet_alone(event: Event) -> None:
        met.add(kind_of(event)[1])

    meet_alone()
    assert met == {"Send", "Open", "Held Back"}
    with pytest.raises(InvalidValue):
        strategies.every_kind(channels=[])


def test_they_are_called_by_what_was_asked_for() -> None:
    assert repr(strategies.events()) == "events()"
    asked = strategies.events(names=["email.click"], fields=["user_id"])
    assert repr(asked) == "events(fields=['user_id'], names=['email.click'])"
    assert repr(strategies.events(channels=["Email"])) == "events(names=<10 kinds>)"
