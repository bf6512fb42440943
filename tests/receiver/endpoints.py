"""Endpoints for tests that forward: each does one thing with a connection, in bytes."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

#: What an endpoint does with a connection, once it has read a request.
Act = Callable[[socket.socket, "Endpoint"], None]


@dataclass
class Endpoint:
    """An endpoint that is running.

    Attributes:
        port: Where it listens.
        got: Every request that it read, whole.
        stopping: Set when it is to end.
    """

    port: int
    got: list[bytes] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


def says(*pieces: bytes) -> Act:
    """Send these bytes and close."""

    def act(connection: socket.socket, endpoint: Endpoint) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return act


def says_and_stays(data: bytes) -> Act:
    """Send these bytes and keep the connection open."""

    def act(connection: socket.socket, endpoint: Endpoint) -> None:
        connection.sendall(data)
        endpoint.stopping.wait(20)

    return act


def resets(after: bytes = b"") -> Act:
    """Reset the connection, maybe after some bytes."""

    def act(connection: socket.socket, endpoint: Endpoint) -> None:
        if after:
            connection.sendall(after)
            # Otherwise the reset may overtake them.
            endpoint.stopping.wait(0.1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return act


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


_USUALLY = says(OK)


@contextmanager
def endpoint(act: Act = _USUALLY, tls: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Endpoint(listener.getsockname()[1])
        threads: list[threading.Thread] = []

        def serve(accepted: socket.socket) -> None:
            with suppress(OSError):
                connection = (
                    accepted if tls is None else tls.wrap_socket(accepted, server_side=True)
                )
                with connection:
                    request = whole_request(connection)
                    if request:
                        running.got.append(request)
                        act(connection, running)

        def accept() -> None:
            while True:
                try:
                    accepted, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=serve, args=(accepted,), daemon=True))
                threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield running
        finally:
            running.stopping.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(5)
            for thread in threads:
                thread.join(5)


def whole_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n")
         if line.lower().startswith(b"content-length:")), 0
    )  # fmt: skip
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
    return port
