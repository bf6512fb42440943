"""Shows `doctor` and the tests what really happens on a socket: bytes, ends, resets.

It uses no HTTP library, because those hide exactly that.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import Literal, Self

#: How the wait for an answer ended: the peer closed, reset, or kept silent.
Ending = Literal["closed", "reset", "silent", "enough"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a socket saw of one answer.

    Attributes:
        data: Every byte.
        ending: Why reading ended; `enough` when a whole response was there.
        arrivals: Real seconds from the request to each piece.
        real_seconds: From the request to the end of reading.
    """

    data: bytes
    ending: Ending
    arrivals: tuple[float, ...]
    real_seconds: float

    @property
    def status(self) -> int | None:
        """Return the status of a response that begins like HTTP."""
        parts = self.data.split(b" ", 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
            return None
        return int(parts[1])

    @property
    def body(self) -> bytes:
        """Return what came after the response head."""
        return self.data.partition(b"\r\n\r\n")[2]


class RawClient:
    """One connection, kept open for several requests."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def port(self) -> int:
        """Return the port on this side."""
        port: int = self.socket.getsockname()[1]
        return port

    def post(self, path: str, silence: float = 5.0) -> Seen:
        """POST without a body; stop reading after `silence` real seconds without a byte."""
        return self.exchange(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", silence
        )

    def exchange(self, request: str | bytes, silence: float = 5.0) -> Seen:
        """Send raw bytes and return what came back."""
        # Before it is sent: afterwards the other side may have had it for a while.
        began = time.perf_counter()
        self.socket.sendall(request.encode("latin-1") if isinstance(request, str) else request)
        data, arrivals = b"", []
        ending: Ending = "enough"
        while not _is_whole(data):
            self.socket.settimeout(silence)
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                ending = "silent"
                break
            except ConnectionResetError:
                ending = "reset"
                break
            if not piece:
                ending = "closed"
                break
            data += piece
            arrivals.append(time.perf_counter() - began)
        return Seen(data, ending, tuple(arrivals), time.perf_counter() - began)


def _is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or not head.startswith(b"HTTP/1."):
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    return True
