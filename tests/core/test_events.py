"""Events made of a name and overrides: samples, checks, and what is said of mistakes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mockserver.core.catalog import Channel, event_kind, event_kinds
from mockserver.core.errors import InvalidEvent, PostbacksError
from mockserver.core.events import build_event, check_event
from mockserver.core.models import AbTestEvent, Event, MessageEvent
from mockserver.core.samples import SAMPLE_CLICK_PARAMETERS, SAMPLE_VALUES

NOW_AT = datetime(2026, 1, 1, tzinfo=UTC)


def build(name: str, **overrides: Any) -> Event:
    return build_event(event_kind(name), "app", NOW_AT, overrides)


def test_a_click_has_samples_for_everything() -> None:
    assert build("email.click") == MessageEvent(
        "app",
        Channel.EMAIL,
        "Click",
        NOW_AT,
        user_id=SAMPLE_VALUES["user_id"],
        device_id="",
        message_id=SAMPLE_VALUES["message_id"],
        template_name="",
        parameters=SAMPLE_CLICK_PARAMETERS,
    )


def test_an_ab_test_event_has_samples_for_everything() -> None:
    assert build("ab-test.enter") == AbTestEvent(
        "app",
        NOW_AT,
        user_id=SAMPLE_VALUES["user_id"],
        device_id=SAMPLE_VALUES["device_id"],
        ab_test_id=SAMPLE_VALUES["ab_test_id"],
        variant_id=SAMPLE_VALUES["variant_id"],
    )


def test_the_sample_user_has_a_plus_and_sample_ids_have_sixteen_digits() -> None:
    assert "+" in SAMPLE_VALUES["user_id"]
    for name in ("message_id", "ab_test_id", "variant_id"):
        assert SAMPLE_VALUES[name].isdigit()
        assert len(SAMPLE_VALUES[name]) == 16


def test_every_event_of_the_catalog_can_be_built() -> None:
    for kind in event_kinds():
        event = build_event(kind, "app", NOW_AT, {})
        if isinstance(event, MessageEvent):
            assert (event.channel, event.event) == (kind.channel, kind.event)
            assert event.template_name == kind.template_name
            assert bool(event.parameters) is (kind.event == "Click")
        assert check_event(event) is event


def test_overrides_win_over_samples() -> None:
    event = build("email.click", user_id="u", parameters={}, message_id="")
    assert isinstance(event, MessageEvent)
    assert (event.user_id, event.parameters, event.message_id) == ("u", {}, "")
    own = build("in-app.banner.view", template_name="My own")
    assert isinstance(own, MessageEvent)
    assert own.template_name == "My own"


def test_samples_are_not_shared_between_events() -> None:
    first, second = build("email.click"), build("email.click")
    assert isinstance(first, MessageEvent)
    assert isinstance(second, MessageEvent)
    assert first.parameters == second.parameters
    assert first.parameters is not second.parameters


@pytest.mark.parametrize(
    "given",
    [
        "2025-12-31T23:00:00Z",
        "2026-01-01T00:00:00+01:00",
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_an_event_may_lie_in_the_past_and_is_kept_in_utc(given: Any) -> None:
    event = build("push.open", triggered_at=given)
    assert event.triggered_at == NOW_AT - timedelta(hours=1)
    assert event.triggered_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "overrides", "said"),
    [
        ("email.click", {"userid": "u"}, "no field 'userid' (did you mean 'user_id'"),
        ("email.click", {"ab_test_id": "1"}, "email.click has no field 'ab_test_id'"),
        ("ab-test.enter", {"message_id": "1"}, "ab-test.enter has no field 'message_id'"),
        ("ab-test.enter", {"parameters": {}}, "ab-test.enter has no field 'parameters'"),
        ("email.click", {"message_id": 5838201947316224}, "message_id must be text"),
        ("email.click", {"user_id": None}, "user_id must be text"),
        ("ab-test.enter", {"variant_id": 1.5}, "variant_id must be text"),
        ("email.click", {"user_id": "\ud800"}, "half of a surrogate pair"),
        ("email.click", {"template_name": "Banner"}, "have no template name"),
        ("in-app.banner.select", {"template_name": "Confirm"}, "has no event 'Select'"),
        ("email.click", {"parameters": "{}"}, "parameters must be a JSON object"),
        ("email.click", {"parameters": [1]}, "parameters must be a JSON object"),
        ("email.click", {"parameters": {"x": float("nan")}}, "cannot be written as JSON"),
        ("email.click", {"parameters": {"x": object()}}, "cannot be written as JSON"),
        ("email.click", {"parameters": {"x": "\udfff"}}, "cannot be written as JSON"),
        ("email.click", {"triggered_at": "yesterday"}, "triggered_at must be an instant like"),
        ("email.click", {"triggered_at": 1557338008000}, "triggered_at must be an instant like"),
    ],
)
def test_every_mistake_is_named(name: str, overrides: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        build(name, **overrides)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", ["2026-01-01T00:00:00", NOW_AT.replace(tzinfo=None)])
def test_an_instant_without_a_time_zone_is_refused(given: Any) -> None:
    with pytest.raises(PostbacksError, match="triggered_at has no time zone"):
        build("email.click", triggered_at=given)


@pytest.mark.parametrize("parameters", [{1: "x"}, {"x": {None: 1}}, {"x": [{True: 1}]}])
def test_what_is_checked_can_be_rendered(parameters: dict[Any, Any]) -> None:
    """Names that are not text are no JSON; what renders a URL refuses them as well."""
    with pytest.raises(InvalidEvent):
        build("email.click", parameters=parameters)


def test_parameters_within_themselves_are_refused() -> None:
    endless: dict[str, Any] = {}
    endless["x"] = endless
    with pytest.raises(InvalidEvent, match="cannot be written as JSON"):
        build("email.click", parameters=endless)


def test_the_sample_of_a_click_is_what_a_captured_one_has() -> None:
    assert SAMPLE_CLICK_PARAMETERS == {
        "index": 1,
        "url": "https://example.com/offers?from=newsletter",
    }
