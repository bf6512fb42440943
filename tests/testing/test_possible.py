"""Assertions about what did not happen refuse what could never have happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from mockserver.core.catalog import Channel, event_kinds
from mockserver.core.errors import InvalidValue
from mockserver.core.models import MessageEvent
from mockserver.testing import Leanplum
from mockserver.testing.matching import FIELDS, differences
from mockserver.testing.possible import check_query, check_request, check_values

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_TEXT = set(FIELDS) - {"parameters", "triggered_at", "postback_id"}
_PLAIN: list[Any] = [1, 1.5, True, b"ada", ["ada"], ("ada",), {"ada"}, {"a": 1}, date(2026, 1, 1)]


class Anything:
    """Is equal to everything, like objects of dirty-equals."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Anything()"


@pytest.fixture
def entered() -> Iterator[Leanplum]:
    with Leanplum() as leanplum:
        leanplum.add_postback(leanplum.inbox().url + "?user={{User ID}}&fixed=1")
        yield leanplum


@pytest.mark.parametrize("field", sorted(_TEXT))
@pytest.mark.parametrize("value", [*_PLAIN, _AT], ids=repr)
def test_a_field_of_text_has_no_value_of_another_type(field: str, value: Any) -> None:
    with pytest.raises(InvalidValue, match=f"no delivery has {field}="):
        check_values({field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("parameters", value) for value in (1, "{}", b"{}", [], None) if value is not None),
        *(("triggered_at", value) for value in ("2026-01-01T00:00:00Z", 1, date(2026, 1, 1))),
        ("triggered_at", datetime(2026, 1, 1)),  # noqa: DTZ001 (that is the mistake)
        *(("postback_id", value) for value in ("1", b"1", [1])),
    ],
    ids=repr,
)
def test_fields_of_other_types_have_theirs(field: str, value: Any) -> None:
    with pytest.raises(InvalidValue, match=f"{field} is "):
        check_values({field: value})


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [Anything(), None, object()], ids=["anything", "none", "object"])
def test_objects_decide_themselves(field: str, value: Any) -> None:
    check_values({field: value})


@pytest.mark.parametrize("query", [{"user": 1}, {1: "a"}, {"a": b"1"}, {"a": ["1"]}, ["a"], None])
def test_a_query_holds_text(query: Any) -> None:
    with pytest.raises(InvalidValue):
        check_query(query)


def test_a_query_may_be_asked_for_what_is_absent_or_anything() -> None:
    check_query({"user": None, "other": Anything()})
    check_query(Anything())


def test_what_any_event_has_can_be_asked_for(entered: Leanplum) -> None:
    """Every kind, every pair of its fields: nothing that happens may be refused."""
    for kind in event_kinds():
        entered.trigger(kind.name)  # type: ignore[arg-type]
        delivery = next(reversed(entered.deliveries), None)
        if kind.channel is None:
            continue
        assert delivery is not None
        assert isinstance(delivery.event, MessageEvent)
        event = delivery.event
        told = {
            "channel": event.channel.value,
            "template_name": event.template_name,
            "message_id": event.message_id,
            "parameters": dict(event.parameters),
            "user_id": event.user_id,
        }
        for name in (kind.name, kind.event):
            assert not differences(delivery, told | {"event": name})
            check_values(told | {"event": name})
            for field in told:
                check_values({"event": name, field: told[field]})


def test_a_template_of_ones_own_has_the_events_of_all() -> None:
    for kind in event_kinds():
        if kind.channel is Channel.IN_APP:
            check_values({"event": kind.event, "template_name": "Our own", "channel": kind.channel})


@pytest.mark.parametrize(
    "wanted",
    [
        {"event": kind.name, "channel": channel.value}
        for kind in event_kinds()
        for channel in Channel
        if kind.channel is not channel
    ],
    ids=lambda wanted: f"{wanted['event']} {wanted['channel']}",
)
def test_an_event_has_one_channel(wanted: dict[str, str]) -> None:
    with pytest.raises(InvalidValue, match="no event has all of event="):
        check_values(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        {"event": "email.click", "variant_id": "1"},
        {"channel": "Email", "ab_test_id": "1"},
        {"event": "ab-test.enter", "message_id": "1"},
        {"event": "ab-test.enter", "parameters": {}},
        {"message_id": "1", "variant_id": "1"},
        {"event": "in-app.alert.view", "template_name": "Banner"},
        {"channel": "Email", "template_name": "Banner"},
        {"event": "Impression", "channel": "Email"},
    ],
    ids=repr,
)
def test_words_that_exclude_each_other_are_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match=r"no event has all of|no delivery has"):
        check_values(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        {"method": "post"},
        {"method": b"POST"},
        {"body": b""},
        {"body": None},
        {"path": "inbox/crm"},
        {"path": "/inbox/other"},
        {"path": "/inbox/crmx"},
        {"path": "/inbox/crm?user=ada"},
        {"path": "https://x/inbox/crm"},
        {"query": {"user": 1}},
    ],
    ids=repr,
)
def test_parts_that_no_request_has_are_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match=r"no request has|a query holds text"):
        check_request("crm", wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        {"method": "GET", "body": "", "path": "/inbox/crm"},
        {"path": "/inbox/crm/below"},
        {"path": Anything(), "method": Anything(), "body": Anything()},
    ],
    ids=repr,
)
def test_parts_that_a_request_may_have_are_not(wanted: dict[str, Any]) -> None:
    check_request("crm", wanted)


def test_an_app_that_there_is_not_has_nothing(entered: Leanplum) -> None:
    with pytest.raises(InvalidValue, match="there is no app 'shop'"):
        entered.assert_not_triggered(app_id="shop")
    entered.assert_not_triggered(app_id=entered.app_id)


def test_a_state_is_not_two(entered: Leanplum) -> None:
    with pytest.raises(InvalidValue, match="what is delivered is not 'lost'"):
        entered.assert_delivered(times=0, state="lost")
    entered.assert_lost(times=0, state="lost")


def test_deliveries_are_not_narrowed_down_by_what_they_cannot_have(entered: Leanplum) -> None:
    wrong: Any
    for wrong in (1, b"ada"):
        with pytest.raises(InvalidValue, match="user_id is text"):
            entered.deliveries(user_id=wrong)
    for wrong in ("1", 1.5):
        with pytest.raises(InvalidValue, match="postback_id is a number"):
            entered.deliveries(postback_id=wrong)
