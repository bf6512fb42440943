"""Starts and stops the HTTP server of a WSGI application, for `postbacks serve` and live fixtures.

waitress takes in requests and sends answers. Its own loop can neither be stopped at once nor be
asked to look at anything else, so `ApiServer` turns the loop itself.
"""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

from mockserver.core.limits import MIB, MOST_UNREAD
from mockserver.net.listener import listening_socket, origin_of, reached_at
from mockserver.web.server.quick_paths import QUICK_IN_MEMORY

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from mockserver.web.server.connection import Connection

#: Requests that may wait for something, and streams, at a time, before more workers are started.
THREADS = 16
#: Longer than clients keep a connection for another request, which is two minutes at most.
IDLE_REAL_SECONDS = 180.0
#: How long a stop waits for the thread that reads, and then for the workers.
_STOP_REAL_SECONDS = 5
_WORKERS_STOP_REAL_SECONDS = 1


class ApiServer:
    """A WSGI application served by waitress from a thread.

    An answer whose application gives it piece by piece is sent piece by piece, and takes a worker
    while it lasts. The iterator is closed at its next piece after the client has gone or the server
    has stopped.

    Args:
        app: The WSGI application.
        host: The address to listen at.
        port: 0 picks a free one.
        largest_body: Bytes that a request body may have.
        tls_context: What it speaks TLS with; None for plain HTTP.
        listener: Listens at the address already, see `listen_at`; closed with the server. Unless
            given, `host` and `port` say where to listen.
        idle_real_seconds: How long a connection is kept that waits for its next request, or on
            which a request or an answer does not get on.
        quick_paths: The paths of calls that never wait for anything; the thread that reads answers
            them. Those of a sandbox with its ledger in memory unless given.
        most_connections: How many there may be at a time; when there are so many, one that does
            nothing is closed for each that comes. Unless given, half of the descriptors that the
            process may have, and 2,000 at most.
        channel: Makes a connection of an accepted socket; unless given, one that speaks TLS or not
            as `tls_context` says.

    Attributes:
        port: Where it listens.
        url: The beginning of its URLs, without a slash at the end.

    Raises:
        AddressUnavailable: Something else listens there, or the address is not ours.
    """

    def __init__(
        self,
        app: Any,
        host: str = "127.0.0.1",
        port: int = 0,
        largest_body: int = 1024 * 1024,
        tls_context: ssl.SSLContext | None = None,
        listener: socket.socket | None = None,
        idle_real_seconds: float = IDLE_REAL_SECONDS,
        most_connections: int | None = None,
        quick_paths: frozenset[str] = QUICK_IN_MEMORY,
        channel: Callable[..., Connection] | None = None,
    ) -> None:
        # Not before somebody serves: the import takes longer than that of the rest.
        from waitress.adjustments import Adjustments

        from mockserver.web.server.dispatching import Dispatcher
        from mockserver.web.server.listener import Listener, connections_allowed

        # Its only errors are connections that end in the middle; ours are logged by the app.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        bound = listening_socket(host, port) if listener is None else listener
        scheme = "http" if tls_context is None else "https"
        self.port: int = bound.getsockname()[1]
        self.url = origin_of(scheme, reached_at(host), self.port)
        self._map: dict[int, Any] = {}
        self._dispatcher = Dispatcher(THREADS, quick_paths)
        self._server = Listener(
            app,
            bound,
            self._dispatcher,
            Adjustments(
                sockets=[bound],
                # A little more than the application allows, so that it is the one who refuses.
                max_request_body_size=largest_body + 64 * 1024,
                clear_untrusted_proxy_headers=True,
                # In sum it is bounded otherwise, and no disk can be full.
                outbuf_overflow=2 * MOST_UNREAD,
                outbuf_high_watermark=MIB,
                ident=None,
                # The host of who names none, as HTTP/1.0 allows: no browser, so nobody's page.
                server_name="localhost",
                url_scheme=scheme,
            ),
            self._map,
            idle_real_seconds,
            most_connections or connections_allowed(),
            tls_context,
            channel,
        )
        self._thread = threading.Thread(target=self._serve, name="postbacks-api", daemon=True)
        self._stopping = False

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and release the address."""
        self._stopping = True
        self._server.pull_trigger()
        if self._thread.ident is not None:
            self._thread.join(timeout=_STOP_REAL_SECONDS)
        self._server.close_all()
        self._dispatcher.shutdown(cancel_pending=True, timeout=_WORKERS_STOP_REAL_SECONDS)

    def _serve(self) -> None:
        from waitress import wasyncore

        try:
            while not self._stopping:
                timeout = self._server.look_around()
                # Not select, which bears no descriptor above 1,023, whoever has opened it.
                wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
                self._dispatcher.answer_quick_ones()
        finally:
            self._server.close_all()
