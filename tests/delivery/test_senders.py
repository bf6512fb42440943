"""How attempts are sent: in batches one after the other, and side by side."""

from __future__ import annotations

import pytest

from mockserver.core.models import App, DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import RetryPolicy
from tests.engine_setup import (
    HOUR,
    MINUTE,
    SECOND,
    START_AT,
    Broken,
    EngineSetup,
    always,
    engine_setup,
    status,
)

# In batches, one after the other


def test_what_was_made_before_an_error_is_recorded_and_not_made_again() -> None:
    setup = engine_setup(batch=1000)

    def break_at_third(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 3:
            raise Broken
        return status(200)

    setup.answer = break_at_third
    with pytest.raises(Broken):
        setup.deliver(5)
    assert [setup.state(delivery_id) for delivery_id in range(1, 6)] == [
        "delivered",
        "delivered",
        "pending",
        "pending",
        "pending",
    ]
    setup.answer = always(200)
    setup.engine.settle()
    assert [delivery_id for delivery_id, _, _ in setup.made] == [1, 2, 3, 3, 4, 5]


def test_an_event_from_within_a_batch_keeps_its_place_among_ties() -> None:
    """The retry of 1 is due when 2 is sent, and was scheduled before the event of 2."""
    histories = []
    for batch in (1, 1000):
        setup = engine_setup(503, batch=batch)
        setup.schedule([START_AT, START_AT + HOUR])

        def fire(attempt: DueAttempt, setup: EngineSetup = setup) -> Outcome:
            if attempt.delivery_id == 2 and attempt.number == 1:
                setup.deliver()
            return status(503)

        setup.answer = fire
        setup.engine.advance_to(START_AT + HOUR)
        histories.append([(d, n) for d, n, _ in setup.made])
    assert histories[0] == [(1, 1), (2, 1), (1, 2), (3, 1)]
    assert histories[1] == histories[0]


def test_a_shorter_schedule_from_within_a_batch_counts_from_then_on() -> None:
    made = []
    for batch in (1, 1000):
        setup = engine_setup(503, batch=batch)
        setup.schedule([START_AT, START_AT + 50 * MINUTE])

        def shorten(attempt: DueAttempt, setup: EngineSetup = setup) -> Outcome:
            app = App("app", retry=RetryPolicy(delays=(MINUTE,)))
            setup.ledger.put_app(app)
            setup.engine.app_changed(app)
            return status(503)

        setup.answer = shorten
        setup.engine.run_until_idle()
        made.append(setup.made)
    assert made[1] == made[0]


def test_a_resend_that_ends_a_delivery_claimed_in_the_same_batch() -> None:
    setup = engine_setup(503, batch=1000)
    setup.schedule([START_AT, START_AT + MINUTE])

    def end_the_other(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 1 and attempt.number == 1:
            setup.engine.resend(2)
        return status(200 if attempt.number is None else 503)

    setup.answer = end_the_other
    setup.engine.advance_to(START_AT + 30 * MINUTE)
    assert [(d, n) for d, n, _ in setup.made] == [(1, 1), (2, None)]
    assert setup.state(2) == "delivered"


# Side by side


def test_capacity_is_kept_to() -> None:
    setup = engine_setup(503, capacity=4)
    setup.deliver(10)
    pulls = setup.transport.pulls  # type: ignore[union-attr]
    assert all(got <= places for places, got in pulls)
    assert max(got for _, got in pulls) == 4


def test_results_are_recorded_group_by_group() -> None:
    setup = engine_setup(200, capacity=4)
    setup.deliver(6)
    groups = [[result.attempt.delivery_id for result in group] for group in setup.groups]
    assert groups == [[3, 4], [5, 6], [2], [1]]
    assert [setup.state(delivery_id) for delivery_id in range(1, 7)] == ["delivered"] * 6


def test_attempts_of_one_instant_share_it_and_those_of_the_next_do_not() -> None:
    setup = engine_setup(503, capacity=64)
    setup.schedule([START_AT] * 3 + [START_AT + MINUTE] * 3)
    setup.engine.advance_to(START_AT + HOUR + MINUTE)
    instants = [START_AT, START_AT + MINUTE, START_AT + HOUR, START_AT + HOUR + MINUTE]
    assert [at for _, _, at in setup.made] == [at for at in instants for _ in range(3)]


@pytest.mark.parametrize("wanted", [2, 5])
def test_resends_asked_for_together_do_not_overfill_the_transport(wanted: int) -> None:
    setup = engine_setup(503, capacity=1)
    setup.schedule([START_AT])

    def ask_for_many(attempt: DueAttempt) -> Outcome:
        if attempt.number == 1:
            for _ in range(wanted):
                setup.engine.resend(1)
        return status(503)

    setup.answer = ask_for_many
    setup.engine.settle()
    assert [number for _, number, _ in setup.made] == [1] + [None] * wanted
    pulls = setup.transport.pulls  # type: ignore[union-attr]
    assert all(got <= places for places, got in pulls)


def test_an_error_side_by_side_gives_back_what_had_no_result() -> None:
    setup = engine_setup(503, capacity=8)

    def break_down(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 1:
            raise Broken
        return status(200)

    setup.answer = break_down
    with pytest.raises(Broken):
        setup.deliver(8)
    assert setup.state(8) == "delivered"
    assert setup.state(1) == "pending"
    setup.answer = always(200)
    setup.engine.settle()
    assert setup.ledger.pending_count() == 0
    assert all(len(setup.attempts(delivery_id)) == 1 for delivery_id in range(1, 9))


def test_an_error_of_the_caller_ends_the_exchange() -> None:
    setup = engine_setup(200, capacity=2)
    setup.on_results = lambda results: (_ for _ in ()).throw(Broken)
    with pytest.raises(Broken):
        setup.deliver(4)
    assert setup.transport.closed_early == 1  # type: ignore[union-attr]


def test_a_budget_counts_what_is_under_way() -> None:
    setup = engine_setup(503, capacity=64)
    setup.schedule([START_AT] * 10)
    done = setup.engine.advance_to(START_AT, budget=3)
    assert (done.attempts_made, done.complete) == (3, False)
    assert len(setup.made) == 3


def test_a_stop_leaves_what_is_under_way_to_whoever_recovers_it() -> None:
    setup = engine_setup(200, capacity=4)

    def stop(attempt: DueAttempt) -> Outcome:
        setup.engine.stop()
        return status(200)

    setup.answer = stop
    setup.deliver(6)
    assert len(setup.made) == 2, "one group had been sent"
    assert setup.ledger.pending_count() == 6
    assert setup.engine.settle() == 0, "it makes no more attempts"
    assert setup.ledger.recover() == 4, "those that were claimed, and may have arrived"
    assert all(attempt.repeated for attempt in setup.ledger.claim(START_AT, 10)[:4])


def test_a_stop_between_two_groups_keeps_what_has_ended() -> None:
    setup = engine_setup(200, capacity=4)
    setup.on_results = lambda results: setup.engine.stop()
    setup.deliver(6)
    assert [setup.state(delivery_id) for delivery_id in (3, 4)] == ["delivered"] * 2
    assert setup.ledger.pending_count() == 4
    assert len(setup.made) == 2
    assert setup.ledger.recover() == 2, "those that had no result yet; the others were not claimed"


def test_outcomes_are_accounted_before_they_are_judged() -> None:
    setup = engine_setup(lambda attempt: Outcome(OutcomeKind.TIMEOUT), capacity=2)
    setup.account = lambda attempt, outcome: Outcome(OutcomeKind.TIMEOUT, 30 * SECOND)
    setup.deliver()
    assert setup.ledger.next_due_at() == START_AT + HOUR + 30 * SECOND
