"""The schedule: which outcomes are retried, when, and when the data is lost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DEFAULT_RETRY_POLICY, DeliveryState, RetryPolicy

HOUR = timedelta(hours=1)


def answer(status: int) -> Outcome:
    return Outcome(OutcomeKind.RESPONSE, status=status)


def test_the_delays_are_one_to_ten_hours_and_sixty_five_in_all() -> None:
    hours = [delay / HOUR for delay in DEFAULT_RETRY_POLICY.delays]
    assert hours == [1, 2, 4, 8, 10, 10, 10, 10, 10]
    assert sum(hours) == 65
    assert DEFAULT_RETRY_POLICY.attempt_limit == 10
    assert DEFAULT_RETRY_POLICY.timeout == timedelta(seconds=30)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_is_delivered(status: int) -> None:
    assert DEFAULT_RETRY_POLICY.decide(1, answer(status)).state is DeliveryState.DELIVERED


@pytest.mark.parametrize("status", [300, 301, 308, 400, 404, 408, 429, 499])
def test_3xx_and_4xx_are_rejected_at_once(status: int) -> None:
    assert DEFAULT_RETRY_POLICY.decide(1, answer(status)) == (DeliveryState.REJECTED, None)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_5xx_is_retried_nine_times_and_then_lost(status: int) -> None:
    for number, hours in enumerate((1, 2, 4, 8, 10, 10, 10, 10, 10), start=1):
        decision = DEFAULT_RETRY_POLICY.decide(number, answer(status))
        assert decision == (DeliveryState.PENDING, hours * HOUR)
    assert DEFAULT_RETRY_POLICY.decide(10, answer(status)) == (DeliveryState.LOST, None)


@pytest.mark.parametrize("kind", ["timeout", "refused", "reset", "dns", "tls"])
def test_failed_connections_are_retried_unless_the_knob_says_otherwise(kind: str) -> None:
    outcome = Outcome(OutcomeKind(kind))
    assert DEFAULT_RETRY_POLICY.decide(1, outcome).state is DeliveryState.PENDING
    strict = RetryPolicy(retry_on=frozenset({"5xx"}))
    assert strict.decide(1, outcome).state is DeliveryState.REJECTED


def test_a_blocked_address_is_not_tried_again() -> None:
    blocked = Outcome(OutcomeKind.BLOCKED)
    assert DEFAULT_RETRY_POLICY.decide(1, blocked).state is DeliveryState.REJECTED


def test_single_statuses_may_be_retried() -> None:
    policy = RetryPolicy(delays=(HOUR,), retry_on=frozenset({"429"}))
    assert policy.decide(1, answer(429)) == (DeliveryState.PENDING, HOUR)
    assert policy.decide(2, answer(429)).state is DeliveryState.LOST
    assert policy.decide(1, answer(503)).state is DeliveryState.REJECTED


@pytest.mark.parametrize("name", ["6xx", "blockade", "50x", "0", "1000", ""])
def test_a_policy_refuses_what_is_no_outcome(name: str) -> None:
    with pytest.raises(InvalidValue, match="statuses like 5xx"):
        RetryPolicy(retry_on=frozenset({name}))


def test_a_policy_refuses_impossible_durations() -> None:
    with pytest.raises(InvalidValue, match="cannot be negative"):
        RetryPolicy(delays=(-HOUR,))
    with pytest.raises(InvalidValue, match="longer than nothing"):
        RetryPolicy(timeout=timedelta(0))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (100, DeliveryState.REJECTED),
        (199, DeliveryState.REJECTED),
        (300, DeliveryState.REJECTED),
        (499, DeliveryState.REJECTED),
        (500, DeliveryState.PENDING),
        (599, DeliveryState.PENDING),
    ],
)
def test_the_edges_of_each_class_of_status(status: int, state: DeliveryState) -> None:
    assert DEFAULT_RETRY_POLICY.decide(1, answer(status)).state is state


@pytest.mark.parametrize("status", [100, 101, 429, 598, 599])
def test_any_single_status_can_be_retried(status: int) -> None:
    policy = RetryPolicy(retry_on=frozenset({str(status)}))
    assert policy.decide(1, answer(status)).state is DeliveryState.PENDING
    assert policy.decide(1, answer(status - 1 or 1)).state is not DeliveryState.PENDING


def test_an_interim_status_does_not_make_a_broken_connection_a_response() -> None:
    broken = Outcome(OutcomeKind.RESET, status=102)
    assert DEFAULT_RETRY_POLICY.decide(1, broken).state is DeliveryState.PENDING
    only_answers = RetryPolicy(retry_on=frozenset({"5xx", "102"}))
    assert only_answers.decide(1, broken).state is DeliveryState.REJECTED


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_timeout_is_longer_than_nothing(seconds: int) -> None:
    with pytest.raises(InvalidValue, match="longer than nothing"):
        RetryPolicy(timeout=timedelta(seconds=seconds))


def test_what_is_worked_out_beforehand_is_no_part_of_the_value() -> None:
    shown = repr(RetryPolicy(delays=(), timeout=timedelta(days=1)))
    assert re.findall(r"(\w+)=(?!\d)", shown) == ["delays", "retry_on", "timeout"]
    assert RetryPolicy() == RetryPolicy()
    with pytest.raises(InvalidValue, match="does not know 'response'"):
        RetryPolicy(retry_on=frozenset({"response"}))
