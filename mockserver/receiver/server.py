"""Runs the receiver on its own port and thread: raw bytes in, an answer or a fault out.

It is written on asyncio and httptools, because a WSGI view cannot reset a connection, leave
a head half sent, or be seen in a journal before it has answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable

from mockserver.net.listener import listening_socket, origin_of, reached_at
from mockserver.net.real_time_loop import RealTimeLoop
from mockserver.receiver.connection import Connection
from mockserver.receiver.inboxes import Inboxes
from mockserver.receiver.link import EngineLink
from mockserver.receiver.tls_transport import TlsTransport


class Receiver:
    """Serves the inboxes at `/inbox/<name>` and below, for every method.

    Args:
        inboxes: Scripts and journal.
        host: The address to listen at.
        port: 0 picks a free one.
        link: Knows which attempt is behind a connection; None if nobody does.
        tls_context: What it speaks TLS with; None for plain HTTP.

    Attributes:
        port: The port it listens on.
        url: E.g. `http://127.0.0.1:8781`.

    Raises:
        AddressUnavailable: Something else listens there, or the address is not ours.
    """

    def __init__(
        self,
        inboxes: Inboxes,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        link: EngineLink | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._inboxes = inboxes
        self._link = link
        self._tls_context = tls_context
        self._socket = listening_socket(host, port, "the receiver")
        self.port: int = self._socket.getsockname()[1]
        scheme = "http" if tls_context is None else "https"
        self.url = origin_of(scheme, reached_at(host), self.port)
        self._connections: set[Connection] = set()
        self._loop = RealTimeLoop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postbacks-receiver", daemon=True)

    def start(self) -> None:
        """Begin to receive."""
        self._thread.start()
        self._listening.wait()

    def stop(self) -> None:
        """Stop receiving and end what is under way, at once."""
        if not self._thread.is_alive():
            self._socket.close()
            self._loop.close()
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def reset(self) -> None:
        """End the requests that are kept waiting; nothing of them is seen again."""
        self._in_loop(Connection.cancel_waiting)

    def hurry(self) -> None:
        """Answer the engine's waiting requests now, because sandbox time has jumped."""
        self._in_loop(Connection.hurry)

    def _in_loop(self, act: Callable[[Connection], None]) -> None:
        if not self._thread.is_alive():
            return
        done = threading.Event()

        def run() -> None:
            try:
                for connection in list(self._connections):
                    act(connection)
            finally:
                done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(timeout=5)

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(
            loop.create_server(self._connection, sock=self._socket, backlog=1024)
        )
        self._listening.set()
        try:
            loop.run_forever()
        finally:
            # What has just been accepted is made a connection first: asyncio loses its socket
            # if the server is closed meanwhile.
            loop.remove_reader(self._socket)
            accepting = asyncio.all_tasks(loop)
            loop.run_until_complete(asyncio.gather(*accepting, return_exceptions=True))
            server.close()
            for connection in list(self._connections):
                connection.end("cancelled")
            # Lets the closing of every transport be carried out before the loop is gone.
            loop.run_until_complete(asyncio.sleep(0))
            with contextlib.suppress(RuntimeError):
                loop.run_until_complete(server.wait_closed())
            loop.close()

    def _connection(self) -> asyncio.Protocol:
        connection = Connection(self._loop, self._inboxes, self._link, self._connections)
        if self._tls_context is None:
            return connection
        return TlsTransport(self._tls_context, connection)
