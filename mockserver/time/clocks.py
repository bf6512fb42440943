"""Tells the time of a sandbox from real time, or from a time that a test has frozen.

Freezers are handed in: neither freezegun nor time-machine is imported here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from mockserver.core.clock import LATEST_AT, as_utc, check_room
from mockserver.core.errors import ClockCannotGoBack, InvalidValue
from mockserver.core.instants import plain
from mockserver.net.monotonic import boot_seconds


class RunningClock:
    """Real time plus an offset that grows with every advance, optionally faster.

    It counts the seconds of the machine, also those for which it sleeps; that somebody sets the
    machine's clock changes nothing. At the latest instant of a clock (`core.clock.LATEST_AT`) it
    stands still.

    Args:
        start_at: The first instant, aware; the real present by default.
        rate: Sandbox seconds that pass in one real second.

    Attributes:
        first_at: Where `start_over` puts it, aware UTC; None for the real present.

    Raises:
        InvalidValue: `rate` is not positive, or `start_at` is naive or too late for a clock.
    """

    mode: Literal["manual", "running", "ambient"] = "running"
    is_running = True
    can_rewind = False

    def __init__(self, start_at: datetime | None = None, rate: float = 1.0) -> None:
        if not rate > 0:
            raise InvalidValue(f"the rate of the clock must be greater than 0, got {rate}")
        self.rate = rate
        self._lock = threading.Lock()
        self._stands = False
        self.first_at = None if start_at is None else as_utc(start_at, "start_at")
        self._anchor_at = check_room(self.first_at or plain(datetime.now(UTC)))
        self._anchor_real_seconds = boot_seconds()

    def now(self) -> datetime:
        """Return the present instant of the sandbox, aware, in UTC."""
        with self._lock:
            return self._now_at()

    def move_to(self, instant_at: datetime) -> None:
        """Jump forward to `instant_at` (aware, UTC) and go on from there.

        Raises:
            ClockCannotGoBack: `instant_at` lies in the past.
            InvalidValue: It is later than a clock can stand.
        """
        with self._lock:
            now_at = self._now_at()
            if instant_at < now_at:
                raise ClockCannotGoBack(
                    f"cannot move the clock back from {now_at.isoformat()} to "
                    f"{instant_at.isoformat()}; give an instant that is not in its past"
                )
            self._anchor_at = check_room(instant_at)
            self._anchor_real_seconds = boot_seconds()

    def start_over(self) -> None:
        """Go on from the first instant, because nothing is left of what happened since."""
        with self._lock:
            self._anchor_at = self.first_at or plain(datetime.now(UTC))
            self._anchor_real_seconds = boot_seconds()

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Let time stand still except for `move_to`, and run on from there afterwards."""
        with self._lock:
            self._anchor_at = self._now_at()
            self._stands = True
        try:
            yield
        finally:
            with self._lock:
                self._stands = False
                self._anchor_real_seconds = boot_seconds()

    def real_seconds_until(self, instant_at: datetime) -> float:
        """Return how many real seconds pass until `instant_at`; at least 0."""
        return max(0.0, (instant_at - self.now()).total_seconds() / self.rate)

    def _now_at(self) -> datetime:
        if self._stands:
            return self._anchor_at
        gone = (boot_seconds() - self._anchor_real_seconds) * self.rate
        try:
            return min(self._anchor_at + timedelta(seconds=gone), LATEST_AT)
        except OverflowError:
            return LATEST_AT


class Freezer(Protocol):
    """What the objects of freezegun and time-machine that move a frozen time have in common."""

    def move_to(self, destination: datetime) -> None:
        """Make `destination` the time that `datetime.now()` returns."""


class AmbientClock:
    """The time that `datetime.now()` returns, which freezegun or time-machine has frozen.

    Args:
        freezer: The object that `freeze_time(...)` or `travel(...)` returned on entering.
            Without it time can be read but not moved.
    """

    mode: Literal["manual", "running", "ambient"] = "ambient"
    is_running = False

    def __init__(self, freezer: Freezer | None = None) -> None:
        self._freezer = freezer
        self.can_rewind = freezer is not None

    def now(self) -> datetime:
        """Return the frozen instant, aware, in UTC."""
        # The name is looked up at every call, because freezers replace it.
        # freezegun adds its `tz_offset` to aware instants too; it belongs to local time only.
        offset = getattr(datetime, "_tz_offset", timedelta)()
        return as_utc(datetime.now(UTC) - offset, "now")

    def move_to(self, instant_at: datetime) -> None:
        """Move the freezer to `instant_at` (aware, UTC), also back for a replay.

        Raises:
            InvalidValue: No freezer was given.
        """
        if self._freezer is None:
            raise InvalidValue(
                "this clock follows a frozen time that it cannot move; pass the freezer, e.g. "
                "AmbientClock(freezer), or tick it yourself and call settle()"
            )
        self._freezer.move_to(instant_at)

    def start_over(self) -> None:
        """Do nothing: the time is that of whoever has frozen it."""
