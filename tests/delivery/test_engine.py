"""The laws of the engine, one by one: order, time, who may move it, budgets, errors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import freezegun
import pytest

from mockserver.core.errors import (
    AdvanceInProgress,
    ClockCannotGoBack,
    InvalidValue,
    LedgerUnusable,
    RunawaySchedule,
    UnknownDelivery,
)
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.delivery.engine import Engine
from mockserver.time.clocks import AmbientClock
from tests.delivery.ways_to_send import every_way, in_order
from tests.engine_setup import (
    HOUR,
    MINUTE,
    OFFSETS_IN_HOURS,
    SECOND,
    START_AT,
    Broken,
    EngineSetup,
    Freeze,
    PassingClock,
    always,
    both_freezers,
    engine_setup,
    status,
)

SOON_REAL_SECONDS = 5.0
MICROSECOND = timedelta(microseconds=1)


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


# The rest


def test_only_a_known_delivery_is_resent() -> None:
    setup = engine_setup()
    with pytest.raises(UnknownDelivery, match="no delivery has the id 7"):
        setup.engine.resend(7)


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


# Where the clock is about to stand is written down first


def kept_by(setup: EngineSetup, failing: bool = False) -> list[datetime]:
    """Return where the clock is about to stand, as told by an engine on the same parts."""
    kept: list[datetime] = []

    def keep(stands_at: datetime) -> None:
        assert stands_at >= setup.clock.now()
        kept.append(stands_at)
        if failing:
            raise LedgerUnusable("the disk is full")

    setup.engine = Engine(setup.ledger, setup.transport, setup.clock, keep_clock=keep)
    return kept


@pytest.mark.parametrize("answered", [200, 503])
def test_an_advance_says_where_the_clock_is_about_to_stand(answered: int) -> None:
    setup = engine_setup()
    setup.answer = always(answered)
    setup.deliver()
    kept = kept_by(setup)
    setup.engine.advance_by(90 * MINUTE)
    setup.engine.advance_to_next()
    setup.engine.run_until_idle()
    assert kept[0] == START_AT + 90 * MINUTE
    assert kept[-1] == setup.clock.now()
    assert len(kept) == 3


@pytest.mark.parametrize("due", [False, True], ids=["nothing due", "attempts on the way"])
def test_a_clock_whose_place_cannot_be_written_down_is_not_moved_there(due: bool) -> None:
    setup = engine_setup()
    setup.answer = always(503)
    if due:
        setup.deliver()
    kept_by(setup, failing=True)
    with pytest.raises(LedgerUnusable, match="the disk is full"):
        setup.engine.advance_by(90 * MINUTE)
    # What was made on the way is made, and the clock stands where the last of it was.
    assert setup.clock.now() == START_AT + (HOUR if due else timedelta(0))
    kept_by(setup)
    setup.engine.advance_to(START_AT + 90 * MINUTE)
    assert setup.clock.now() == START_AT + 90 * MINUTE
    assert setup.offsets_in_hours() == ([0, 1] if due else [])


def test_one_that_ended_early_says_where_it_stands() -> None:
    setup = engine_setup()
    setup.answer = always(503)
    setup.deliver()
    kept = kept_by(setup)
    assert not setup.engine.advance_by(90 * HOUR, budget=2).complete
    assert kept == [START_AT + 3 * HOUR]


@pytest.mark.parametrize("idle", [False, True], ids=["instant", "idle"])
def test_one_that_is_stopped_leaves_the_clock_where_it_made_the_last_attempt(idle: bool) -> None:
    setup = engine_setup()
    kept = kept_by(setup)
    setup.deliver()

    def stop_at_the_third(attempt: DueAttempt) -> Outcome:
        if attempt.number == 3:
            setup.engine.stop()
        return status(503)

    setup.answer = stop_at_the_third
    engine = setup.engine
    done = engine.run_until_idle() if idle else engine.advance_by(100 * HOUR)
    assert (done.complete, done.cancelled) == (False, True)
    assert setup.clock.now() == done.now_at == kept[-1] == START_AT + 3 * HOUR
    assert setup.offsets_in_hours() == [0, 1, 3]
