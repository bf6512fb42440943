"""Whose time counts, and that it is found without importing anything."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import freezegun
import pytest
import time_machine

from mockserver.core.clock import DEFAULT_START_AT, MovableClock
from mockserver.core.errors import ClockCannotGoBack
from mockserver.testing.clock import FollowingClock, active_freezer

FROZEN_AT = datetime(2027, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_it_stands_still_by_itself() -> None:
    clock = FollowingClock()
    assert (clock.now(), clock.mode, clock.can_rewind) == (DEFAULT_START_AT, "manual", False)
    assert isinstance(clock, MovableClock)
    clock.move_to(DEFAULT_START_AT + HOUR)
    assert clock.now() == DEFAULT_START_AT + HOUR
    with pytest.raises(ClockCannotGoBack):
        clock.move_to(DEFAULT_START_AT)


def test_it_starts_where_it_is_told() -> None:
    assert FollowingClock(FROZEN_AT).now() == FROZEN_AT


def test_it_follows_freezegun_while_that_is_active() -> None:
    clock = FollowingClock()
    with freezegun.freeze_time(FROZEN_AT) as freezer:
        assert (clock.now(), clock.mode, clock.can_rewind) == (FROZEN_AT, "ambient", True)
        freezer.tick(HOUR)
        assert clock.now() == FROZEN_AT + HOUR
        clock.move_to(FROZEN_AT + 2 * HOUR)
        assert datetime.now(UTC) == FROZEN_AT + 2 * HOUR
    assert clock.mode == "manual"


def test_it_follows_time_machine_while_that_is_active() -> None:
    clock = FollowingClock()
    with time_machine.travel(FROZEN_AT, tick=False) as traveller:
        assert (clock.now(), clock.mode, clock.can_rewind) == (FROZEN_AT, "ambient", True)
        traveller.shift(HOUR)
        assert clock.now() == FROZEN_AT + HOUR
        clock.move_to(FROZEN_AT + 2 * HOUR)
        assert datetime.now(UTC) == FROZEN_AT + 2 * HOUR
    assert clock.mode == "manual"


def test_it_follows_one_freezer_after_the_other() -> None:
    clock = FollowingClock()
    for day in (1, 2, 3):
        frozen_at = datetime(2027, 1, day, tzinfo=UTC)
        with freezegun.freeze_time(frozen_at):
            assert clock.now() == frozen_at
            clock.move_to(frozen_at + HOUR)
            assert datetime.now(UTC) == frozen_at + HOUR


@pytest.mark.parametrize("name", ["coordinates_stack", "traveller_stack"])
def test_time_machine_is_found_in_its_second_and_third_version(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    traveller = object()
    monkeypatch.setitem(sys.modules, "time_machine", SimpleNamespace(**{name: [traveller]}))
    assert active_freezer() is traveller


@pytest.mark.parametrize("name", ["time_machine", "freezegun.api"])
def test_nothing_is_frozen_by_what_is_not_there(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delitem(sys.modules, name)
    assert active_freezer() is None
    assert name not in sys.modules


def test_nothing_is_frozen_between_two_freezes() -> None:
    with freezegun.freeze_time(FROZEN_AT):
        assert active_freezer() is not None
    assert active_freezer() is None
