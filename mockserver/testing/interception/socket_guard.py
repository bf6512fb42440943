"""Bears with pytest-socket, which puts its own functions in for each test and takes them out again.

Both do that in any order: what one of them finds may be what the other has put in.
"""

from __future__ import annotations

import sys
from _socket import socket as genuine_socket
from collections.abc import Iterator
from contextlib import contextmanager

from mockserver.transport.process_guard import (
    all_forbidden,
    forbidden,
    guarded_connect,
    is_guarded,
)

_PLUGIN = "pytest_socket"
_GUARDED = ("getaddrinfo", "gethostbyname")


def kind_of_sockets() -> object:
    """Return the class that sockets are made of now; None if nobody has imported any."""
    return getattr(sys.modules.get("socket"), "socket", None)


def remove_leftovers() -> None:
    """Take out what pytest-socket would have, had it not been covered at its end.

    It takes its lookups out only if nothing stands on them, and what stood on them has just been
    taken out: they would refuse every later test.
    """
    plugin, socket = sys.modules.get(_PLUGIN), sys.modules.get("socket")
    if plugin is None or socket is None or is_guarded(socket.socket):
        return
    if any(is_pytest_sockets(getattr(socket, name)) for name in _GUARDED):
        plugin.enable_socket()


@contextmanager
def lifted() -> Iterator[None]:
    """Let this process use sockets for a while, for what is made once for all tests."""
    plugin, socket = sys.modules.get(_PLUGIN), sys.modules.get("socket")
    if plugin is None or socket is None:
        yield
        return
    before = {name: getattr(socket, name) for name in ("socket", *_GUARDED)}
    plugin.enable_socket()
    kind = socket.socket
    connect = vars(kind).get("connect")
    if guarded_connect() is not None:
        kind.connect = genuine_socket.connect
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(socket, name, value)
        if connect is not None:
            kind.connect = connect


def is_pytest_sockets(function: object) -> bool:
    """Return whether a function is one that pytest-socket has put in."""
    return getattr(function, "__module__", "") == _PLUGIN


def why_not(host: str) -> str | None:
    """Return in a line what to allow, if pytest-socket forbids connections to a loopback address.

    Args:
        host: Where the sandbox listens.
    """
    if _PLUGIN not in sys.modules:
        return None
    return all_forbidden() or forbidden(host, 1)
