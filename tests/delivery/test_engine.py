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
    Freeze,
    World,
    always,
    both_freezers,
    status,
    world,
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
    w = world(503, **way)
    w.deliver()
    done = w.engine.run_until_idle()
    assert w.offsets_in_hours() == OFFSETS_IN_HOURS
    assert w.state() == "lost"
    assert [attempt.number for attempt in w.attempts()] == list(range(1, 11))
    assert done.from_at == START_AT
    assert done.now_at == w.clock.now() == START_AT + 65 * HOUR
    assert (done.attempts_made, done.next_due_at, done.complete) == (9, None, True)


@every_way
def test_the_first_attempt_is_made_at_once(way: dict[str, Any]) -> None:
    w = world(200, **way)
    w.deliver()
    assert w.state() == "delivered"
    assert w.made == [(1, 1, START_AT)]
    assert w.clock.now() == START_AT


@every_way
@pytest.mark.parametrize(
    ("code", "state"), [(204, "delivered"), (302, "rejected"), (404, "rejected")]
)
def test_what_is_not_retried_ends_the_delivery(way: dict[str, Any], code: int, state: str) -> None:
    w = world(code, **way)
    w.deliver()
    assert w.engine.run_until_idle().attempts_made == 0
    assert w.state() == state
    assert len(w.attempts()) == 1


@every_way
def test_a_delay_counts_from_the_end_of_the_attempt(way: dict[str, Any]) -> None:
    timeout = Outcome(OutcomeKind.TIMEOUT, 30 * SECOND)
    w = world(lambda attempt: timeout, **way)
    w.deliver()
    w.engine.run_until_idle()
    assert [attempt.started_at - START_AT for attempt in w.attempts()] == [
        hours * HOUR + number * 30 * SECOND for number, hours in enumerate(OFFSETS_IN_HOURS)
    ]
    assert w.state() == "lost"


