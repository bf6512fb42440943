"""Serves endpoints that are broken on the wire: a deviant decides on every byte of a connection.

Stopping such a server ends all its connections at once.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Lock, Thread, current_thread
from typing import Any, NamedTuple

from contracts.verify.endpoints.deviant_endpoint import Serve, Served
from contracts.verify.endpoints.shop import Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

#: The timeout for endpoints that do answer; long, so that a busy machine causes no deviation.
PATIENT = timedelta(seconds=10)
#: The address at which all these servers listen.
LOOPBACK = "127.0.0.1"
#: The name under which a shop finds the number of the request on its connection.
NUMBER = "postbacks.number"
_BODILESS = frozenset({204, 304})
_STOP_REAL_SECONDS = 5.0


class Request(NamedTuple):
    """A request without a body, as postbacks are.

    Attributes:
        number: Its number on the connection, counted from 1.
    """

    method: str
    target: str
    number: int

    @property
    def environ(self) -> dict[str, Any]:
        """Return those parts of a WSGI environment that a shop reads."""
        path, _, query = self.target.partition("?")
        return {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            NUMBER: self.number,
        }


class Client:
    """A connection that a client has opened.

    Args:
        connected: Its socket.
        stopping: Set when the server is stopped.
    """

    def __init__(self, connected: socket.socket, stopping: Event) -> None:
        self._socket = connected
        self._stopping = stopping
        self._received = b""
        self._requests = 0

    def read(self) -> Request | None:
        """Return the next request, or None at the end of the connection."""
        while b"\r\n\r\n" not in self._received:
            piece = self._socket.recv(65536)
            if not piece:
                return None
            self._received += piece
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        method, target, *_ = head.decode("latin-1").split(" ")
        self._requests += 1
        return Request(method, target, self._requests)

    def answer(self, request: Request, answer: ShopAnswer) -> None:
        """Send an answer as a good server would."""
        self.write(written(request, answer))

    def write(self, data: bytes) -> None:
        """Send bytes, whatever they mean."""
        self._socket.sendall(data)

    def pause(self, duration: timedelta) -> None:
        """Wait in real time, or until the server is stopped."""
        self._stopping.wait(duration.total_seconds())

    def reset(self) -> None:
        """End the connection with a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


#: Serves one connection; when it returns, the connection is closed.
Talk = Callable[[Client, Shop], None]


def answer_all(client: Client, shop: Shop) -> None:
    """Answer request after request as the shop does; the `Talk` of a good server."""
    while (request := client.read()) is not None:
        client.answer(request, shop.handle(request.environ))


def written(request: Request, answer: ShopAnswer) -> bytes:
    """Return the bytes of an answer."""
    lines = [f"HTTP/1.1 {answer.status} Status"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.status not in _BODILESS:
        lines.append(f"Content-Length: {len(answer.body)}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head if request.method == "HEAD" else head + answer.body


class EndpointServer:
    """A server at a port of its own, with a thread for each connection.

    It can be stopped, and started again at the same port.

    Args:
        shop: Answers the requests.
        talk: Serves one connection.
        context: The settings of TLS; None for plain HTTP.
        one_at_a_time: Whether a connection is served only after the one before has ended.

    Attributes:
        port: Its port; 0 until it is started for the first time.
    """

    def __init__(
        self,
        shop: Shop,
        talk: Talk = answer_all,
        context: ssl.SSLContext | None = None,
        *,
        one_at_a_time: bool = False,
    ) -> None:
        self.port = 0
        self._shop, self._talk, self._context = shop, talk, context
        self._one_at_a_time = one_at_a_time
        self._lock = Lock()

    @property
    def origin(self) -> str:
        """Return scheme, host and port."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Begin to listen, at the same port as before."""
        self._listener = listening(self.port)
        self.port = self._listener.getsockname()[1]
        self._stopping = Event()
        self._clients: dict[Thread, socket.socket] = {}
        self._wake, self._waker = socket.socketpair()
        self._thread = Thread(target=self._accept_all, name="postbacks-endpoint", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End every connection and release the port."""
        self._stopping.set()
        self._waker.close()
        with self._lock:
            clients = dict(self._clients)
            for connected in clients.values():
                # On the plain socket, because another thread may be using the TLS layer right now.
                with suppress(OSError):
                    socket.socket.shutdown(connected, socket.SHUT_RDWR)
        for thread in (self._thread, *clients):
            thread.join(_STOP_REAL_SECONDS)
        self._wake.close()

    def _accept_all(self) -> None:
        with self._listener, selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while not self._stopping.is_set():
                selector.select()
                with suppress(BlockingIOError, ConnectionError):
                    self._begin(self._listener.accept()[0])

    def _begin(self, connected: socket.socket) -> None:
        connected.setblocking(True)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        serving = Thread(
            target=self._serve, args=(connected,), name="postbacks-endpoint-client", daemon=True
        )
        with self._lock:
            if self._stopping.is_set():
                connected.close()
                return
            self._clients = {
                thread: kept for thread, kept in self._clients.items() if thread.is_alive()
            }
            self._clients[serving] = connected
            serving.start()
        if self._one_at_a_time:
            serving.join()

    def _serve(self, connected: socket.socket) -> None:
        # A client may close at any time, e.g. because it does not trust the certificate.
        with suppress(OSError), connected:
            if self._context is None:
                self._talk(Client(connected, self._stopping), self._shop)
                return
            with self._context.wrap_socket(
                connected, server_side=True, do_handshake_on_connect=False
            ) as secured:
                with self._lock:
                    self._clients[current_thread()] = secured
                secured.do_handshake()
                self._talk(Client(secured, self._stopping), self._shop)


def over_sockets(
    talk: Talk = answer_all,
    make: Callable[[Store, ManualClock], Shop] = Shop,
    *,
    one_at_a_time: bool = False,
    timeout: timedelta = PATIENT,
) -> Serve:
    """Return what serves a shop on a port of its own.

    Args:
        talk: Serves one connection.
        make: Makes the shop.
        one_at_a_time: Whether connections are served one after the other.
        timeout: How long an answer may take, in real time.
    """

    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        server = EndpointServer(make(store, ManualClock()), talk, one_at_a_time=one_at_a_time)
        with running(server):
            yield Served(server.origin, timeout=timeout)

    return serve


@contextmanager
def running(server: EndpointServer) -> Iterator[EndpointServer]:
    """Run a server for the time of a `with` block."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


def listening(port: int = 0) -> socket.socket:
    """Return a socket that listens on loopback; its `accept` never waits."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
