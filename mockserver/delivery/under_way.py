"""Tells which attempts are being made right now, and for how long, for those who wait for them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from mockserver.core.models import DueAttempt
from mockserver.net import monotonic


class AttemptUnderWay(NamedTuple):
    """An attempt that was begun and has no outcome yet.

    Attributes:
        number: None for a manual resend.
        started_at: Sandbox time, aware UTC.
        real_seconds: For how long it has been under way on the machine.
    """

    delivery_id: int
    number: int | None
    url: str
    started_at: datetime
    real_seconds: float


class UnderWay:
    """The attempts that a sender has begun; any thread may ask for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: By identity, which takes no time to hash: the attempt, and when it was begun, in sandbox
        #: time and by the count of real seconds.
        self._begun: dict[int, tuple[DueAttempt, datetime, float]] = {}

    def begin(self, attempts: Sequence[DueAttempt], started_at: datetime) -> None:
        """Take note that attempts are made from now on."""
        if attempts:
            began = monotonic.real_seconds()
            with self._lock:
                for attempt in attempts:
                    self._begun[id(attempt)] = attempt, started_at, began

    def started_at(self, attempt: DueAttempt) -> datetime:
        """Return when an attempt under way was begun, in sandbox time, aware UTC."""
        return self._begun[id(attempt)][1]

    def end(self, attempts: Iterable[DueAttempt]) -> None:
        """Take note that attempts have an outcome, or were given back."""
        with self._lock:
            for attempt in attempts:
                del self._begun[id(attempt)]

    def end_all(self) -> list[DueAttempt]:
        """Take note that nothing is being made any more; return what has no outcome."""
        with self._lock:
            left = [attempt for attempt, _, _ in self._begun.values()]
            self._begun.clear()
        return left

    def now(self) -> list[AttemptUnderWay]:
        """Return what is being made, what was begun first first."""
        now = monotonic.real_seconds()
        with self._lock:
            begun = list(self._begun.values())
        return [
            AttemptUnderWay(
                attempt.delivery_id, attempt.number, attempt.url, started_at, max(0.0, now - began)
            )
            for attempt, started_at, began in begun
        ]
