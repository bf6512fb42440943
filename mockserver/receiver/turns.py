"""Serves the requests of one connection in turn, and limits how many wait.

Clients take answers in order, so whatever is sent waits for its turn, refusals as well.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from mockserver.receiver.exchange import ReceiverExchange
from mockserver.receiver.journal import End
from mockserver.receiver.refusals import Refusal

#: How many requests, and of how many bytes together, may wait for their turn on one connection
#: before nothing more is read from it.
MOST_WAITING = 1000
MOST_BYTES_WAITING = 4 * 1024 * 1024


class Turns:
    """The requests of a connection that have not been served.

    Args:
        send_refusal: Sends a refusal when its turn has come.

    Attributes:
        waiting: The requests in order; the first may be under way.
        transport: Of the connection.
    """

    __slots__ = (
        "_bytes_waiting",
        "_paused",
        "_proceeding",
        "_send_refusal",
        "_writable",
        "transport",
        "waiting",
    )

    transport: asyncio.Transport

    def __init__(self, send_refusal: Callable[[Refusal], None]) -> None:
        self._send_refusal = send_refusal
        self.waiting: deque[ReceiverExchange | Refusal] = deque()
        self._bytes_waiting = 0
        self._paused = False
        self._proceeding = False
        self._writable = True

    @property
    def bytes_waiting(self) -> int:
        """Return the bytes of the requests that are under way or wait."""
        return self._bytes_waiting if self.waiting else 0

    def add(self, item: ReceiverExchange | Refusal, size: int = 0) -> None:
        """Serve a request of `size` bytes, or let it wait for those before it."""
        self.waiting.append(item)
        self._bytes_waiting += size
        self.proceed()

    def proceed(self) -> None:
        """Serve what waits, until something takes time."""
        if self._proceeding:
            return
        self._proceeding = True
        try:
            while self.waiting:
                current = self.waiting[0]
                if isinstance(current, Refusal):
                    self._send_refusal(current)
                elif not current.begun:
                    current.begin()
                if not current.done:
                    break
                self.waiting.popleft()
                if self.transport.is_closing():
                    return
        finally:
            self._proceeding = False
        if not self.waiting:
            self._bytes_waiting = 0
        self._regulate()

    def set_writable(self, writable: bool) -> None:
        """Read no more from a client that does not read its answers, until it does."""
        self._writable = writable
        self._regulate()

    def hurry(self) -> None:
        """Answer the engine's waiting requests now, because sandbox time has jumped."""
        for exchange in list(self.waiting):
            if isinstance(exchange, ReceiverExchange):
                exchange.hurry()

    def end(self, end: End) -> None:
        """Stop serving; the journal says that what waited ended as `end`."""
        for exchange in self.waiting:
            if isinstance(exchange, ReceiverExchange):
                exchange.cancel(end)
        self.waiting.clear()

    def _regulate(self) -> None:
        """Read from the connection, or not, as what waits demands."""
        full = len(self.waiting) >= MOST_WAITING or self._bytes_waiting > MOST_BYTES_WAITING
        held = bool(self.waiting) and not self.waiting[0].reads_on
        pause = full or held or not self._writable
        if pause != self._paused and not self.transport.is_closing():
            self._paused = pause
            if pause:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()
