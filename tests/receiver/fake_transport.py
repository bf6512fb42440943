"""A transport and a loop without sockets and time, as strict as those of asyncio."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Any

from mockserver.receiver.connection import Connection
from mockserver.receiver.inboxes import Inboxes

#: More than any answer of the tests takes, were each of its bytes sent alone.
MOST_TURNS = 10_000


class FakeHandle:
    """What `call_later` gives back."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeLoop:
    """Runs what is due at once, in order; its time is that of the last thing it ran."""

    def __init__(self) -> None:
        self._time = 0.0
        self._count = itertools.count()
        self._due: list[tuple[float, int, FakeHandle]] = []

    def call_later(self, delay: float, act: Callable[[], object]) -> FakeHandle:
        handle = FakeHandle(act)
        heapq.heappush(self._due, (self._time + delay, next(self._count), handle))
        return handle

    def run(self) -> None:
        """Run until nothing is left to do."""
        for _ in range(MOST_TURNS):
            if not self._due:
                return
            self._time, _, handle = heapq.heappop(self._due)
            if not handle.cancelled:
                handle.act()
        raise AssertionError("there is always something left to do")


class FakeTransport:
    """The receiver's end of one connection.

    Attributes:
        sent: All that was written.
        has_ended: Whether the connection has been told that it is over.
    """

    def __init__(self, loop: FakeLoop, connection: Connection) -> None:
        self.sent = b""
        self.has_ended = False
        self.reads = True
        self._loop = loop
        self._connection = connection
        self._closing = False
        self._eof = False

    def write(self, data: bytes) -> None:
        assert not self._eof, f"written after the end: {data!r}"
        assert not self._closing, f"written to what is closing: {data!r}"
        self.sent += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._eof = True

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_later(0, self._end)

    abort = close

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        known = {"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2), "socket": self}
        return known.get(name, default)

    def setsockopt(self, *_: object) -> None:
        """Take the option with which a socket is reset."""

    def _end(self) -> None:
        self.has_ended = True
        self._connection.connection_lost(None)


class Client:
    """One client of a receiver, seen from the receiver's side.

    Args:
        loop: What carries out what takes time.
        inboxes: Where the requests go.
        connections: The receiver's; it is among them until it has ended.
    """

    def __init__(self, loop: FakeLoop, inboxes: Inboxes, connections: set[Connection]) -> None:
        self._loop = loop
        self.connection = Connection(loop, inboxes, None, connections)  # type: ignore[arg-type]
        self.transport = FakeTransport(loop, self.connection)
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]

    @property
    def can_send(self) -> bool:
        return self.transport.reads and not self.transport.is_closing()

    def send(self, data: bytes) -> None:
        """Let bytes arrive; a transport that does not read keeps them to itself."""
        if self.can_send:
            self.connection.data_received(data)

    def end(self) -> None:
        """Say that nothing more is sent."""
        if not self.transport.is_closing() and not self.connection.eof_received():
            self.transport.close()

    def reset(self) -> None:
        """Be gone."""
        self.transport.abort()
