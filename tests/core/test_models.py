"""The nouns: ids, defaults, and what is derived from an attempt."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mockserver.core import models
from mockserver.core.catalog import Channel, PostbackType, event_kind
from mockserver.core.models import (
    AbTestEvent,
    App,
    Attempt,
    Delivery,
    KeyClass,
    MessageEvent,
    PostbackRule,
    postback_id_of,
)
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState, RetryPolicy

NOW_AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_postback_ids_have_sixteen_digits_and_are_exact_in_a_float() -> None:
    for sequence in (0, 1, 2, 3, 1_000, 10**9, models._ID_RANGE - 1):
        postback_id = postback_id_of(sequence)
        assert len(str(postback_id)) == 16
        assert int(float(postback_id)) == postback_id
        assert postback_id < 2**53
    assert models._ID_FLOOR + models._ID_RANGE - 1 < 2**53


def test_no_two_rules_share_an_id() -> None:
    assert len({postback_id_of(sequence) for sequence in range(100_000)}) == 100_000
    # The reason why it holds for the whole range, and not only for the first of it.
    assert math.gcd(models._ID_STEP, models._ID_RANGE) == 1


def test_postback_ids_are_in_no_order() -> None:
    ids = [postback_id_of(sequence) for sequence in range(1, 11)]
    assert ids != sorted(ids)
    assert ids != sorted(ids, reverse=True)


def test_an_app_has_the_keys_of_the_documentation_and_three_places() -> None:
    app = App()
    assert app.app_id == "YOUR_APP_ID"
    assert app.keys[KeyClass.DATA_EXPORT] == "YOUR_DATA_EXPORT_KEY"
    assert set(app.keys) == set(KeyClass)
    assert app.rule_limit == 3
    assert app.parameters_encoding == "once"


@pytest.mark.parametrize(("number", "manual"), [(1, False), (10, False), (None, True)])
def test_an_attempt_knows_whether_it_was_asked_for_and_when_it_ended(
    number: int | None, manual: bool
) -> None:
    started_at = datetime(2026, 1, 1, tzinfo=UTC)
    outcome = Outcome(OutcomeKind.TIMEOUT, timedelta(seconds=30))
    attempt = Attempt(1, number, started_at, outcome)
    assert attempt.manual is manual
    assert attempt.ended_at == started_at + timedelta(seconds=30)


def test_an_outcome_is_summed_up_in_a_word() -> None:
    assert Outcome(OutcomeKind.RESPONSE, status=503).summary == "503"
    assert Outcome(OutcomeKind.TIMEOUT).summary == "timeout"
    assert {Outcome(kind, status=200).summary for kind in OutcomeKind} == {
        "200",
        "timeout",
        "refused",
        "reset",
        "dns",
        "tls",
        "blocked",
    }


def test_the_first_ids_stay_what_they_are() -> None:
    """Reports and recordings hold them."""
    ids = [postback_id_of(sequence) for sequence in (0, 1, 2, 3, 12_345)]
    assert ids == [
        1_000_000_000_000_000,
        5_406_400_932_175_873,
        1_812_801_864_351_747,
        6_219_202_796_527_620,
        10**15 + 12_345 * 4_406_400_932_175_873 % 7_999_999_999_999_999,
    ]


def test_a_delivery_that_was_just_made_has_no_attempt() -> None:
    event = AbTestEvent("app", NOW_AT)
    delivery = Delivery(1, "app", 2, "http://h/", event, NOW_AT)
    assert (delivery.attempts_made, delivery.due_at) == (0, None)
    assert delivery.state is DeliveryState.PENDING
    assert Attempt(1, 1, NOW_AT, Outcome(OutcomeKind.DNS)).repeated is False
    assert (App().rule_limit, App().parameters_encoding) == (3, "once")


@pytest.mark.parametrize(
    "value",
    [
        App(),
        PostbackRule(1, "app", PostbackType.MESSAGE_EVENTS, (), "http://h/", NOW_AT),
        MessageEvent("app", Channel.EMAIL, "Open", NOW_AT),
        AbTestEvent("app", NOW_AT),
        Delivery(1, "app", 2, "http://h/", AbTestEvent("app", NOW_AT), NOW_AT),
        Attempt(1, 1, NOW_AT, Outcome(OutcomeKind.DNS)),
        RetryPolicy(),
        event_kind("push.open"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_nouns_are_values_that_do_not_change(value: Any) -> None:
    (first, *_) = dataclasses.fields(value)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, first.name, None)
    assert not hasattr(value, "__dict__")
