"""Defines what a clock of the sandbox is, and the one that stands still until it is moved.

Only the engine moves a clock. None of them reads the real time here: `core` has no source of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from mockserver.core.errors import ClockCannotGoBack, InvalidValue
from mockserver.core.instants import plain

#: No clock stands later. What is left of the calendar is room for what was scheduled by then: the
#: longest schedule that an app may have is shorter (`core.retry.LONGEST_SCHEDULE`).
LATEST_AT = plain(datetime(9900, 1, 1, tzinfo=UTC))

#: The last instant there is, which no clock reaches.
END_AT = plain(datetime.max.replace(tzinfo=UTC))

#: Where a manual clock starts unless told: a fixed instant, so that runs are alike.
DEFAULT_START_AT = plain(datetime(2026, 1, 1, tzinfo=UTC))


class Clock(Protocol):
    """Tells the time of the sandbox."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


@runtime_checkable
class MovableClock(Clock, Protocol):
    """A clock that the engine may set.

    Attributes:
        mode: What people call this kind of clock.
        is_running: Whether time also passes by itself, so that somebody has to watch it.
        can_rewind: Whether it may be moved back, to replay what has fallen due meanwhile.
    """

    is_running: bool

    @property
    def mode(self) -> Literal["manual", "running", "ambient"]:
        """Return what people call this kind of clock."""

    @property
    def can_rewind(self) -> bool:
        """Return whether it may be moved back, to replay what has fallen due meanwhile."""

    def move_to(self, instant_at: datetime) -> None:
        """Make `instant_at` (aware, UTC) the present."""

    def start_over(self) -> None:
        """Go back to the start, if this clock has one; else stay."""


class ManualClock:
    """A clock that stands still until it is moved, and only moves forward.

    Args:
        start_at: The first instant, aware; converted to UTC.

    Attributes:
        first_at: Where `start_over` puts it, aware UTC.

    Raises:
        InvalidValue: `start_at` is naive, or later than a clock can stand.
    """

    mode: Literal["manual", "running", "ambient"] = "manual"
    is_running = False
    can_rewind = False

    def __init__(self, start_at: datetime = DEFAULT_START_AT) -> None:
        self.first_at = self._now_at = check_room(as_utc(start_at, "start_at"))

    def now(self) -> datetime:
        """Return the instant the clock stands at, aware, in UTC."""
        return self._now_at

    def move_to(self, instant_at: datetime) -> None:
        """Move forward to `instant_at` (aware, UTC); the present itself is allowed.

        Raises:
            ClockCannotGoBack: `instant_at` lies in the past.
            InvalidValue: It is later than a clock can stand.
        """
        if instant_at < self._now_at:
            raise ClockCannotGoBack(
                f"cannot move the clock back from {self._now_at.isoformat()} to "
                f"{instant_at.isoformat()}; give an instant that is not in its past"
            )
        self._now_at = check_room(instant_at)

    def start_over(self) -> None:
        """Go back to the first instant, because nothing is left of what happened since."""
        self._now_at = self.first_at


def check_room(instant_at: datetime) -> datetime:
    """Return `instant_at` (aware, UTC) if a clock can stand there.

    Raises:
        InvalidValue: It is later than `LATEST_AT`; what is scheduled then would end after the
            calendar.
    """
    if instant_at > LATEST_AT:
        raise InvalidValue(
            f"the clock cannot stand at {instant_at.isoformat()}; it goes to "
            f"{LATEST_AT.isoformat()} at most, "
            "so that what is scheduled then fits into the calendar"
        )
    return instant_at


def later(instant_at: datetime, duration: timedelta) -> datetime:
    """Return `instant_at` plus `duration`, or `END_AT` where the calendar ends before."""
    try:
        return instant_at + duration
    except OverflowError:
        return END_AT if duration > timedelta(0) else datetime.min.replace(tzinfo=UTC)


def as_utc(instant_at: datetime, name: str) -> datetime:
    """Return `instant_at` in UTC, of Python's own type also if it is one of a freezer.

    Raises:
        InvalidValue: It has no time zone, is no datetime, or lies outside the calendar in UTC; the
            message carries `name`.
    """
    if not isinstance(instant_at, datetime):
        raise InvalidValue(f"{name} takes an aware datetime, got {instant_at!r}")
    if instant_at.tzinfo is None:
        raise InvalidValue(
            f"{name} has no time zone: {instant_at.isoformat()}; "
            f"write {instant_at.isoformat()}Z or pass an aware datetime"
        )
    if instant_at.tzinfo is UTC:
        return plain(instant_at)
    try:
        return plain(instant_at.astimezone(UTC))
    except OverflowError:
        raise InvalidValue(
            f"{name} lies outside the calendar: {instant_at.isoformat()} is before the year 1 or "
            "after 9999 in UTC"
        ) from None


def as_hours(duration: timedelta) -> float:
    """Return `duration` as a number of hours, e.g. 1.5."""
    return duration / timedelta(hours=1)
