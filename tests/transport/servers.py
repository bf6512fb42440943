"""Small servers on raw sockets, which do to a client what no framework would."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Connection:
    """One accepted connection; `number` counts from 1 on each server."""

    def __init__(self, server: RawServer, accepted: socket.socket, number: int) -> None:
        self.number = number
        self._server = server
        self._socket = accepted

    def read_request(self) -> bytes | None:
        """Return the next request head, which the server remembers; None at the end."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            received = self._socket.recv(1)
            if not received:
                return None
            data += received
        with self._server.changed:
            self._server.requests.append((self.number, data))
            self._server.changed.notify_all()
        return data

    def read_something(self) -> bytes:
        return self._socket.recv(65536)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def reset(self) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def take_socket(self) -> socket.socket:
        """Return the socket, e.g. to put TLS around it."""
        return self._socket

    def wait_for_stop(self) -> None:
        """Hang until the server stops."""
        self._server.stopping.wait()

    def pause(self, seconds: float) -> bool:
        """Wait as a slow server would; return whether to go on."""
        return not self._server.stopping.wait(seconds)


Behaviour = Callable[[Connection], None]


class RawServer:
    """Runs a behaviour for each connection, in a thread of its own."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.requests: list[tuple[int, bytes]] = []
        self.connections = 0
        self.changed = threading.Condition()
        self.stopping = threading.Event()
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._accepted: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """The request targets in the order in which they arrived."""
        return [head.split()[1].decode() for _, head in self.requests]

    def wait_for_requests(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= count, timeout=10)

    def close(self) -> None:
        self.stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        for accepted in self._accepted:
            with suppress(OSError):
                accepted.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection = Connection(self, accepted, self.connections)
            self._accepted.append(accepted)
            thread = threading.Thread(target=self._serve, args=(connection, accepted))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: Connection, accepted: socket.socket) -> None:
        with accepted, suppress(OSError):
            self._behaviour(connection)


def keeping_alive(answer: bytes = OK) -> Behaviour:
    """Answer every request, and keep the connection open."""

    def behave(connection: Connection) -> None:
        while connection.read_request() is not None:
            connection.send(answer)

    return behave


def closing_after(answer: bytes) -> Behaviour:
    """Answer one request and close the connection without having announced it."""

    def behave(connection: Connection) -> None:
        if connection.read_request() is not None:
            connection.send(answer)

    return behave


def hanging(connection: Connection) -> None:
    """Read requests and never answer."""
    connection.read_request()
    connection.wait_for_stop()


def resetting(connection: Connection) -> None:
    """Reset the connection once a request was read."""
    connection.read_request()
    connection.reset()


def dripping(start: bytes, piece: bytes) -> Behaviour:
    """Send `start`, and then `piece` again and again, with pauses."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(start)
        while connection.pause(0.02):
            connection.send(piece)

    return behave
