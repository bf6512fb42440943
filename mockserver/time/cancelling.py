"""Lets an advance be ended early, by whoever calls `cancel` or because nobody wants it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mockserver.net import monotonic

#: How often it is asked whether an advance is still wanted; to ask costs a look at a socket.
_ASK_REAL_SECONDS = 0.1


class Cancellation:
    """Says whether an advance shall end; any thread may cancel it.

    Args:
        is_unwanted: Whether nobody waits for it any more; asked now and then, by the thread that
            makes the attempts.
    """

    def __init__(self, is_unwanted: Callable[[], bool] | None = None) -> None:
        self._is_unwanted = is_unwanted
        self._cancelled = threading.Event()
        self._ask_at = 0.0

    def cancel(self) -> None:
        """End the advance: attempts under way are dropped, no other is begun."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether it is to end."""
        if self._is_unwanted is not None and not self._cancelled.is_set():
            now = monotonic.real_seconds()
            if now >= self._ask_at:
                self._ask_at = now + _ASK_REAL_SECONDS
                if self._is_unwanted():
                    self._cancelled.set()
        return self._cancelled.is_set()
