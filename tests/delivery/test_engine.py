"""The laws of the engine, one by one: order, time, who may move it, budgets, errors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import freezegun
import pytest

from mockserver.core.clock import DEFAULT_START_AT, ManualClock
from mockserver.core.errors import (
    AdvanceInProgress,
    ClockCannotGoBack,
    InvalidValue,
    RunawaySchedule,
    UnknownDelivery,
)
from mockserver.core.models import App, DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import RetryPolicy
from mockserver.time.clocks import AmbientClock
from tests.engine_setup import (
    HOUR,
    MINUTE,
    OFFSETS_IN_HOURS,
    SECOND,
    EngineSetup,
    Freeze,
    always,
    both_freezers,
    engine_setup,
    status,
)

SOON_REAL_SECONDS = 5.0
MICROSECOND = timedelta(microseconds=1)
START_AT = DEFAULT_START_AT


def name_of(way: dict[str, Any]) -> str:
    return "-".join(f"{name}-{value}" for name, value in way.items())


IN_ORDER: list[dict[str, Any]] = [{"batch": 1}, {"batch": 7}, {"batch": 1000}, {"capacity": 1}]
#: Every way to send: one by one, in batches, side by side.
every_way = pytest.mark.parametrize("way", [*IN_ORDER, {"capacity": 64}], ids=name_of)
#: Those that keep the order of ties; side by side they run at once.
in_order = pytest.mark.parametrize("way", IN_ORDER, ids=name_of)


# The whole schedule


@every_way
def test_ten_attempts_at_the_documented_instants_and_then_loss(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.deliver()
    done = setup.engine.run_until_idle()
    assert setup.offsets_in_hours() == OFFSETS_IN_HOURS
    assert setup.state() == "lost"
    assert [attempt.number for attempt in setup.attempts()] == list(range(1, 11))
    assert done.from_at == START_AT
    assert done.now_at == setup.clock.now() == START_AT + 65 * HOUR
    assert (done.attempts_made, done.next_due_at, done.complete) == (9, None, True)


@every_way
def test_the_first_attempt_is_made_at_once(way: dict[str, Any]) -> None:
    setup = engine_setup(200, **way)
    setup.deliver()
    assert setup.state() == "delivered"
    assert setup.made == [(1, 1, START_AT)]
    assert setup.clock.now() == START_AT


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


# Law: the target of an advance is included


@every_way
def test_the_target_is_included(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.deliver()
    setup.engine.advance_to(START_AT + HOUR - MICROSECOND)
    assert setup.offsets_in_hours() == [0]
    done = setup.engine.advance_to(START_AT + HOUR)
    assert setup.offsets_in_hours() == [0, 1]
    assert (done.attempts_made, done.next_due_at) == (1, START_AT + 3 * HOUR)


@every_way
def test_what_an_advance_schedules_it_also_makes(way: dict[str, Any]) -> None:
    """One long step is as good as many: no retry starts from the target instead of its own."""
    setup = engine_setup(503, **way)
    setup.deliver()
    assert setup.engine.advance_to(START_AT + 25 * HOUR).attempts_made == 5
    assert setup.offsets_in_hours() == OFFSETS_IN_HOURS[:6]


def test_an_advance_of_nothing_makes_what_is_due() -> None:
    setup = engine_setup()
    setup.deliver(settle=False)
    assert setup.engine.advance_to(START_AT).attempts_made == 1
    assert setup.clock.now() == START_AT


# Law: ties run first in, first out


@in_order
def test_ties_run_first_in_first_out(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.deliver(20)
    setup.engine.run_until_idle()
    assert [number for _, number, _ in setup.made] == [n for n in range(1, 11) for _ in range(20)]
    for number in range(1, 11):
        assert [d for d, n, _ in setup.made if n == number] == list(range(1, 21))


@in_order
def test_a_tie_goes_to_what_was_scheduled_first(way: dict[str, Any]) -> None:
    """The retry of 1 and the first attempt of 2 fall due together; 2 has waited longer."""
    setup = engine_setup(503, **way)
    setup.schedule([START_AT, START_AT + HOUR])
    setup.engine.advance_to(START_AT + HOUR)
    assert [(d, n) for d, n, _ in setup.made] == [(1, 1), (2, 1), (1, 2)]


# Law: while an attempt runs, the present is its due instant


@every_way
def test_the_present_is_the_due_instant_while_an_attempt_runs(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    seen: list[tuple[datetime, datetime]] = []

    def look(attempt: DueAttempt) -> Outcome:
        seen.append((attempt.due_at, setup.clock.now()))
        return status(503, 17 * SECOND)

    setup.answer = look
    setup.schedule([START_AT + minutes * MINUTE for minutes in (0, 20, 40, 60, 61)])
    setup.engine.advance_to(START_AT + 100 * HOUR)
    assert len(seen) == 50
    assert all(due_at == now_at for due_at, now_at in seen)
    assert setup.clock.now() == START_AT + 100 * HOUR
    for delivery_id in range(1, 6):
        due = setup.attempts(delivery_id)
        assert [a.started_at for a in due] == sorted(a.started_at for a in due)


@every_way
def test_what_is_overdue_on_a_clock_that_cannot_go_back_is_made_now(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.schedule([START_AT])
    setup.clock.move_to(START_AT + 5 * HOUR)
    setup.engine.settle()
    assert setup.made == [(1, 1, START_AT + 5 * HOUR)]
    setup.engine.advance_to(START_AT + 6 * HOUR)
    assert setup.offsets_in_hours() == [0, 1], "the retry counts from when it really was"


# Law: time only moves forward


def test_time_only_moves_forward() -> None:
    setup = engine_setup()
    setup.deliver()
    setup.engine.advance_to(START_AT + 2 * HOUR)
    with pytest.raises(ClockCannotGoBack, match="only moves forward") as caught:
        setup.engine.advance_to(START_AT + HOUR)
    assert "2026-01-01T01:00:00" in str(caught.value)
    assert setup.clock.now() == START_AT + 2 * HOUR
    setup.engine.advance_to(START_AT + 2 * HOUR)
    assert setup.offsets_in_hours() == [0, 1]


def test_a_refused_advance_leaves_the_lock_free() -> None:
    setup = engine_setup()
    with pytest.raises(ClockCannotGoBack):
        setup.engine.advance_to(START_AT - HOUR)
    assert setup.engine.advance_to(START_AT + HOUR).complete


def test_a_clock_that_an_attempt_moved_beyond_the_target_is_not_pulled_back() -> None:
    setup = engine_setup()
    setup.deliver()

    def move(attempt: DueAttempt) -> Outcome:
        setup.clock.move_to(START_AT + 5 * HOUR)
        return status(200)

    setup.answer = move
    with pytest.raises(ClockCannotGoBack, match="cannot move the clock back"):
        setup.engine.advance_to(START_AT + 2 * HOUR)
    assert setup.state() == "delivered"
    assert setup.clock.now() == START_AT + 5 * HOUR


# The steps


def test_by_a_duration() -> None:
    setup = engine_setup()
    setup.deliver()
    assert setup.engine.advance_by(3 * HOUR).now_at == START_AT + 3 * HOUR
    assert setup.offsets_in_hours() == [0, 1, 3]
    with pytest.raises(ClockCannotGoBack):
        setup.engine.advance_by(-SECOND)


def test_a_duration_counts_from_where_a_passing_clock_stands() -> None:
    setup = engine_setup(clock=PassingClock())
    done = setup.engine.advance_by(0 * SECOND)
    assert done.complete
    done = setup.engine.advance_by(HOUR)
    assert done.now_at >= done.from_at + HOUR


def test_to_the_next_instant_and_no_further() -> None:
    setup = engine_setup()
    setup.schedule([START_AT + HOUR, START_AT + HOUR, START_AT + 2 * HOUR])
    done = setup.engine.advance_to_next()
    assert (done.now_at, done.attempts_made) == (START_AT + HOUR, 2)
    assert done.next_due_at == START_AT + 2 * HOUR


def test_to_the_next_instant_when_nothing_is_due() -> None:
    setup = engine_setup()
    done = setup.engine.advance_to_next()
    assert (done.now_at, done.attempts_made, done.next_due_at) == (START_AT, 0, None)
    assert done.complete


def test_until_idle_with_nothing_to_do_leaves_the_clock_alone() -> None:
    setup = engine_setup(200)
    setup.deliver()
    done = setup.engine.run_until_idle()
    assert (done.now_at, done.attempts_made, done.complete) == (START_AT, 0, True)


def test_until_idle_ends_at_the_last_attempt() -> None:
    setup = engine_setup()
    setup.deliver()
    setup.engine.advance_to(START_AT + 2 * HOUR)
    assert setup.engine.run_until_idle().now_at == START_AT + 65 * HOUR


# Law: a move inside a move is refused


def refused_advance(setup: EngineSetup) -> str:
    try:
        setup.engine.advance_to(setup.clock.now() + HOUR)
    except AdvanceInProgress as refusal:
        return refusal.code
    return "not refused"


@every_way
@pytest.mark.parametrize("another_thread", [False, True], ids=["same-thread", "another-thread"])
def test_an_advance_within_an_advance_is_refused(way: dict[str, Any], another_thread: bool) -> None:
    setup = engine_setup(503, **way)
    refusals: list[str] = []

    def advance_again(attempt: DueAttempt) -> Outcome:
        if another_thread:
            with ThreadPoolExecutor(1) as other:
                refusals.append(other.submit(refused_advance, setup).result(SOON_REAL_SECONDS))
        else:
            refusals.append(refused_advance(setup))
        return status(503)

    setup.deliver()
    setup.answer = advance_again
    done = setup.engine.advance_to(START_AT + 3 * HOUR)
    assert refusals == ["advance-in-progress"] * 2
    assert (done.attempts_made, done.complete) == (2, True)
    assert setup.offsets_in_hours() == [0, 1, 3]


@every_way
def test_an_advance_within_a_settle_is_refused(way: dict[str, Any]) -> None:
    setup = engine_setup(**way)
    refusals: list[str] = []

    def advance_again(attempt: DueAttempt) -> Outcome:
        refusals.append(refused_advance(setup))
        return status(200)

    setup.answer = advance_again
    setup.deliver()
    assert refusals == ["advance-in-progress"]
    assert setup.state() == "delivered"


# Law: a budget stops a runaway, and the advance can be resumed


@every_way
def test_a_budget_stops_an_advance_which_can_be_resumed(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.deliver(3)
    first = setup.engine.advance_to(START_AT + 10 * HOUR, budget=4)
    assert (first.attempts_made, first.complete) == (4, False)
    assert first.now_at == setup.clock.now() == START_AT + 3 * HOUR
    assert first.next_due_at == START_AT + 3 * HOUR
    rest = setup.engine.advance_to(START_AT + 10 * HOUR, budget=5)
    assert (rest.attempts_made, rest.complete) == (5, True)
    assert rest.now_at == START_AT + 10 * HOUR
    for delivery_id in (1, 2, 3):
        assert setup.offsets_in_hours(delivery_id) == [0, 1, 3, 7]


@every_way
def test_a_budget_that_is_just_enough_is_enough(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.deliver()
    done = setup.engine.run_until_idle(budget=9)
    assert (done.attempts_made, done.complete) == (9, True)


@every_way
def test_a_schedule_that_never_leaves_its_instant_is_stopped(way: dict[str, Any]) -> None:
    """Each attempt is an event that fires a postback, at once and for ever."""
    setup = engine_setup(200, **way)
    setup.schedule([START_AT + HOUR])

    def fire_again(attempt: DueAttempt) -> Outcome:
        setup.deliver()
        return status(200)

    setup.answer = fire_again
    done = setup.engine.advance_to(START_AT + 2 * HOUR, budget=50)
    assert (done.attempts_made, done.complete) == (50, False)
    assert done.now_at == START_AT + HOUR
    setup.answer = always(200)
    assert setup.engine.advance_to(START_AT + 2 * HOUR).complete
    assert {attempt_number for _, attempt_number, _ in setup.made} == {1}
    assert len(setup.made) == 51


@every_way
def test_a_settle_keeps_to_its_budget_too(way: dict[str, Any]) -> None:
    setup = engine_setup(200, **way)

    def fire_again(attempt: DueAttempt) -> Outcome:
        setup.deliver()
        return status(200)

    setup.answer = fire_again
    setup.schedule([START_AT])
    with pytest.raises(RunawaySchedule, match="25 attempts were made"):
        setup.engine.settle(budget=25)
    assert len(setup.made) == 25
    setup.answer = always(200)
    assert setup.engine.settle(budget=25) == 1, "nothing was lost"


def test_no_real_time_at_all_makes_nothing_and_loses_nothing() -> None:
    setup = engine_setup()
    setup.deliver()
    done = setup.engine.run_until_idle(real_seconds=0)
    assert (done.attempts_made, done.complete) == (0, False)
    assert setup.engine.run_until_idle(real_seconds=60).complete
    assert setup.offsets_in_hours() == OFFSETS_IN_HOURS


def test_real_time_that_is_up_ends_an_advance_between_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real_seconds = [100.0]
    monkeypatch.setattr("mockserver.net.monotonic.real_seconds", lambda: real_seconds[0])
    setup = engine_setup()
    setup.deliver()

    def take_a_second(attempt: DueAttempt) -> Outcome:
        real_seconds[0] += 1
        return status(503)

    setup.answer = take_a_second
    done = setup.engine.run_until_idle(real_seconds=4)
    assert (done.attempts_made, done.complete) == (4, False)
    assert done.now_at == START_AT + 15 * HOUR
    monkeypatch.undo()
    assert setup.engine.run_until_idle().attempts_made == 5
    assert setup.offsets_in_hours() == OFFSETS_IN_HOURS


@both_freezers
def test_real_time_is_not_the_frozen_one(freeze: Freeze) -> None:
    """A frozen hour that passes during an advance is no real second of its budget."""
    with freeze(START_AT) as freezer:
        setup = engine_setup(clock=AmbientClock(freezer))
        setup.deliver()
        assert setup.engine.run_until_idle(real_seconds=60).complete


# Law: after an error the advance can be resumed, and nothing is lost


class Broken(Exception):
    """A mistake of the program that answers."""


@every_way
def test_an_error_leaves_the_clock_where_it_is_and_loses_nothing(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.deliver(3)

    def break_once(attempt: DueAttempt) -> Outcome:
        if (attempt.delivery_id, attempt.number) == (2, 3):
            setup.answer = always(503)
            raise Broken
        return status(503)

    setup.answer = break_once
    with pytest.raises(Broken):
        setup.engine.advance_to(START_AT + 100 * HOUR)
    assert setup.clock.now() == START_AT + 3 * HOUR
    assert setup.ledger.next_due_at() == START_AT + 3 * HOUR
    done = setup.engine.advance_to(START_AT + 100 * HOUR)
    assert done.complete
    for delivery_id in (1, 2, 3):
        assert setup.offsets_in_hours(delivery_id) == OFFSETS_IN_HOURS
        assert [a.number for a in setup.attempts(delivery_id)] == list(range(1, 11))
        assert setup.state(delivery_id) == "lost"


@every_way
def test_an_error_while_settling_loses_nothing(way: dict[str, Any]) -> None:
    setup = engine_setup(**way)

    def break_down(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 2:
            raise Broken
        return status(200)

    setup.answer = break_down
    with pytest.raises(Broken):
        setup.deliver(4)
    setup.answer = always(200)
    setup.engine.settle()
    assert [setup.state(delivery_id) for delivery_id in (1, 2, 3, 4)] == ["delivered"] * 4
    for delivery_id in (1, 3, 4):
        assert setup.attempts(delivery_id)[-1].number == 1


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


@every_way
def test_an_error_of_those_who_are_told_loses_nothing(way: dict[str, Any]) -> None:
    setup = engine_setup(200, **way)
    setup.on_results = lambda results: (_ for _ in ()).throw(Broken)
    with pytest.raises(Broken):
        setup.deliver(3)
    setup.on_results = lambda results: None
    setup.engine.settle()
    assert [setup.state(delivery_id) for delivery_id in (1, 2, 3)] == ["delivered"] * 3
    assert [len(setup.attempts(delivery_id)) for delivery_id in (1, 2, 3)] == [1, 1, 1]


# Law: advancing by a and then by b is advancing by a + b (also in tests/properties)


@every_way
def test_two_steps_are_one(way: dict[str, Any]) -> None:
    one, two = engine_setup(503, **way), engine_setup(503, **way)
    for setup in (one, two):
        setup.schedule([START_AT + minutes * MINUTE for minutes in (0, 30, 60, 90)])
    one.engine.advance_to(START_AT + 20 * HOUR)
    for hours in (0.5, 0.5, 1, 3, 11, 20):
        two.engine.advance_to(START_AT + hours * HOUR)
    assert one.history() == two.history()
    assert one.made == two.made


# Events that happen while an attempt is made


@in_order
def test_an_event_from_within_an_attempt_is_sent_at_its_own_instant(way: dict[str, Any]) -> None:
    """A partner's endpoint that triggers the next event when it gets a postback."""
    setup = engine_setup(503, **way)
    setup.schedule([START_AT, START_AT + 30 * MINUTE, START_AT + 45 * MINUTE])

    def fire(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 2 and attempt.number == 1:
            setup.deliver()
        return status(503)

    setup.answer = fire
    done = setup.engine.advance_to(START_AT + 2 * HOUR)
    assert [(d, n, (at - START_AT) / MINUTE) for d, n, at in setup.made] == [
        (1, 1, 0),
        (2, 1, 30),
        (4, 1, 30),
        (3, 1, 45),
        (1, 2, 60),
        (2, 2, 90),
        (4, 2, 90),
        (3, 2, 105),
    ]
    assert done.attempts_made == 8
    assert setup.groups[-1], "every group that is told of has something in it"
    assert sum(len(group) for group in setup.groups) == 8


@every_way
def test_an_event_of_another_thread_waits_for_nobody(way: dict[str, Any]) -> None:
    setup = engine_setup(**way)

    def fire_from_elsewhere(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 1:
            with ThreadPoolExecutor(1) as other:
                other.submit(setup.deliver).result(SOON_REAL_SECONDS)
        return status(200)

    setup.answer = fire_from_elsewhere
    setup.deliver()
    assert setup.state(1) == setup.state(2) == "delivered"


@every_way
def test_a_chain_of_events_within_attempts(way: dict[str, Any]) -> None:
    setup = engine_setup(**way)

    def pass_on(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id < 30:
            setup.deliver()
        return status(200)

    setup.answer = pass_on
    setup.deliver()
    assert [delivery_id for delivery_id, _, _ in setup.made] == list(range(1, 31))
    assert setup.ledger.pending_count() == 0


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


def test_only_a_known_delivery_is_resent() -> None:
    setup = engine_setup()
    with pytest.raises(UnknownDelivery, match="no delivery has the id 7"):
        setup.engine.resend(7)


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


def test_time_is_virtual_unless_it_passes_by_itself() -> None:
    setup = engine_setup()
    assert setup.engine.is_virtual
    seen: list[bool] = []
    setup = engine_setup(clock=PassingClock())
    assert not setup.engine.is_virtual

    def look(attempt: DueAttempt) -> Outcome:
        seen.append(setup.engine.is_virtual)
        return status(503)

    setup.answer = look
    setup.deliver()
    setup.engine.advance_to(setup.clock.now() + 2 * HOUR)
    assert seen == [False, True]


class PassingClock(ManualClock):
    """A clock on which a second passes with every look at it, as on a busy machine."""

    is_running = True

    def now(self) -> datetime:
        now_at = super().now()
        self._now_at = now_at + SECOND
        return now_at


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


# Somebody's frozen time


@both_freezers
@every_way
def test_a_settle_replays_what_fell_due_and_returns(freeze: Freeze, way: dict[str, Any]) -> None:
    with freeze(START_AT) as freezer:
        setup = engine_setup(503, clock=AmbientClock(freezer), **way)
        setup.deliver()
        freezer.move_to(START_AT + 20 * HOUR)
        assert setup.engine.settle() == 4
        assert setup.clock.now() == START_AT + 20 * HOUR
        assert setup.offsets_in_hours() == [0, 1, 3, 7, 15]
        assert [(at - START_AT) / HOUR for _, _, at in setup.made] == [0, 1, 3, 7, 15]


@both_freezers
@every_way
def test_an_advance_moves_the_freezer(freeze: Freeze, way: dict[str, Any]) -> None:
    with freeze(START_AT) as freezer:
        setup = engine_setup(503, clock=AmbientClock(freezer), **way)
        setup.deliver()
        done = setup.engine.run_until_idle()
        assert setup.offsets_in_hours() == OFFSETS_IN_HOURS
        assert done.now_at == setup.clock.now() == START_AT + 65 * HOUR
        assert setup.engine.advance_to(START_AT + 70 * HOUR).now_at == START_AT + 70 * HOUR


@both_freezers
@every_way
def test_an_advance_first_replays_what_is_overdue(freeze: Freeze, way: dict[str, Any]) -> None:
    with freeze(START_AT) as freezer:
        setup = engine_setup(503, clock=AmbientClock(freezer), **way)
        setup.deliver()
        freezer.move_to(START_AT + 5 * HOUR)
        done = setup.engine.advance_to(START_AT + 7 * HOUR)
        assert setup.offsets_in_hours() == [0, 1, 3, 7]
        assert (done.from_at, done.now_at) == (START_AT + 5 * HOUR, START_AT + 7 * HOUR)


@both_freezers
def test_until_idle_with_all_of_it_overdue_returns_to_the_users_time(freeze: Freeze) -> None:
    with freeze(START_AT) as freezer:
        setup = engine_setup(503, clock=AmbientClock(freezer))
        setup.deliver()
        freezer.move_to(START_AT + 100 * HOUR)
        assert setup.engine.run_until_idle().now_at == START_AT + 100 * HOUR
        assert setup.offsets_in_hours() == OFFSETS_IN_HOURS


@both_freezers
def test_an_error_during_a_replay_can_be_put_right(freeze: Freeze) -> None:
    with freeze(START_AT) as freezer:
        setup = engine_setup(503, clock=AmbientClock(freezer))
        setup.deliver()
        freezer.move_to(START_AT + 20 * HOUR)

        def break_down(attempt: DueAttempt) -> Outcome:
            raise Broken

        setup.answer = break_down
        with pytest.raises(Broken):
            setup.engine.settle()
        setup.answer = always(503)
        freezer.move_to(START_AT + 20 * HOUR)
        setup.engine.settle()
        assert setup.offsets_in_hours() == [0, 1, 3, 7, 15]


def test_without_a_freezer_what_is_due_is_made_now_and_time_is_not_moved() -> None:
    with freezegun.freeze_time(START_AT) as freezer:
        setup = engine_setup(503, clock=AmbientClock())
        setup.deliver()
        freezer.move_to(START_AT + 2 * HOUR)
        assert setup.engine.settle() == 1
        assert setup.offsets_in_hours() == [0, 2]
        with pytest.raises(InvalidValue, match="pass the freezer"):
            setup.engine.advance_to(START_AT + 10 * HOUR)
        assert setup.clock.now() == START_AT + 2 * HOUR
        freezer.move_to(START_AT + 4 * HOUR)
        assert setup.engine.settle() == 1
        assert setup.offsets_in_hours() == [0, 2, 4]