@every_way
def test_each_app_has_its_own_schedule(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.ledger.put_app(App("quick", retry=RetryPolicy(delays=(MINUTE, MINUTE))))
    w.deliver(app_id="quick")
    w.deliver(app_id="app")
    w.engine.run_until_idle()
    assert w.offsets_in_hours(1) == [0, 1 / 60, 2 / 60]
    assert w.offsets_in_hours(2) == OFFSETS_IN_HOURS


@every_way
def test_a_changed_app_has_its_new_schedule_at_once(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.deliver()
    app = App("app", retry=RetryPolicy(delays=(MINUTE,) * 3))
    w.ledger.put_app(app)
    w.engine.app_changed(app)
    w.engine.run_until_idle()
    assert w.offsets_in_hours() == [0, 1, 1 + 1 / 60, 1 + 2 / 60]


def test_an_app_that_no_ledger_knows_has_the_documented_schedule() -> None:
    w = world()
    w.deliver(app_id="stranger")
    w.engine.run_until_idle()
    assert w.offsets_in_hours() == OFFSETS_IN_HOURS


# Law: the target of an advance is included


@every_way
def test_the_target_is_included(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.deliver()
    w.engine.advance_to(START_AT + HOUR - MICROSECOND)
    assert w.offsets_in_hours() == [0]
    done = w.engine.advance_to(START_AT + HOUR)
    assert w.offsets_in_hours() == [0, 1]
    assert (done.attempts_made, done.next_due_at) == (1, START_AT + 3 * HOUR)


@every_way
def test_what_an_advance_schedules_it_also_makes(way: dict[str, Any]) -> None:
    """One long step is as good as many: no retry starts from the target instead of its own."""
    w = world(503, **way)
    w.deliver()
    assert w.engine.advance_to(START_AT + 25 * HOUR).attempts_made == 5
    assert w.offsets_in_hours() == OFFSETS_IN_HOURS[:6]


def test_an_advance_of_nothing_makes_what_is_due() -> None:
    w = world()
    w.deliver(settle=False)
    assert w.engine.advance_to(START_AT).attempts_made == 1
    assert w.clock.now() == START_AT


# Law: ties run first in, first out


@in_order
def test_ties_run_first_in_first_out(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.deliver(20)
    w.engine.run_until_idle()
    assert [number for _, number, _ in w.made] == [n for n in range(1, 11) for _ in range(20)]
    for number in range(1, 11):
        assert [d for d, n, _ in w.made if n == number] == list(range(1, 21))


@in_order
def test_a_tie_goes_to_what_was_scheduled_first(way: dict[str, Any]) -> None:
    """The retry of 1 and the first attempt of 2 fall due together; 2 has waited longer."""
    w = world(503, **way)
    w.schedule([START_AT, START_AT + HOUR])
    w.engine.advance_to(START_AT + HOUR)
    assert [(d, n) for d, n, _ in w.made] == [(1, 1), (2, 1), (1, 2)]


# Law: while an attempt runs, the present is its due instant


@every_way
def test_the_present_is_the_due_instant_while_an_attempt_runs(way: dict[str, Any]) -> None:
    w = world(503, **way)
    seen: list[tuple[datetime, datetime]] = []

    def look(attempt: DueAttempt) -> Outcome:
        seen.append((attempt.due_at, w.clock.now()))
        return status(503, 17 * SECOND)

    w.answer = look
    w.schedule([START_AT + minutes * MINUTE for minutes in (0, 20, 40, 60, 61)])
    w.engine.advance_to(START_AT + 100 * HOUR)
    assert len(seen) == 50
    assert all(due_at == now_at for due_at, now_at in seen)
    assert w.clock.now() == START_AT + 100 * HOUR
    for delivery_id in range(1, 6):
        due = w.attempts(delivery_id)
        assert [a.started_at for a in due] == sorted(a.started_at for a in due)


@every_way
def test_what_is_overdue_on_a_clock_that_cannot_go_back_is_made_now(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.schedule([START_AT])
    w.clock.move_to(START_AT + 5 * HOUR)
    w.engine.settle()
    assert w.made == [(1, 1, START_AT + 5 * HOUR)]
    w.engine.advance_to(START_AT + 6 * HOUR)
    assert w.offsets_in_hours() == [0, 1], "the retry counts from when it really was"


# Law: time only moves forward


def test_time_only_moves_forward() -> None:
    w = world()
    w.deliver()
    w.engine.advance_to(START_AT + 2 * HOUR)
    with pytest.raises(ClockCannotGoBack, match="only moves forward") as caught:
        w.engine.advance_to(START_AT + HOUR)
    assert "2026-01-01T01:00:00" in str(caught.value)
    assert w.clock.now() == START_AT + 2 * HOUR
    w.engine.advance_to(START_AT + 2 * HOUR)
    assert w.offsets_in_hours() == [0, 1]


def test_a_refused_advance_leaves_the_lock_free() -> None:
    w = world()
    with pytest.raises(ClockCannotGoBack):
        w.engine.advance_to(START_AT - HOUR)
    assert w.engine.advance_to(START_AT + HOUR).complete


def test_a_clock_that_an_attempt_moved_beyond_the_target_is_not_pulled_back() -> None:
    w = world()
    w.deliver()

    def move(attempt: DueAttempt) -> Outcome:
        w.clock.move_to(START_AT + 5 * HOUR)
        return status(200)

    w.answer = move
    with pytest.raises(ClockCannotGoBack, match="cannot move the clock back"):
        w.engine.advance_to(START_AT + 2 * HOUR)
    assert w.state() == "delivered"
    assert w.clock.now() == START_AT + 5 * HOUR


# The steps


def test_by_a_duration() -> None:
    w = world()
    w.deliver()
    assert w.engine.advance_by(3 * HOUR).now_at == START_AT + 3 * HOUR
    assert w.offsets_in_hours() == [0, 1, 3]
    with pytest.raises(ClockCannotGoBack):
        w.engine.advance_by(-SECOND)


def test_a_duration_counts_from_where_a_passing_clock_stands() -> None:
    w = world(clock=PassingClock())
    done = w.engine.advance_by(0 * SECOND)
    assert done.complete
    done = w.engine.advance_by(HOUR)
    assert done.now_at >= done.from_at + HOUR


def test_to_the_next_instant_and_no_further() -> None:
    w = world()
    w.schedule([START_AT + HOUR, START_AT + HOUR, START_AT + 2 * HOUR])
    done = w.engine.advance_to_next()
    assert (done.now_at, done.attempts_made) == (START_AT + HOUR, 2)
    assert done.next_due_at == START_AT + 2 * HOUR


def test_to_the_next_instant_when_nothing_is_due() -> None:
    w = world()
    done = w.engine.advance_to_next()
    assert (done.now_at, done.attempts_made, done.next_due_at) == (START_AT, 0, None)
    assert done.complete


def test_until_idle_with_nothing_to_do_leaves_the_clock_alone() -> None:
    w = world(200)
    w.deliver()
    done = w.engine.run_until_idle()
    assert (done.now_at, done.attempts_made, done.complete) == (START_AT, 0, True)


def test_until_idle_ends_at_the_last_attempt() -> None:
    w = world()
    w.deliver()
    w.engine.advance_to(START_AT + 2 * HOUR)
    assert w.engine.run_until_idle().now_at == START_AT + 65 * HOUR


# Law: a move inside a move is refused


def refused_advance(w: World) -> str:
    try:
        w.engine.advance_to(w.clock.now() + HOUR)
    except AdvanceInProgress as refusal:
        return refusal.code
    return "not refused"


@every_way
@pytest.mark.parametrize("another_thread", [False, True], ids=["same-thread", "another-thread"])
def test_an_advance_within_an_advance_is_refused(way: dict[str, Any], another_thread: bool) -> None:
    w = world(503, **way)
    refusals: list[str] = []

    def advance_again(attempt: DueAttempt) -> Outcome:
        if another_thread:
            with ThreadPoolExecutor(1) as other:
                refusals.append(other.submit(refused_advance, w).result(SOON_REAL_SECONDS))
        else:
            refusals.append(refused_advance(w))
        return status(503)

    w.deliver()
    w.answer = advance_again
    done = w.engine.advance_to(START_AT + 3 * HOUR)
    assert refusals == ["advance-in-progress"] * 2
    assert (done.attempts_made, done.complete) == (2, True)
    assert w.offsets_in_hours() == [0, 1, 3]


@every_way
def test_an_advance_within_a_settle_is_refused(way: dict[str, Any]) -> None:
    w = world(**way)
    refusals: list[str] = []

    def advance_again(attempt: DueAttempt) -> Outcome:
        refusals.append(refused_advance(w))
        return status(200)

    w.answer = advance_again
    w.deliver()
    assert refusals == ["advance-in-progress"]
    assert w.state() == "delivered"


# Law: a budget stops a runaway, and the advance can be resumed


@every_way
def test_a_budget_stops_an_advance_which_can_be_resumed(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.deliver(3)
    first = w.engine.advance_to(START_AT + 10 * HOUR, budget=4)
    assert (first.attempts_made, first.complete) == (4, False)
    assert first.now_at == w.clock.now() == START_AT + 3 * HOUR
    assert first.next_due_at == START_AT + 3 * HOUR
    rest = w.engine.advance_to(START_AT + 10 * HOUR, budget=5)
    assert (rest.attempts_made, rest.complete) == (5, True)
    assert rest.now_at == START_AT + 10 * HOUR
    for delivery_id in (1, 2, 3):
        assert w.offsets_in_hours(delivery_id) == [0, 1, 3, 7]


@every_way
def test_a_budget_that_is_just_enough_is_enough(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.deliver()
    done = w.engine.run_until_idle(budget=9)
    assert (done.attempts_made, done.complete) == (9, True)


@every_way
def test_a_schedule_that_never_leaves_its_instant_is_stopped(way: dict[str, Any]) -> None:
    """Each attempt is an event that fires a postback, at once and for ever."""
    w = world(200, **way)
    w.schedule([START_AT + HOUR])

    def fire_again(attempt: DueAttempt) -> Outcome:
        w.deliver()
        return status(200)

    w.answer = fire_again
    done = w.engine.advance_to(START_AT + 2 * HOUR, budget=50)
    assert (done.attempts_made, done.complete) == (50, False)
    assert done.now_at == START_AT + HOUR
    w.answer = always(200)
    assert w.engine.advance_to(START_AT + 2 * HOUR).complete
    assert {attempt_number for _, attempt_number, _ in w.made} == {1}
    assert len(w.made) == 51


@every_way
def test_a_settle_keeps_to_its_budget_too(way: dict[str, Any]) -> None:
    w = world(200, **way)

    def fire_again(attempt: DueAttempt) -> Outcome:
        w.deliver()
        return status(200)

    w.answer = fire_again
    w.schedule([START_AT])
    with pytest.raises(RunawaySchedule, match="25 attempts were made"):
        w.engine.settle(budget=25)
    assert len(w.made) == 25
    w.answer = always(200)
    assert w.engine.settle(budget=25) == 1, "nothing was lost"


def test_no_real_time_at_all_makes_nothing_and_loses_nothing() -> None:
    w = world()
    w.deliver()
    done = w.engine.run_until_idle(real_seconds=0)
    assert (done.attempts_made, done.complete) == (0, False)
    assert w.engine.run_until_idle(real_seconds=60).complete
    assert w.offsets_in_hours() == OFFSETS_IN_HOURS


def test_real_time_that_is_up_ends_an_advance_between_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real_seconds = [100.0]
    monkeypatch.setattr("mockserver.net.monotonic.real_seconds", lambda: real_seconds[0])
    w = world()
    w.deliver()

    def take_a_second(attempt: DueAttempt) -> Outcome:
        real_seconds[0] += 1
        return status(503)

    w.answer = take_a_second
    done = w.engine.run_until_idle(real_seconds=4)
    assert (done.attempts_made, done.complete) == (4, False)
    assert done.now_at == START_AT + 15 * HOUR
    monkeypatch.undo()
    assert w.engine.run_until_idle().attempts_made == 5
    assert w.offsets_in_hours() == OFFSETS_IN_HOURS


@both_freezers
def test_real_time_is_not_the_frozen_one(freeze: Freeze) -> None:
    """A frozen hour that passes during an advance is no real second of its budget."""
    with freeze(START_AT) as freezer:
        w = world(clock=AmbientClock(freezer))
        w.deliver()
        assert w.engine.run_until_idle(real_seconds=60).complete


# Law: after an error the advance can be resumed, and nothing is lost


class Broken(Exception):
    """A mistake of the program that answers."""


@every_way
def test_an_error_leaves_the_clock_where_it_is_and_loses_nothing(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.deliver(3)

    def break_once(attempt: DueAttempt) -> Outcome:
        if (attempt.delivery_id, attempt.number) == (2, 3):
            w.answer = always(503)
            raise Broken
        return status(503)

    w.answer = break_once
    with pytest.raises(Broken):
        w.engine.advance_to(START_AT + 100 * HOUR)
    assert w.clock.now() == START_AT + 3 * HOUR
    assert w.ledger.next_due_at() == START_AT + 3 * HOUR
    done = w.engine.advance_to(START_AT + 100 * HOUR)
    assert done.complete
    for delivery_id in (1, 2, 3):
        assert w.offsets_in_hours(delivery_id) == OFFSETS_IN_HOURS
        assert [a.number for a in w.attempts(delivery_id)] == list(range(1, 11))
        assert w.state(delivery_id) == "lost"


@every_way
def test_an_error_while_settling_loses_nothing(way: dict[str, Any]) -> None:
    w = world(**way)

    def break_down(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 2:
            raise Broken
        return status(200)

    w.answer = break_down
    with pytest.raises(Broken):
        w.deliver(4)
    w.answer = always(200)
    w.engine.settle()
    assert [w.state(delivery_id) for delivery_id in (1, 2, 3, 4)] == ["delivered"] * 4
    for delivery_id in (1, 3, 4):
        assert w.attempts(delivery_id)[-1].number == 1


def test_what_was_made_before_an_error_is_recorded_and_not_made_again() -> None:
    w = world(batch=1000)

    def break_at_third(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 3:
            raise Broken
        return status(200)

    w.answer = break_at_third
    with pytest.raises(Broken):
        w.deliver(5)
    assert [w.state(delivery_id) for delivery_id in range(1, 6)] == [
        "delivered",
        "delivered",
        "pending",
        "pending",
        "pending",
    ]
    w.answer = always(200)
    w.engine.settle()
    assert [delivery_id for delivery_id, _, _ in w.made] == [1, 2, 3, 3, 4, 5]


@every_way
def test_an_error_of_those_who_are_told_loses_nothing(way: dict[str, Any]) -> None:
    w = world(200, **way)
    w.on_results = lambda results: (_ for _ in ()).throw(Broken)
    with pytest.raises(Broken):
        w.deliver(3)
    w.on_results = lambda results: None
    w.engine.settle()
    assert [w.state(delivery_id) for delivery_id in (1, 2, 3)] == ["delivered"] * 3
    assert [len(w.attempts(delivery_id)) for delivery_id in (1, 2, 3)] == [1, 1, 1]


# Law: advancing by a and then by b is advancing by a + b (also in tests/properties)


@every_way
def test_two_steps_are_one(way: dict[str, Any]) -> None:
    one, two = world(503, **way), world(503, **way)
    for w in (one, two):
        w.schedule([START_AT + minutes * MINUTE for minutes in (0, 30, 60, 90)])
    one.engine.advance_to(START_AT + 20 * HOUR)
    for hours in (0.5, 0.5, 1, 3, 11, 20):
        two.engine.advance_to(START_AT + hours * HOUR)
    assert one.history() == two.history()
    assert one.made == two.made


# Events that happen while an attempt is made


@in_order
def test_an_event_from_within_an_attempt_is_sent_at_its_own_instant(way: dict[str, Any]) -> None:
    """A partner's endpoint that triggers the next event when it gets a postback."""
    w = world(503, **way)
    w.schedule([START_AT, START_AT + 30 * MINUTE, START_AT + 45 * MINUTE])

    def fire(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 2 and attempt.number == 1:
            w.deliver()
        return status(503)

    w.answer = fire
    done = w.engine.advance_to(START_AT + 2 * HOUR)
    assert [(d, n, (at - START_AT) / MINUTE) for d, n, at in w.made] == [
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
    assert w.groups[-1], "every group that is told of has something in it"
    assert sum(len(group) for group in w.groups) == 8


@every_way
def test_an_event_of_another_thread_waits_for_nobody(way: dict[str, Any]) -> None:
    w = world(**way)

    def fire_from_elsewhere(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 1:
            with ThreadPoolExecutor(1) as other:
                other.submit(w.deliver).result(SOON_REAL_SECONDS)
        return status(200)

    w.answer = fire_from_elsewhere
    w.deliver()
    assert w.state(1) == w.state(2) == "delivered"


@every_way
def test_a_chain_of_events_within_attempts(way: dict[str, Any]) -> None:
    w = world(**way)

    def pass_on(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id < 30:
            w.deliver()
        return status(200)

    w.answer = pass_on
    w.deliver()
    assert [delivery_id for delivery_id, _, _ in w.made] == list(range(1, 31))
    assert w.ledger.pending_count() == 0


def test_an_event_from_within_a_batch_keeps_its_place_among_ties() -> None:
    """The retry of 1 is due when 2 is sent, and was scheduled before the event of 2."""
    histories = []
    for batch in (1, 1000):
        w = world(503, batch=batch)
        w.schedule([START_AT, START_AT + HOUR])

        def fire(attempt: DueAttempt, w: World = w) -> Outcome:
            if attempt.delivery_id == 2 and attempt.number == 1:
                w.deliver()
            return status(503)

        w.answer = fire
        w.engine.advance_to(START_AT + HOUR)
        histories.append([(d, n) for d, n, _ in w.made])
    assert histories[0] == [(1, 1), (2, 1), (1, 2), (3, 1)]
    assert histories[1] == histories[0]


def test_a_shorter_schedule_from_within_a_batch_counts_from_then_on() -> None:
    made = []
    for batch in (1, 1000):
        w = world(503, batch=batch)
        w.schedule([START_AT, START_AT + 50 * MINUTE])

        def shorten(attempt: DueAttempt, w: World = w) -> Outcome:
            app = App("app", retry=RetryPolicy(delays=(MINUTE,)))
            w.ledger.put_app(app)
            w.engine.app_changed(app)
            return status(503)

        w.answer = shorten
        w.engine.run_until_idle()
        made.append(w.made)
    assert made[1] == made[0]


# Resending


@every_way
def test_a_resend_is_an_attempt_now_and_leaves_the_schedule_alone(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.deliver()
    w.engine.advance_to(START_AT + 30 * MINUTE)
    w.engine.resend(1)
    w.engine.run_until_idle()
    assert w.made[1] == (1, None, START_AT + 30 * MINUTE)
    assert w.attempts()[1].manual
    assert [(at - START_AT) / HOUR for _, n, at in w.made if n] == OFFSETS_IN_HOURS
    assert w.state() == "lost"
    delivery = w.ledger.delivery(1)
    assert delivery is not None
    assert delivery.attempts_made == 10


@every_way
def test_a_resend_that_succeeds_ends_a_pending_delivery(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.deliver()
    w.answer = always(200)
    w.engine.resend(1)
    assert w.state() == "delivered"
    assert w.engine.run_until_idle().attempts_made == 0
    assert [attempt.number for attempt in w.attempts()] == [1, None]


@every_way
@pytest.mark.parametrize("code", [404, 503])
def test_a_resend_that_fails_changes_nothing(way: dict[str, Any], code: int) -> None:
    w = world(503, **way)
    w.deliver()
    w.answer = always(code)
    w.engine.resend(1)
    assert w.state() == "pending"
    assert w.ledger.next_due_at() == START_AT + HOUR


@every_way
@pytest.mark.parametrize(("first", "state"), [(404, "rejected"), (200, "delivered")])
def test_a_resend_of_what_is_over_is_sent_and_leaves_it_over(
    way: dict[str, Any], first: int, state: str
) -> None:
    w = world(first, **way)
    w.deliver()
    w.answer = always(200)
    w.engine.resend(1)
    assert w.state() == state
    assert [attempt.number for attempt in w.attempts()] == [1, None]


def test_a_lost_delivery_that_arrives_by_hand_stays_lost() -> None:
    w = world(503)
    w.deliver()
    w.engine.run_until_idle()
    w.answer = always(200)
    w.engine.resend(1)
    assert w.state() == "lost"
    assert w.attempts()[-1].outcome.status == 200


def test_only_a_known_delivery_is_resent() -> None:
    w = world()
    with pytest.raises(UnknownDelivery, match="no delivery has the id 7"):
        w.engine.resend(7)


@every_way
def test_a_resend_from_within_an_attempt_is_made_at_its_instant(way: dict[str, Any]) -> None:
    w = world(503, **way)
    w.schedule([START_AT + HOUR, START_AT + 90 * MINUTE])

    def ask_again(attempt: DueAttempt) -> Outcome:
        if (attempt.delivery_id, attempt.number) == (1, 1):
            w.engine.resend(1)
        return status(503)

    w.answer = ask_again
    w.engine.advance_to(START_AT + 90 * MINUTE)
    assert w.made == [
        (1, 1, START_AT + HOUR),
        (1, None, START_AT + HOUR),
        (2, 1, START_AT + 90 * MINUTE),
    ]


def test_a_resend_that_ends_a_delivery_claimed_in_the_same_batch() -> None:
    w = world(503, batch=1000)
    w.schedule([START_AT, START_AT + MINUTE])

    def end_the_other(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 1 and attempt.number == 1:
            w.engine.resend(2)
        return status(200 if attempt.number is None else 503)

    w.answer = end_the_other
    w.engine.advance_to(START_AT + 30 * MINUTE)
    assert [(d, n) for d, n, _ in w.made] == [(1, 1), (2, None)]
    assert w.state(2) == "delivered"


@every_way
def test_a_resend_of_another_thread_between_two_instants_is_made_at_the_first(
    way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world(503, **way)
    w.schedule([START_AT, START_AT + HOUR])
    look = w.ledger.next_due_at

    def look_while_somebody_resends() -> datetime | None:
        due_at = look()
        if w.clock.now() == START_AT and len(w.made) == 1:
            monkeypatch.undo()
            w.engine.resend(1)
        return due_at

    monkeypatch.setattr(w.ledger, "next_due_at", look_while_somebody_resends)
    w.engine.advance_to(START_AT + HOUR)
    assert w.made[1] == (1, None, START_AT)


def test_what_was_asked_for_is_dropped_with_the_ledger() -> None:
    w = world(503)
    w.deliver()

    def reset(attempt: DueAttempt) -> Outcome:
        w.engine.resend(1)
        w.ledger.reset()
        w.engine.forget()
        return status(503)

    w.answer = reset
    w.engine.advance_to(START_AT + HOUR)
    assert [(d, n) for d, n, _ in w.made] == [(1, 1), (1, 2)]
    assert w.ledger.deliveries() == []
    assert w.ledger.next_due_at() is None


# Side by side


def test_capacity_is_kept_to() -> None:
    w = world(503, capacity=4)
    w.deliver(10)
    pulls = w.transport.pulls  # type: ignore[union-attr]
    assert all(got <= places for places, got in pulls)
    assert max(got for _, got in pulls) == 4


def test_results_are_recorded_group_by_group() -> None:
    w = world(200, capacity=4)
    w.deliver(6)
    groups = [[result.attempt.delivery_id for result in group] for group in w.groups]
    assert groups == [[3, 4], [5, 6], [2], [1]]
    assert [w.state(delivery_id) for delivery_id in range(1, 7)] == ["delivered"] * 6


def test_attempts_of_one_instant_share_it_and_those_of_the_next_do_not() -> None:
    w = world(503, capacity=64)
    w.schedule([START_AT] * 3 + [START_AT + MINUTE] * 3)
    w.engine.advance_to(START_AT + HOUR + MINUTE)
    instants = [START_AT, START_AT + MINUTE, START_AT + HOUR, START_AT + HOUR + MINUTE]
    assert [at for _, _, at in w.made] == [at for at in instants for _ in range(3)]


@pytest.mark.parametrize("wanted", [2, 5])
def test_resends_asked_for_together_do_not_overfill_the_transport(wanted: int) -> None:
    w = world(503, capacity=1)
    w.schedule([START_AT])

    def ask_for_many(attempt: DueAttempt) -> Outcome:
        if attempt.number == 1:
            for _ in range(wanted):
                w.engine.resend(1)
        return status(503)

    w.answer = ask_for_many
    w.engine.settle()
    assert [number for _, number, _ in w.made] == [1] + [None] * wanted
    pulls = w.transport.pulls  # type: ignore[union-attr]
    assert all(got <= places for places, got in pulls)


def test_an_error_side_by_side_gives_back_what_had_no_result() -> None:
    w = world(503, capacity=8)

    def break_down(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 1:
            raise Broken
        return status(200)

    w.answer = break_down
    with pytest.raises(Broken):
        w.deliver(8)
    assert w.state(8) == "delivered"
    assert w.state(1) == "pending"
    w.answer = always(200)
    w.engine.settle()
    assert w.ledger.pending_count() == 0
    assert all(len(w.attempts(delivery_id)) == 1 for delivery_id in range(1, 9))


def test_an_error_of_the_caller_ends_the_exchange() -> None:
    w = world(200, capacity=2)
    w.on_results = lambda results: (_ for _ in ()).throw(Broken)
    with pytest.raises(Broken):
        w.deliver(4)
    assert w.transport.closed_early == 1  # type: ignore[union-attr]


def test_a_budget_counts_what_is_under_way() -> None:
    w = world(503, capacity=64)
    w.schedule([START_AT] * 10)
    done = w.engine.advance_to(START_AT, budget=3)
    assert (done.attempts_made, done.complete) == (3, False)
    assert len(w.made) == 3


def test_a_stop_leaves_what_is_under_way_to_whoever_recovers_it() -> None:
    w = world(200, capacity=4)

    def stop(attempt: DueAttempt) -> Outcome:
        w.engine.stop()
        return status(200)

    w.answer = stop
    w.deliver(6)
    assert len(w.made) == 2, "one group had been sent"
    assert w.ledger.pending_count() == 6
    assert w.engine.settle() == 0, "it makes no more attempts"
    assert w.ledger.recover() == 4, "those that were claimed, and may have arrived"
    assert all(attempt.repeated for attempt in w.ledger.claim(START_AT, 10)[:4])


def test_a_stop_between_two_groups_keeps_what_has_ended() -> None:
    w = world(200, capacity=4)
    w.on_results = lambda results: w.engine.stop()
    w.deliver(6)
    assert [w.state(delivery_id) for delivery_id in (3, 4)] == ["delivered"] * 2
    assert w.ledger.pending_count() == 4
    assert len(w.made) == 2
    assert w.ledger.recover() == 2, "those that had no result yet; the others were not claimed"


def test_outcomes_are_accounted_before_they_are_judged() -> None:
    w = world(lambda attempt: Outcome(OutcomeKind.TIMEOUT), capacity=2)
    w.account = lambda attempt, outcome: Outcome(OutcomeKind.TIMEOUT, 30 * SECOND)
    w.deliver()
    assert w.ledger.next_due_at() == START_AT + HOUR + 30 * SECOND


def test_time_is_virtual_unless_it_passes_by_itself() -> None:
    w = world()
    assert w.engine.is_virtual
    seen: list[bool] = []
    w = world(clock=PassingClock())
    assert not w.engine.is_virtual

    def look(attempt: DueAttempt) -> Outcome:
        seen.append(w.engine.is_virtual)
        return status(503)

    w.answer = look
    w.deliver()
    w.engine.advance_to(w.clock.now() + 2 * HOUR)
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
    w = world(503, clock=PassingClock(), **way)
    # Some of the gaps are such that an instant passes between the look and the move.
    w.schedule([START_AT + number**1.3 * SECOND for number in range(50)])
    w.engine.advance_to(START_AT + HOUR)
    assert {number for _, number, _ in w.made[:50]} == {1}
    w.engine.run_until_idle()
    assert {w.state(delivery_id) for delivery_id in range(1, 51)} == {"lost"}


# Somebody's frozen time


@both_freezers
@every_way
def test_a_settle_replays_what_fell_due_and_returns(freeze: Freeze, way: dict[str, Any]) -> None:
    with freeze(START_AT) as freezer:
        w = world(503, clock=AmbientClock(freezer), **way)
        w.deliver()
        freezer.move_to(START_AT + 20 * HOUR)
        assert w.engine.settle() == 4
        assert w.clock.now() == START_AT + 20 * HOUR
        assert w.offsets_in_hours() == [0, 1, 3, 7, 15]
        assert [(at - START_AT) / HOUR for _, _, at in w.made] == [0, 1, 3, 7, 15]


@both_freezers
@every_way
def test_an_advance_moves_the_freezer(freeze: Freeze, way: dict[str, Any]) -> None:
    with freeze(START_AT) as freezer:
        w = world(503, clock=AmbientClock(freezer), **way)
        w.deliver()
        done = w.engine.run_until_idle()
        assert w.offsets_in_hours() == OFFSETS_IN_HOURS
        assert done.now_at == w.clock.now() == START_AT + 65 * HOUR
        assert w.engine.advance_to(START_AT + 70 * HOUR).now_at == START_AT + 70 * HOUR


@both_freezers
@every_way
def test_an_advance_first_replays_what_is_overdue(freeze: Freeze, way: dict[str, Any]) -> None:
    with freeze(START_AT) as freezer:
        w = world(503, clock=AmbientClock(freezer), **way)
        w.deliver()
        freezer.move_to(START_AT + 5 * HOUR)
        done = w.engine.advance_to(START_AT + 7 * HOUR)
        assert w.offsets_in_hours() == [0, 1, 3, 7]
        assert (done.from_at, done.now_at) == (START_AT + 5 * HOUR, START_AT + 7 * HOUR)


@both_freezers
def test_until_idle_with_all_of_it_overdue_returns_to_the_users_time(freeze: Freeze) -> None:
    with freeze(START_AT) as freezer:
        w = world(503, clock=AmbientClock(freezer))
        w.deliver()
        freezer.move_to(START_AT + 100 * HOUR)
        assert w.engine.run_until_idle().now_at == START_AT + 100 * HOUR
        assert w.offsets_in_hours() == OFFSETS_IN_HOURS


@both_freezers
def test_an_error_during_a_replay_can_be_put_right(freeze: Freeze) -> None:
    with freeze(START_AT) as freezer:
        w = world(503, clock=AmbientClock(freezer))
        w.deliver()
        freezer.move_to(START_AT + 20 * HOUR)

        def break_down(attempt: DueAttempt) -> Outcome:
            raise Broken

        w.answer = break_down
        with pytest.raises(Broken):
            w.engine.settle()
        w.answer = always(503)
        freezer.move_to(START_AT + 20 * HOUR)
        w.engine.settle()
        assert w.offsets_in_hours() == [0, 1, 3, 7, 15]


def test_without_a_freezer_what_is_due_is_made_now_and_time_is_not_moved() -> None:
    with freezegun.freeze_time(START_AT) as freezer:
        w = world(503, clock=AmbientClock())
        w.deliver()
        freezer.move_to(START_AT + 2 * HOUR)
        assert w.engine.settle() == 1
        assert w.offsets_in_hours() == [0, 2]
        with pytest.raises(InvalidValue, match="pass the freezer"):
            w.engine.advance_to(START_AT + 10 * HOUR)
        assert w.clock.now() == START_AT + 2 * HOUR
        freezer.move_to(START_AT + 4 * HOUR)
        assert w.engine.settle() == 1
        assert w.offsets_in_hours() == [0, 2, 4]
