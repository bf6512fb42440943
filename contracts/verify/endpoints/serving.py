"""Serves endpoints that are wrong on the wire, and gives the deviant every byte of a connection.

All of it stops at once.
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

#: How long those may take over sockets that do answer: a machine that is busy is no finding.
PATIENT = timedelta(seconds=10)
#: Where all of these servers listen.
LOOPBACK = "127.0.0.1"
#: Under this name a shop finds which request of its connection it looks at.
NUMBER = "postbacks.number"
_BODILESS = frozenset({204, 304})
_STOP_REAL_SECONDS = 5.0


class Request(NamedTuple):
    """A request without a body, as postbacks are.

    Attributes:
        number: Which one on its connection, from 1 on.
    """

    method: str
    target: str
    number: int

    @property
    def environ(self) -> dict[str, Any]:
        """Return what a shop looks at."""
        path, _, query = self.target.partition("?")
        return {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            NUMBER: self.number,
        }


class Client:
    """A connection that was accepted.

    Args:
        connected: Its socket.
        stopping: Set when the server is about to end.
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
        """Send an answer, whole and once."""
        self.write(written(request, answer))

    def write(self, data: bytes) -> None:
        """Send bytes, whatever they mean."""
        self._socket.sendall(data)

    def pause(self, duration: timedelta) -> None:
        """Wait, in real time, unless the server is about to end."""
        self._stopping.wait(duration.total_seconds())

    def reset(self) -> None:
        """End the connection with a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


#: Does with a connection what a server does; what it returns from is closed.
Talk = Callable[[Client, Shop], None]


def answer_all(client: Client, shop: Shop) -> None:
    """Answer request after request as the shop does; the `Talk` of a good server."""
    while (request := client.read()) is not None:
        client.answer(request, shop.handle(request.environ))


def written(request: Request, answer: ShopAnswer) -> bytes:
    """Return an answer as it is on the wire."""
    lines = [f"HTTP/1.1 {answer.status} Status"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.status not in _BODILESS:
        lines.append(f"Content-Length: {len(answer.body)}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head if request.method == "HEAD" else head + answer.body


class EndpointServer:
    """A server at a port of its own, with a thread for each connection.

    It can be stopped and started again; it keeps its port meanwhile.

    Args:
        shop: What is behind it.
        talk: What it does with a connection.
        context: What it speaks TLS with; None for plain HTTP.
        one_at_a_time: Whether a connection has to wait until the one before it has ended.

    Attributes:
        port: The port.
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
                # Of the plain socket: what a thread does with TLS right now is not disturbed.
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
        # Clients may be gone at any time, and those that trust nobody are meant to be.
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
        talk: What is done with a connection.
        make: Makes the shop.
        one_at_a_time: Whether connections are served one after the other.
        timeout: How long it may take, in real time.
    """

    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        server = EndpointServer(make(store, ManualClock()), talk, one_at_a_time=one_at_a_time)
        with running(server):
            yield Served(server.origin, timeout=timeout)

    return serve


@contextmanager
def running(server: EndpointServer) -> Iterator[EndpointServer]:
    """Start a server, and stop it in the end."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


def listening(port: int = 0) -> socket.socket:
    """Return a socket that listens on loopback, and does not wait in `accept`."""
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
