"""Counts what would have left: Leanplum's names lead to a server on loopback, below the seams."""

from __future__ import annotations

import _socket
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.testing.interception.hosts import LEANPLUM_HOSTS, name_of


class CountingServer:
    """Accepts connections, resets them and counts; a real Leanplum would have got the key."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.count = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join(5)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[CountingServer]:
    """Let Leanplum's names, where nobody leads them, lead to a server that counts."""
    counting = CountingServer()
    genuine = _socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        if name_of(host) in LEANPLUM_HOSTS:
            host = "127.0.0.1"
        elif name_of(host) not in ("127.0.0.1", "127.76.112.1", "localhost", "::1", "0.0.0.0"):
            raise socket.gaierror(socket.EAI_NONAME, f"no network in tests: {host}")
        return genuine(host, *rest, **named)

    monkeypatch.setattr(_socket, "getaddrinfo", getaddrinfo)
    yield counting
    counting.close()


@pytest.fixture(autouse=True)
def nothing_leaves(outside: CountingServer, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that let a connection leave, unless it is about what happens afterwards."""
    yield
    if request.node.get_closest_marker("leaves") is None:
        assert outside.count == 0
