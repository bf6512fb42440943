"""Leads connections to Leanplum to the server on loopback: `connect` of sockets.

What goes to a proxy that would pass it on is refused: nobody here knows where it would go.
"""

from __future__ import annotations

import re
from _socket import socket as genuine_socket
from functools import partial
from types import ModuleType
from typing import Any

from mockserver.testing.interception import server
from mockserver.testing.interception.hosts import (
    LEANPLUM_HOSTS_PATTERN,
    LOOPBACK,
    LOOPBACK_V6,
    is_leanplums,
    name_of,
)
from mockserver.testing.interception.patches import Patches, pass_through
from mockserver.testing.interception.refusal import refused
from mockserver.testing.interception.socket_guard import is_pytest_sockets

#: The beginning of a request that asks a proxy for Leanplum.
_PROXIED = re.compile(
    rb"(?:CONNECT |[A-Z]+ https?://(?:[^/?# ]*@)?)(%b)\.?[:/?# ]" % LEANPLUM_HOSTS_PATTERN.encode(),
    re.I,
)
_LONGEST_BEGINNING = 512


def lead_connections(patches: Patches, socket: ModuleType) -> None:
    """Put the methods of sockets in that connect, and those that send.

    Args:
        patches: Takes them out again.
        socket: The module.
    """
    for name in ("connect", "connect_ex"):
        patches.put_in(socket.socket, name, _connect)
    for name in ("send", "sendall"):
        patches.put_in(socket.socket, name, partial(_send, socket))


def led(address: Any) -> Any:
    """Return where a connection to `address` is to go: as it is unless it is one to Leanplum."""
    if not isinstance(address, tuple) or len(address) < 2 or not is_leanplums(address[0]):
        return address
    if ":" in name_of(address[0]):
        return (LOOPBACK_V6, server.port(), *address[2:])
    return (LOOPBACK, server.port())


def _connect(replaced: Any) -> Any:
    def connect(sock: Any, address: Any) -> Any:
        where = led(address)
        if where is not address and is_pytest_sockets(replaced):
            # It guards what leaves, and this is a call that the test's own Leanplum answers.
            return genuine_socket.connect(sock, where)
        return replaced(sock, where)

    return pass_through(connect, replaced)


def _send(socket: ModuleType, replaced: Any) -> Any:
    def send(sock: Any, data: Any, *flags: Any) -> Any:
        asked = _PROXIED.match(memoryview(data)[:_LONGEST_BEGINNING].tobytes())
        if asked is not None and not server.is_its_address(peer_of(sock)):
            raise refused_proxy(asked[1].decode())
        return replaced(sock, data, *flags)

    return pass_through(send, replaced)


def refused_proxy(host: str) -> Exception:
    """Return the error for a call to Leanplum through a proxy."""
    return refused(
        f"a call to {host} through a proxy",
        "`leanplum` cannot answer what a proxy passes on",
        [
            "give the client no proxy",
            "name the host in NO_PROXY before the client is made",
        ],
    )


def peer_of(sock: Any) -> Any:
    """Return the address that a socket is connected to; None if it is not."""
    try:
        return sock.getpeername()
    except OSError:
        return None
