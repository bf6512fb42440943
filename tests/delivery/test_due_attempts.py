"""What follows from an attempt, when the next one is made, and attempts by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from mockserver.core.models import App, DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import RetryPolicy
from tests.delivery.ways_to_send import every_way
from tests.engine_setup import (
    HOUR,
    MINUTE,
    OFFSETS_IN_HOURS,
    SECOND,
    START_AT,
    PassingClock,
    always,
    engine_setup,
    status,
)

# What follows from an outcome


@every_way
@pytest.mark.parametrize(
    ("code", "state"), [(204, "delivered"), (302, "rejected"), (404, "rejected")]
)
def test_what_is_not_retried_ends_the_delivery(way: dict[str, Any], code: int, state: str) -> None:
    setup = engine_setup(code, **way)
    setup.deliver()
    assert setup.engine.run_until_idle().attempts_made == 0
    assert setup.state() == state
    assert len(setup.attempts()) == 1


@every_way
def test_a_delay_counts_from_the_end_of_the_attempt(way: dict[str, Any]) -> None:
    timeout = Outcome(OutcomeKind.TIMEOUT, 30 * SECOND)
    setup = engine_setup(lambda attempt: timeout, **way)
    setup.deliver()
    setup.engine.run_until_idle()
    assert [attempt.started_at - START_AT for attempt in setup.attempts()] == [
        hours * HOUR + number * 30 * SECOND for number, hours in enumerate(OFFSETS_IN_HOURS)
    ]
    assert setup.state() == "lost"


@every_way
def test_each_app_has_its_own_schedule(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.ledger.put_app(App("quick", retry=RetryPolicy(delays=(MINUTE, MINUTE))))
    setup.deliver(app_id="quick")
    setup.deliver(app_id="app")
    setup.engine.run_until_idle()
    assert setup.offsets_in_hours(1) == [0, 1 / 60, 2 / 60]
    assert setup.offsets_in_hours(2) == OFFSETS_IN_HOURS


@every_way
def test_a_changed_app_has_its_new_schedule_at_once(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.deliver()
    app = App("app", retry=RetryPolicy(delays=(MINUTE,) * 3))
    setup.ledger.put_app(app)
    setup.engine.app_changed(app)
    setup.engine.run_until_idle()
    assert setup.offsets_in_hours() == [0, 1, 1 + 1 / 60, 1 + 2 / 60]


def test_an_app_that_no_ledger_knows_has_the_documented_schedule() -> None:
    setup = engine_setup()
    setup.deliver(app_id="stranger")
    setup.engine.run_until_idle()
    assert setup.offsets_in_hours() == OFFSETS_IN_HOURS


# When it is made


@every_way
def test_what_is_overdue_on_a_clock_that_cannot_go_back_is_made_now(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.schedule([START_AT])
    setup.clock.move_to(START_AT + 5 * HOUR)
    setup.engine.settle()
    assert setup.made == [(1, 1, START_AT + 5 * HOUR)]
    setup.engine.advance_to(START_AT + 6 * HOUR)
    assert setup.offsets_in_hours() == [0, 1], "the retry counts from when it really was"


@every_way
def test_time_that_passes_meanwhile_breaks_no_advance(way: dict[str, Any]) -> None:
    """Between a look at a running clock and the move that follows, time goes on."""
    setup = engine_setup(503, clock=PassingClock(), **way)
    # Some of the gaps are such that an instant passes between the look and the move.
    setup.schedule([START_AT + number**1.3 * SECOND for number in range(50)])
    setup.engine.advance_to(START_AT + HOUR)
    assert {number for _, number, _ in setup.made[:50]} == {1}
    setup.engine.run_until_idle()
    assert {setup.state(delivery_id) for delivery_id in range(1, 51)} == {"lost"}


# Resending


@every_way
def test_a_resend_is_an_attempt_now_and_leaves_the_schedule_alone(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.deliver()
    setup.engine.advance_to(START_AT + 30 * MINUTE)
    setup.engine.resend(1)
    setup.engine.run_until_idle()
    assert setup.made[1] == (1, None, START_AT + 30 * MINUTE)
    assert setup.attempts()[1].manual
    assert [(at - START_AT) / HOUR for _, n, at in setup.made if n] == OFFSETS_IN_HOURS
    assert setup.state() == "lost"
    delivery = setup.ledger.delivery(1)
    assert delivery is not None
    assert delivery.attempts_made == 10


@every_way
def test_a_resend_that_succeeds_ends_a_pending_delivery(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.deliver()
    setup.answer = always(200)
    setup.engine.resend(1)
    assert setup.state() == "delivered"
    assert setup.engine.run_until_idle().attempts_made == 0
    assert [attempt.number for attempt in setup.attempts()] == [1, None]


@every_way
@pytest.mark.parametrize("code", [404, 503])
def test_a_resend_that_fails_changes_nothing(way: dict[str, Any], code: int) -> None:
    setup = engine_setup(503, **way)
    setup.deliver()
    setup.answer = always(code)
    setup.engine.resend(1)
    assert setup.state() == "pending"
    assert setup.ledger.next_due_at() == START_AT + HOUR


@every_way
@pytest.mark.parametrize(("first", "state"), [(404, "rejected"), (200, "delivered")])
def test_a_resend_of_what_is_over_is_sent_and_leaves_it_over(
    way: dict[str, Any], first: int, state: str
) -> None:
    setup = engine_setup(first, **way)
    setup.deliver()
    setup.answer = always(200)
    setup.engine.resend(1)
    assert setup.state() == state
    assert [attempt.number for attempt in setup.attempts()] == [1, None]


def test_a_lost_delivery_that_arrives_by_hand_stays_lost() -> None:
    setup = engine_setup(503)
    setup.deliver()
    setup.engine.run_until_idle()
    setup.answer = always(200)
    setup.engine.resend(1)
    assert setup.state() == "lost"
    assert setup.attempts()[-1].outcome.status == 200


@every_way
def test_a_resend_from_within_an_attempt_is_made_at_its_instant(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.schedule([START_AT + HOUR, START_AT + 90 * MINUTE])

    def ask_again(attempt: DueAttempt) -> Outcome:
        if (attempt.delivery_id, attempt.number) == (1, 1):
            setup.engine.resend(1)
        return status(503)

    setup.answer = ask_again
    setup.engine.advance_to(START_AT + 90 * MINUTE)
    assert setup.made == [
        (1, 1, START_AT + HOUR),
        (1, None, START_AT + HOUR),
        (2, 1, START_AT + 90 * MINUTE),
    ]


@every_way
def test_a_resend_of_another_thread_between_two_instants_is_made_at_the_first(
    way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = engine_setup(503, **way)
    setup.schedule([START_AT, START_AT + HOUR])
    look = setup.ledger.next_due_at

    def look_while_somebody_resends() -> datetime | None:
        due_at = look()
        if setup.clock.now() == START_AT and len(setup.made) == 1:
            monkeypatch.undo()
            setup.engine.resend(1)
        return due_at

    monkeypatch.setattr(setup.ledger, "next_due_at", look_while_somebody_resends)
    setup.engine.advance_to(START_AT + HOUR)
    assert setup.made[1] == (1, None, START_AT)


def test_what_was_asked_for_is_dropped_with_the_ledger() -> None:
    setup = engine_setup(503)
    setup.deliver()

    def reset(attempt: DueAttempt) -> Outcome:
        setup.engine.resend(1)
        setup.ledger.reset()
        setup.engine.forget()
        return status(503)

    setup.answer = reset
    setup.engine.advance_to(START_AT + HOUR)
    assert [(d, n) for d, n, _ in setup.made] == [(1, 1), (1, 2)]
    assert setup.ledger.deliveries() == []
    assert setup.ledger.next_due_at() is None
