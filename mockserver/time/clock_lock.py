"""Lets one caller at a time move the clock and make attempts, and never from within an attempt.

There are two kinds of calls: a settle makes what is due now, an advance moves time. A settle leaves
its work to whoever holds the lock, or waits for it. An advance waits until a settle has finished
what is under way, and is refused during another advance.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from mockserver.core.errors import AdvanceInProgress
from mockserver.time.cancelling import Cancellation

#: The locks held by whoever called this code, also in another thread: an application may answer an
#: attempt in a thread of its own, which runs in a copy of the context that makes the attempt.
_HELD: ContextVar[tuple[ClockLock, ...]] = ContextVar("held", default=())


#: How often one who waits looks whether the wait was cancelled.
_LOOK_REAL_SECONDS = 0.05


class CancelledWhileWaiting(Exception):
    """Raised when an advance was cancelled before it could begin."""


class ClockLock:
    """Held by one settle or one advance."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._mode: Literal["settling", "advancing"] | None = None
        self._owner = 0
        self._again = False
        self._waiting = 0

    @property
    def is_advancing(self) -> bool:
        """Whether time is being moved right now."""
        return self._mode == "advancing"

    @property
    def is_within(self) -> bool:
        """Whether its holder waits for the code that asks."""
        with self._free:
            return self._mode is not None and self._is_within()

    @property
    def is_wanted(self) -> bool:
        """Whether an advance waits for a settle to end; what is left to do is then its own."""
        return self._waiting > 0

    def begin_settling(self) -> bool:
        """Take the lock and return True if it is free; else ask its holder to look once more."""
        with self._free:
            if self._mode is not None:
                self._again = True
                return False
            self._take("settling")
            return True

    def end(self) -> bool:
        """Release the lock; return whether somebody asked for another look meanwhile."""
        with self._free:
            self._mode = None
            _HELD.set(tuple(lock for lock in _HELD.get() if lock is not self))
            again, self._again = self._again, False
            self._free.notify_all()
            return again

    @contextmanager
    def advancing(
        self,
        cancellation: Cancellation | None = None,
        describe: Callable[[], str] = lambda: "",
    ) -> Iterator[None]:
        """Hold the lock to move time, after a settle under way has ended.

        Args:
            cancellation: Ends the wait early.
            describe: Returns what to say of an advance that is under way already.

        Raises:
            CancelledWhileWaiting: The wait was ended early.
            AdvanceInProgress: Time is being moved already, or this is called from within.
        """
        with self._free:
            while self._mode is not None:
                if self._is_within():
                    raise AdvanceInProgress(
                        "the clock cannot be advanced by code that an attempt has called; let "
                        "an application take long with partner.spend(seconds=45)"
                    )
                if self._mode == "advancing":
                    raise AdvanceInProgress(
                        f"the clock is being advanced already{describe()}; wait for that to end, "
                        "or cancel it with `postbacks advance --cancel` (POST "
                        "/_sandbox/clock/advance/cancel)"
                    )
                if cancellation is not None and cancellation.is_cancelled:
                    raise CancelledWhileWaiting
                self._waiting += 1
                try:
                    self._free.wait(None if cancellation is None else _LOOK_REAL_SECONDS)
                finally:
                    self._waiting -= 1
            self._take("advancing")
        try:
            yield
        finally:
            self.end()

    def _take(self, mode: Literal["settling", "advancing"]) -> None:
        self._mode = mode
        self._owner = threading.get_ident()
        _HELD.set((*_HELD.get(), self))

    def _is_within(self) -> bool:
        """Return whether the holder waits for the code that asks."""
        return self._owner == threading.get_ident() or self in _HELD.get()
