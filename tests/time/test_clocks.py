"""Clocks that take their time from elsewhere: the machine's, or somebody's frozen one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import freezegun
import pytest

from mockserver.core.clock import MovableClock
from mockserver.core.errors import ClockCannotGoBack, InvalidValue
from mockserver.time.clocks import AmbientClock, RunningClock
from tests.engine_setup import Freeze, both_freezers

START_AT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """The monotonic clock of a machine, turned by hand."""

    def __init__(self) -> None:
        self.real_seconds = 1000.0

    def monotonic(self) -> float:
        return self.real_seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr("mockserver.time.clocks.boot_seconds", machine.monotonic)
    return machine


# The clock of the machine


def test_a_running_clock_starts_at_the_real_present() -> None:
    before = datetime.now(UTC)
    now_at = RunningClock().now()
    assert before <= now_at <= datetime.now(UTC)
    assert now_at.tzinfo is UTC
    assert isinstance(RunningClock(), MovableClock)


def test_a_running_clock_passes_with_the_machine(machine: Machine) -> None:
    clock = RunningClock(START_AT)
    assert clock.now() == START_AT
    machine.real_seconds += 1.5
    assert clock.now() == START_AT + timedelta(seconds=1.5)


def test_a_fast_clock_passes_faster(machine: Machine) -> None:
    clock = RunningClock(START_AT, rate=3600)
    machine.real_seconds += 10
    assert clock.now() == START_AT + 10 * HOUR
    machine.real_seconds += 0.5
    assert clock.now() == START_AT + 10.5 * HOUR


def test_a_running_clock_jumps_and_goes_on_from_there(machine: Machine) -> None:
    clock = RunningClock(START_AT, rate=60)
    machine.real_seconds += 1
    clock.move_to(START_AT + 10 * HOUR)
    assert clock.now() == START_AT + 10 * HOUR
    machine.real_seconds += 60
    assert clock.now() == START_AT + 11 * HOUR


def test_a_running_clock_does_not_jump_back(machine: Machine) -> None:
    clock = RunningClock(START_AT)
    machine.real_seconds += 2
    with pytest.raises(ClockCannotGoBack, match="cannot move the clock back"):
        clock.move_to(START_AT + timedelta(seconds=1))
    assert clock.now() == START_AT + timedelta(seconds=2)


def test_it_knows_how_long_to_wait_in_real_seconds(machine: Machine) -> None:
    clock = RunningClock(START_AT, rate=3600)
    assert clock.real_seconds_until(START_AT + HOUR) == 1.0
    machine.real_seconds += 0.75
    assert clock.real_seconds_until(START_AT + HOUR) == 0.25
    machine.real_seconds += 1
    assert clock.real_seconds_until(START_AT + HOUR) == 0.0


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_is_positive(rate: float) -> None:
    with pytest.raises(InvalidValue, match="rate of the clock must be greater than 0"):
        RunningClock(rate=rate)


def test_a_running_clock_starts_at_an_aware_instant() -> None:
    with pytest.raises(InvalidValue, match="start_at has no time zone"):
        RunningClock(datetime(2026, 1, 1))  # noqa: DTZ001
    east = timezone(5 * HOUR)
    assert RunningClock(datetime(2026, 1, 1, 5, tzinfo=east)).now().tzinfo is UTC


# Somebody's frozen time


@both_freezers
def test_an_ambient_clock_tells_the_frozen_time(freeze: Freeze) -> None:
    clock = AmbientClock()
    with freeze(START_AT):
        assert clock.now() == START_AT
        assert clock.now().tzinfo is UTC
    assert clock.now() > START_AT or datetime.now(UTC) < START_AT


@both_freezers
def test_an_ambient_clock_moves_the_freezer_forward_and_back(freeze: Freeze) -> None:
    with freeze(START_AT) as freezer:
        clock = AmbientClock(freezer)
        assert isinstance(clock, MovableClock)
        assert clock.can_rewind
        assert not clock.is_running
        clock.move_to(START_AT + 65 * HOUR)
        assert datetime.now(UTC) == clock.now() == START_AT + 65 * HOUR
        clock.move_to(START_AT + HOUR)
        assert datetime.now(UTC) == START_AT + HOUR


@both_freezers
def test_every_microsecond_survives_the_freezer(freeze: Freeze) -> None:
    odd_at = START_AT + timedelta(microseconds=123_457)
    with freeze(START_AT) as freezer:
        clock = AmbientClock(freezer)
        for instant_at in (odd_at, odd_at + 10 * HOUR, odd_at + timedelta(microseconds=1)):
            clock.move_to(instant_at)
            assert clock.now() == instant_at


@both_freezers
def test_it_follows_whoever_else_moves_the_freezer(freeze: Freeze) -> None:
    with freeze(START_AT) as freezer:
        clock = AmbientClock(freezer)
        freezer.move_to(START_AT + 3 * HOUR)
        assert clock.now() == START_AT + 3 * HOUR


@both_freezers
def test_without_a_freezer_time_is_read_but_not_moved(freeze: Freeze) -> None:
    with freeze(START_AT):
        clock = AmbientClock()
        assert not clock.can_rewind
        with pytest.raises(InvalidValue, match=r"AmbientClock\(freezer\)"):
            clock.move_to(START_AT + HOUR)
        assert clock.now() == START_AT


def test_frozen_local_time_is_still_told_in_utc() -> None:
    with freezegun.freeze_time(START_AT, tz_offset=-5):
        assert AmbientClock().now() == START_AT
