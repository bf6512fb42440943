"""The thread beside a running clock: it makes what falls due, and survives mistakes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.delivery import background as runner
from mockserver.delivery.background import BackgroundEngine
from mockserver.time.clocks import RunningClock
from tests.engine_setup import (
    HOUR,
    MINUTE,
    OFFSETS_IN_HOURS,
    SECOND,
    EngineSetup,
    engine_setup,
    status,
)

START_AT = DEFAULT_START_AT
SOON_REAL_SECONDS = 10.0

#: So slow that nothing falls due by itself while a test runs.
SLOW = 1e-6
#: Sixty-five hours in a quarter of a second.
FAST = 65 * 3600 / 0.25


class Watched:
    """A setup whose attempts can be waited for."""

    def __init__(self, rate: float) -> None:
        self.clock = RunningClock(START_AT, rate)
        self.setup: EngineSetup = engine_setup(self.answer, clock=self.clock)
        self.background = BackgroundEngine(self.setup.engine, self.setup.ledger, self.clock)
        self.failures_left = 0
        self.code = 503
        self._changed = threading.Condition()
        self._count = 0

    def answer(self, attempt: DueAttempt) -> Outcome:
        with self._changed:
            self._count += 1
            self._changed.notify_all()
        if self.failures_left:
            self.failures_left -= 1
            raise RuntimeError("a mistake of the program")
        return status(self.code)

    def wait_for(self, count: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._count >= count, SOON_REAL_SECONDS)

    def settled(self) -> bool:
        """Wait until the thread has gone through a look without a mistake."""
        gives_up_at = time.monotonic() + SOON_REAL_SECONDS
        while self.background._failure and time.monotonic() < gives_up_at:
            time.sleep(0.001)
        return not self.background._failure

    @contextmanager
    def running(self) -> Iterator[Watched]:
        self.background.start()
        try:
            yield self
        finally:
            self.background.stop()


def test_what_is_added_is_sent_when_it_is_woken() -> None:
    with Watched(SLOW).running() as watched:
        watched.setup.deliver(settle=False)
        watched.background.wake()
        assert watched.wait_for(1)
        assert threading.current_thread().name != "postbacks-background"
        assert "postbacks-background" in [thread.name for thread in threading.enumerate()]


def test_what_is_due_already_is_sent_at_the_start() -> None:
    watched = Watched(SLOW)
    watched.setup.deliver(settle=False)
    with watched.running():
        assert watched.wait_for(1)


def test_retries_are_made_by_themselves_as_time_passes() -> None:
    with Watched(FAST).running() as watched:
        watched.setup.deliver(settle=False)
        watched.background.wake()
        assert watched.wait_for(10)
    assert watched.setup.state() == "lost"
    # Never early; late by what the machine needed.
    starts = [attempt.started_at for attempt in watched.setup.attempts()]
    waits = [(later - start) / HOUR for start, later in pairwise(starts)]
    least = [b - a for a, b in pairwise(OFFSETS_IN_HOURS)]
    assert all(wait >= least_wait for wait, least_wait in zip(waits, least, strict=True))


def test_an_advance_from_outside_finds_its_retries() -> None:
    with Watched(SLOW).running() as watched:
        watched.setup.deliver(settle=False)
        watched.background.wake()
        assert watched.wait_for(1)
        watched.setup.engine.run_until_idle()
        assert watched.setup.state() == "lost"
        offsets = watched.setup.offsets_in_hours()
        assert offsets == pytest.approx(OFFSETS_IN_HOURS, abs=SECOND / HOUR)


def test_a_jump_of_the_clock_is_noticed_when_it_is_woken() -> None:
    with Watched(SLOW).running() as watched:
        watched.setup.deliver(settle=False)
        watched.background.wake()
        assert watched.wait_for(1)
        watched.setup.engine.settle()
        watched.clock.move_to(START_AT + HOUR + MINUTE)
        watched.background.wake()
        assert watched.wait_for(2)


def test_a_mistake_is_logged_once_and_the_attempt_made_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runner, "LONGEST_WAIT_REAL_SECONDS", 0.01)
    watched = Watched(SLOW)
    watched.failures_left, watched.code = 4, 200
    with caplog.at_level(logging.ERROR, "mockserver.delivery.background"), watched.running():
        watched.setup.deliver(settle=False)
        watched.background.wake()
        assert watched.wait_for(5)
        # What fails after something went well is said again.
        assert watched.settled()
        watched.failures_left = 2
        watched.setup.deliver(settle=False)
        watched.background.wake()
        assert watched.wait_for(8)
    assert watched.setup.state() == "delivered"
    assert [attempt.number for attempt in watched.setup.attempts()] == [1]
    assert [record.message for record in caplog.records] == [
        "an attempt could not be made; trying again every second"
    ] * 2
    assert all(record.exc_info for record in caplog.records)


def test_it_waits_as_long_as_it_may_and_no_longer() -> None:
    watched = Watched(1.0)
    assert watched.background._until_next() == runner.LONGEST_WAIT_REAL_SECONDS
    watched.setup.schedule([watched.clock.now() + HOUR])
    assert watched.background._until_next() == runner.LONGEST_WAIT_REAL_SECONDS
    watched.setup.schedule([watched.clock.now() + SECOND / 2])
    assert 0 < watched.background._until_next() <= 0.5
    watched.setup.schedule([watched.clock.now()])
    assert watched.background._until_next() == 0


def test_it_stops_at_once_and_can_be_stopped_twice() -> None:
    watched = Watched(SLOW)
    with watched.running():
        pass
    watched.background.stop()
    assert not watched.background._thread.is_alive()


def test_it_can_be_stopped_before_it_was_started() -> None:
    Watched(SLOW).background.stop()


def test_a_stop_between_two_looks_is_not_slept_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wake-up of a stop may come just before the thread clears what woke it."""
    monkeypatch.setattr(runner, "LONGEST_WAIT_REAL_SECONDS", 60.0)
    watched = Watched(SLOW)
    wake = watched.background._wake
    clear = wake.clear

    def stop_meanwhile() -> None:
        watched.background._stopping = True
        wake.set()
        clear()

    monkeypatch.setattr(wake, "clear", stop_meanwhile)
    watched.background.start()
    watched.background._thread.join(2.0)
    slept_over = watched.background._thread.is_alive()
    watched.background.stop()
    assert not slept_over
