"""Limits how far an advance may go, and reports what it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mockserver.core.clock import as_utc
from mockserver.core.durations import duration_of
from mockserver.core.errors import InvalidValue, RunawaySchedule
from mockserver.core.wording import count
from mockserver.net import monotonic
from mockserver.time.cancelling import Cancellation

#: How many attempts one advance makes at most; a schedule that needs more never ends.
DEFAULT_BUDGET = 100_000


@dataclass(frozen=True, slots=True)
class Advance:
    """What an advance did.

    Attributes:
        from_at: Where the clock stood, aware UTC.
        now_at: Where it stands now, aware UTC.
        attempts_made: How many attempts it made.
        next_due_at: When the next attempt is due, aware UTC; None if nothing is pending.
        complete: Whether it got to its target; if not, another advance goes on from here.
        cancelled: Whether it was ended early by somebody.
    """

    from_at: datetime
    now_at: datetime
    attempts_made: int
    next_due_at: datetime | None
    complete: bool
    cancelled: bool = False


class Budget:
    """How far a run may go, and how far it has come.

    Args:
        until_at: The last instant whose attempts are made, aware UTC; None for no end.
        attempts: How many attempts to make at most.
        real_seconds: How long to take at most; None for as long as it takes.
        cancellation: Ends it early; None if nobody can.

    Attributes:
        made: How many attempts have been made.
    """

    __slots__ = ("_cancellation", "attempts", "made", "stop_real_seconds", "until_at")

    def __init__(
        self,
        until_at: datetime | None,
        attempts: int,
        real_seconds: float | None = None,
        cancellation: Cancellation | None = None,
    ) -> None:
        self.until_at = until_at
        self.attempts = attempts
        self.made = 0
        self._cancellation = cancellation
        self.stop_real_seconds = (
            None if real_seconds is None else monotonic.real_seconds() + real_seconds
        )

    @property
    def left(self) -> int:
        """Return how many more attempts may be made."""
        return self.attempts - self.made

    @property
    def is_cancelled(self) -> bool:
        """Whether to drop what is under way and to begin nothing else."""
        return self._cancellation is not None and self._cancellation.is_cancelled

    def is_spent(self, started: int = 0) -> bool:
        """Return whether the attempts or the real time are used up.

        Args:
            started: How many attempts are under way.
        """
        if self.made + started >= self.attempts:
            return True
        stop = self.stop_real_seconds
        return stop is not None and monotonic.real_seconds() >= stop


def goal_of(
    by: timedelta | str | None, to: datetime | None, units: Mapping[str, float]
) -> timedelta | datetime:
    """Return how far an advance is to go, or to which instant (aware UTC).

    Args:
        by: How far, e.g. `timedelta(hours=10)` or `10h`.
        to: The instant to move to, aware.
        units: How far, in what `timedelta` takes.

    Raises:
        InvalidValue: None of the three is given, or more than one, or it cannot be read.
    """
    if (by is not None) + (to is not None) + bool(units) != 1:
        raise InvalidValue(
            "advance takes exactly one of: a timedelta, to=instant, or units like hours=10"
        )
    return duration_of(by, units, "advance") if to is None else as_utc(to, "to")


def whole(advance: Advance) -> Advance:
    """Return an advance that got to its target, or that somebody has cancelled.

    Raises:
        RunawaySchedule: It did not get there because its budget was used up.
    """
    if not advance.complete and not advance.cancelled:
        raise runaway(advance.attempts_made, advance.now_at)
    return advance


def runaway(made: int, now_at: datetime) -> RunawaySchedule:
    """Return the error that says that more fell due than any schedule explains."""
    so_far = f"{count(made, 'attempt')} {'was' if made == 1 else 'were'} made"
    return RunawaySchedule(
        f"{so_far} up to {now_at.isoformat()} and more are due, which is over the budget. An "
        "endpoint triggers an event or resends for every postback it gets: stop that, or call "
        "again to go on"
    )
