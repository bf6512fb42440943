"""Keeps the advances that were asked for, so that others can see how far one is, and end it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from mockserver.core.wording import count
from mockserver.delivery.under_way import AttemptUnderWay
from mockserver.net import monotonic
from mockserver.time.cancelling import Cancellation


@dataclass(frozen=True, slots=True)
class AdvanceProgress:
    """How far an advance has come.

    Attributes:
        from_at: Where the clock stood, aware UTC; None as long as the advance waits for attempts
            that were under way when it was asked for.
        target_at: Where it goes, aware UTC; None if it goes on until nothing is pending.
        now_at: Where the clock stands, aware UTC.
        attempts_made: How many attempts it has made.
        real_seconds: How long it has taken on the machine.
        under_way: What is waited for, what was begun first first.
    """

    from_at: datetime | None
    target_at: datetime | None
    now_at: datetime
    attempts_made: int
    real_seconds: float
    under_way: tuple[AttemptUnderWay, ...]

    def __str__(self) -> str:
        if self.from_at is None:
            return "it waits for attempts under way"
        to = "until nothing is pending" if self.target_at is None else f"to {_iso(self.target_at)}"
        made = count(self.attempts_made, "attempt")
        return f"from {_iso(self.from_at)} {to}; it stands at {_iso(self.now_at)}, {made} made"


class AskedAdvance:
    """An advance from the moment it is asked for.

    Attributes:
        cancellation: Ends it early.
        from_at: Where the clock stood when it began, aware UTC; None before that.
        target_at: Where it goes, aware UTC; None for no end.
        ended: Set when it is over.
    """

    def __init__(self, cancellation: Cancellation, recorded: Callable[[], int]) -> None:
        self.cancellation = cancellation
        self.from_at: datetime | None = None
        self.target_at: datetime | None = None
        self.ended: threading.Event = threading.Event()
        self._recorded = recorded
        self._recorded_before = recorded()
        self._asked_real_seconds = monotonic.real_seconds()

    def begin(self, from_at: datetime, target_at: datetime | None) -> None:
        """Take note that it has begun."""
        self.target_at = target_at
        self._recorded_before = self._recorded()
        self.from_at = from_at

    def progress(self, now_at: datetime, under_way: list[AttemptUnderWay]) -> AdvanceProgress:
        """Return how far it has come."""
        made = 0 if self.from_at is None else self._recorded() - self._recorded_before
        took = monotonic.real_seconds() - self._asked_real_seconds
        return AdvanceProgress(
            self.from_at, self.target_at, now_at, made, max(0.0, took), tuple(under_way)
        )


class Advances:
    """The advances that were asked for and are not over: one that moves time, and others.

    Args:
        recorded: Returns how many attempts have been recorded so far.
    """

    def __init__(self, recorded: Callable[[], int]) -> None:
        self._recorded = recorded
        self._lock = threading.Lock()
        self._asked: list[AskedAdvance] = []

    @contextmanager
    def asked(self, is_unwanted: Callable[[], bool] | None) -> Iterator[AskedAdvance]:
        """Take in an advance for as long as it lasts."""
        asked = AskedAdvance(Cancellation(is_unwanted), self._recorded)
        with self._lock:
            self._asked.append(asked)
        try:
            yield asked
        finally:
            with self._lock:
                self._asked = [other for other in self._asked if other is not asked]
            asked.ended.set()

    def current(self) -> AskedAdvance | None:
        """Return the advance that moves time, or else the first that waits to do so."""
        with self._lock:
            asked = list(self._asked)
        begun = [each for each in asked if each.from_at is not None]
        return next(iter(begun or asked), None)


def _iso(instant_at: datetime) -> str:
    return instant_at.isoformat().replace("+00:00", "Z")
