"""Keeps the manual attempts that wait to be made, and tells whoever asked for one what came of it.

Every one has a claim of its own, by which it is known: the same delivery may be resent by many at
once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from mockserver.core.models import Attempt, DueAttempt
from mockserver.ledger.protocol import Result
from mockserver.net import monotonic

_LOOK_AGAIN_REAL_SECONDS = 0.1


class Resend:
    """One manual attempt that somebody asked for.

    Attributes:
        made: The attempt, once it was made and recorded; None before.
        is_dropped: Whether it will never be made, because the sandbox was reset.
    """

    def __init__(self) -> None:
        self.made: Attempt | None = None
        self.is_dropped: bool = False
        self._ended = threading.Event()

    def wait(
        self, real_seconds: float, settle: Callable[[], object], is_useless: Callable[[], bool]
    ) -> None:
        """Wait until it is made or dropped.

        Args:
            real_seconds: How long to wait at most.
            settle: Makes what is due. Whoever makes attempts now may end without having made
                this one, so it is called again and again.
            is_useless: Whether it cannot be made while somebody waits.
        """
        until = monotonic.real_seconds() + real_seconds
        settle()
        while not (self._ended.is_set() or is_useless()):
            left = until - monotonic.real_seconds()
            if left <= 0:
                return
            if not self._ended.wait(min(left, _LOOK_AGAIN_REAL_SECONDS)):
                settle()

    def end(self, made: Attempt | None) -> None:
        """Wake whoever waits; without an attempt it was dropped."""
        self.made = made
        self.is_dropped = made is None
        self._ended.set()


class Resends:
    """The manual attempts of one engine; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[DueAttempt] = []
        self._asked: dict[tuple[int, int], Resend] = {}

    def __bool__(self) -> bool:
        """Return whether one waits to be made."""
        return bool(self._waiting)

    def add(self, attempt: DueAttempt) -> Resend:
        """Take in an attempt that is to be made before all that is due."""
        asked = Resend()
        with self._lock:
            self._asked[attempt.delivery_id, attempt.claim] = asked
            self._waiting.append(attempt)
        return asked

    def take(self, places: int) -> list[DueAttempt]:
        """Return up to so many of those that wait; whoever takes them makes them."""
        with self._lock:
            taken, self._waiting = self._waiting[:places], self._waiting[places:]
        return taken

    def put_back(self, attempts: Sequence[DueAttempt]) -> None:
        """Let attempts wait again that were taken and not made; before the others, in order."""
        with self._lock:
            known = [item for item in attempts if (item.delivery_id, item.claim) in self._asked]
            self._waiting = known + self._waiting

    def recorded(self, results: Sequence[Result]) -> None:
        """Tell those who asked what came of their attempts; others' results are passed over."""
        if not self._asked:
            return
        for attempt, started_at, outcome, _, _ in results:
            if attempt.number is not None:
                continue
            with self._lock:
                asked = self._asked.pop((attempt.delivery_id, attempt.claim), None)
            if asked is not None:
                asked.end(Attempt(attempt.delivery_id, None, started_at, outcome, attempt.repeated))

    def clear(self) -> None:
        """Drop all of them, also those under way."""
        with self._lock:
            dropped = list(self._asked.values())
            self._asked.clear()
            self._waiting.clear()
        for asked in dropped:
            asked.end(None)
