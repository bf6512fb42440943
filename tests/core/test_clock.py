"""The clock that stands still, and how instants are made UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mockserver.core.clock import DEFAULT_START_AT, ManualClock, MovableClock, as_hours, as_utc
from mockserver.core.errors import ClockCannotGoBack, InvalidValue

HOUR = timedelta(hours=1)


def test_it_starts_at_a_fixed_instant_and_stands_still() -> None:
    clock = ManualClock()
    assert clock.now() == DEFAULT_START_AT == datetime(2026, 1, 1, tzinfo=UTC)
    assert clock.now() is clock.now()
    assert isinstance(clock, MovableClock)
    assert not clock.is_running
    assert not clock.can_rewind


def test_it_moves_forward_and_to_its_present() -> None:
    clock = ManualClock()
    clock.move_to(DEFAULT_START_AT + HOUR)
    clock.move_to(DEFAULT_START_AT + HOUR)
    assert clock.now() == DEFAULT_START_AT + HOUR


def test_it_does_not_move_back() -> None:
    clock = ManualClock()
    with pytest.raises(ClockCannotGoBack, match="2025-12-31T23:00:00") as caught:
        clock.move_to(DEFAULT_START_AT - HOUR)
    assert "from 2026-01-01T00:00:00+00:00" in str(caught.value)
    assert clock.now() == DEFAULT_START_AT


def test_it_takes_any_time_zone_and_tells_utc() -> None:
    clock = ManualClock(datetime(2026, 1, 1, 5, tzinfo=timezone(5 * HOUR)))
    assert clock.now() == DEFAULT_START_AT
    assert clock.now().tzinfo is UTC


def test_an_instant_without_a_time_zone_is_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidValue, match="start_at has no time zone") as caught:
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001
    assert "write 2026-01-01T00:00:00Z" in str(caught.value)


def test_as_utc_leaves_utc_alone() -> None:
    assert as_utc(DEFAULT_START_AT, "x") is DEFAULT_START_AT


def test_as_hours() -> None:
    assert as_hours(timedelta(hours=1, minutes=30)) == 1.5
    assert as_hours(timedelta(days=2, hours=17)) == 65
