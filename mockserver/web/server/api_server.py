"""The server of the web application, in the process that owns the engine.

Decides: how it listens, and that it can be stopped. Place in the flow: `postbacks serve`
and live fixtures start it. Must not import: Flask, the sandbox.
"""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

from mockserver.core.errors import AddressUnavailable

if TYPE_CHECKING:
    import ssl

#: Some of them may be waiting for requests or happenings at any time.
THREADS = 16
#: Longer than clients keep a connection for another request, which is two minutes at most.
IDLE_REAL_SECONDS = 180.0
#: Up to so many bytes an answer is sent as one piece, its head and its body together.
_ONE_PIECE = 64 * 1024
#: How many connections may wait to be accepted; as many as waitress lets wait.
_BACKLOG = 1024


class ApiServer:
    """A WSGI application served by waitress from a thread.

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
        most_connections: How many there may be at a time; when there are so many, one that does
            nothing is closed for each that comes. Unless given, half of the descriptors that the
            process may have, and 2,000 at most.

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
    ) -> None:
        from waitress.adjustments import Adjustments

        from mockserver.web.server.dispatching import Dispatcher
        from mockserver.web.server.listener import Listener, connections_allowed

        # Its only errors are connections that end in the middle; ours are logged by the app.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        self._socket = listen_at(host, port) if listener is None else listener
        self._map: dict[int, Any] = {}
        self._dispatcher = Dispatcher(THREADS)
        scheme = "http" if tls_context is None else "https"
        adjustments = Adjustments(
            sockets=[self._socket],
            # A little more than the application allows, so that it is the one who refuses.
            max_request_body_size=largest_body + 64 * 1024,
            clear_untrusted_proxy_headers=True,
            ident=None,
            url_scheme=scheme,
        )
        # Else the head goes first, alone, and wakes the client for nothing. As an argument
        # waitress calls it deprecated; where it should have gone, this changes nothing.
        adjustments.send_bytes = _ONE_PIECE
        self._server = Listener(
            app,
            self._socket,
            self._dispatcher,
            adjustments,
            self._map,
            idle_real_seconds,
            most_connections or connections_allowed(),
        )
        if tls_context is not None:
            from mockserver.web.server.tls_channel import tls_channels

            self._server.channel_class = tls_channels(tls_context)
        self._server.pull_trigger = self._wake
        self._thread = threading.Thread(target=self._serve, name="postbacks-api", daemon=True)
        self._stopping = False
        self._closed = False
        self._closing = threading.Lock()
        self.port: int = self._socket.getsockname()[1]
        # Who listens everywhere is called at loopback, which a certificate can be for.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{scheme}://{shown}:{self.port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and release the address."""
        self._stopping = True
        with self._closing:
            if not self._closed:
                self._server.trigger.pull_trigger()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)
        self._close()
        self._dispatcher.shutdown(cancel_pending=True, timeout=1)

    def _serve(self) -> None:
        from waitress import wasyncore

        try:
            while not self._stopping:
                timeout = self._server.look_around()
                # Not select, which bears no descriptor above 1,023, whoever has opened it.
                wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
                self._dispatcher.answer_quick_ones()
        finally:
            self._close()

    def _wake(self) -> None:
        # The thread that reads need not wake itself: it looks at the sockets next.
        if threading.current_thread() is not self._thread:
            self._server.trigger.pull_trigger()

    def _close(self) -> None:
        with self._closing:
            if not self._closed:
                self._closed = True
                self._server.close()
                for channel in list(self._map.values()):
                    if hasattr(channel, "outbufs"):
                        # A connection's buffers may be files, which only this closes.
                        channel.handle_close()
                    else:
                        channel.close()


def listen_at(host: str, port: int) -> socket.socket:
    """Return a socket that listens, so that its port is known before there is a server.

    Args:
        host: The address to listen at.
        port: 0 picks a free one.

    Raises:
        AddressUnavailable: Something else listens there, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # At once: two sockets may be bound to one address, but only one can listen there.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressUnavailable(
            f"cannot listen at {host} port {port}: {error.strerror or error}; choose another "
            "port (0 picks a free one) or stop what listens there"
        ) from None
    return listener
