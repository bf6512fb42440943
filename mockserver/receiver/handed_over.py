"""Carries out answers on connections that another server has accepted, as inboxes do on theirs.

A server that turns its own loop, or answers from a few threads, cannot keep a request waiting. It
hands the connection over, and has done with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from datetime import datetime
from typing import cast

from mockserver.net.memory_tls import MemoryTls
from mockserver.net.real_time_loop import RealTimeLoop
from mockserver.receiver.exchange import ReceiverExchange
from mockserver.receiver.journal import End, ReceivedRequest
from mockserver.receiver.link import EngineLink
from mockserver.receiver.tls_transport import TlsTransport
from mockserver.receiver.told_answer import ToldAnswer

#: How many connections are kept at a time; for one more the oldest is ended.
MOST_CONNECTIONS = 1000

_STOP_REAL_SECONDS = 5


class HandedOver:
    """The connections that were handed over; its thread runs from the first one on.

    Args:
        most_connections: How many are kept at a time.
    """

    def __init__(self, most_connections: int = MOST_CONNECTIONS) -> None:
        self._most_connections = most_connections
        self._lock = threading.Lock()
        self._loop: RealTimeLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._beginning: set[asyncio.Task[None]] = set()
        #: Oldest first.
        self._connections: dict[_Connection, None] = {}

    def take(self, accepted: socket.socket, told: ToldAnswer, tls: MemoryTls | None = None) -> None:
        """Answer the one request that was read on a connection, and end the connection.

        Args:
            accepted: Closed here in the end. Nothing waits to be sent on it.
            told: What is sent, when, and how it ends.
            tls: What encrypts the connection; None for plain HTTP.
        """
        accepted.setblocking(False)
        loop = self._running_loop()
        # A loop that is being stopped takes nothing.
        with contextlib.suppress(RuntimeError):
            if loop is not None:
                loop.call_soon_threadsafe(self._begin, loop, accepted, told, tls)
                return
        accepted.close()
        told.ended("cancelled", None)

    def end_all(self) -> None:
        """End every exchange that is under way."""
        with self._lock:
            loop = self._loop
        with contextlib.suppress(RuntimeError):
            if loop is not None:
                done = threading.Event()
                loop.call_soon_threadsafe(self._end_and_tell, done)
                done.wait(_STOP_REAL_SECONDS)

    def stop(self) -> None:
        """End every exchange, and take no more."""
        with self._lock:
            self._stopped = True
            loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join(_STOP_REAL_SECONDS)

    def _running_loop(self) -> RealTimeLoop | None:
        with self._lock:
            if self._loop is None and not self._stopped:
                self._loop = RealTimeLoop()
                self._thread = threading.Thread(
                    target=self._run, args=(self._loop,), name="postbacks-told", daemon=True
                )
                self._thread.start()
            return self._loop

    def _run(self, loop: RealTimeLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            # What was handed over just before begins, to be ended like all others.
            loop.run_until_complete(asyncio.sleep(0))
            beginning = asyncio.all_tasks(loop)
            loop.run_until_complete(asyncio.gather(*beginning, return_exceptions=True))
            self._end()
            # Lets the closing of every transport be carried out before the loop is gone.
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()

    def _begin(
        self, loop: RealTimeLoop, accepted: socket.socket, told: ToldAnswer, tls: MemoryTls | None
    ) -> None:
        while len(self._connections) >= self._most_connections:
            next(iter(self._connections)).end("closed")
        connection = _Connection(loop, told, self._connections)
        self._connections[connection] = None
        protocol = connection if tls is None else TlsTransport(tls, connection)
        begun = loop.create_task(_connect(loop, accepted, protocol, connection))
        # Asyncio itself keeps no task from being collected.
        self._beginning.add(begun)
        begun.add_done_callback(self._beginning.discard)

    def _end_and_tell(self, done: threading.Event) -> None:
        try:
            self._end()
        finally:
            done.set()

    def _end(self) -> None:
        for connection in list(self._connections):
            connection.end("cancelled")


async def _connect(
    loop: RealTimeLoop,
    accepted: socket.socket,
    protocol: asyncio.BaseProtocol,
    connection: _Connection,
) -> None:
    try:
        await loop.connect_accepted_socket(lambda: protocol, accepted)
    except OSError:
        # The client has gone meanwhile.
        accepted.close()
        connection.end("client-gone")


class _Connection(asyncio.Protocol):
    """One connection, and the one exchange on it."""

    link: EngineLink | None = None

    def __init__(
        self, loop: RealTimeLoop, told: ToldAnswer, connections: dict[_Connection, None]
    ) -> None:
        self.loop: asyncio.AbstractEventLoop = loop
        self.client = ("", 0)
        self._told = told
        self._all = connections
        self._has_ended = False
        self._is_connected = False
        self.transport: asyncio.Transport
        # There is no journal that would need the request.
        request = cast(ReceivedRequest, None)
        self._exchange = ReceiverExchange(self, request, told.answer, False, None)

    @property
    def journal(self) -> _Connection:
        """Return itself: it tells whoever wants to know how the exchange ended."""
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer."""
        self.transport = cast(asyncio.Transport, transport)
        self._is_connected = True
        if self._has_ended:
            self.transport.abort()
            return
        if not self._exchange.reads_on:
            self.transport.pause_reading()
        self._exchange.begin()

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the client has gone, or that all is done."""
        self._exchange.cancel("client-gone")
        self._all.pop(self, None)

    def proceed(self) -> None:
        """Do nothing: there is no further request."""

    def ended(
        self,
        request: ReceivedRequest | None,
        end: End,
        status: int | None = None,
        ended_at: datetime | None = None,
    ) -> None:
        """Tell how it ended; the first end counts."""
        if not self._has_ended:
            self._has_ended = True
            # Whoever is told may fail; the other connections go on.
            with contextlib.suppress(Exception):
                self._told.ended(end, status)

    def end(self, end: End) -> None:
        """End the exchange and the connection."""
        self._exchange.cancel(end)
        self._all.pop(self, None)
        if self._is_connected:
            self.transport.abort()
