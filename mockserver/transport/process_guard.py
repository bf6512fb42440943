"""Asks pytest-socket, if a test has it, whether postbacks may be sent where they go.

pytest-socket guards the sockets of Python, and libcurl has its own. So it is asked here, by the
very functions that it has put in, whoever has wrapped them, and its own words are the reason.
Nothing is imported: where pytest-socket is not loaded, nothing is forbidden.
"""

from __future__ import annotations

import socket
import sys
from _socket import socket as genuine_socket
from collections.abc import Callable
from typing import Any

_PLUGIN = "pytest_socket"


def all_forbidden() -> str | None:
    """Return why no connection may be opened at all, or None if some may."""
    if _PLUGIN not in sys.modules or not is_guarded(socket.socket):
        return None
    why = _said(lambda: socket.socket())
    if why is None:
        return None
    return f"pytest-socket forbids every connection of this test: {why} {_WAYS_OUT}"


def forbidden(address: str, port: int) -> str | None:
    """Return why no connection to a literal address may be opened, or None if it may."""
    if _PLUGIN not in sys.modules:
        return None
    guarded = guarded_connect()
    if guarded is None:
        return all_forbidden()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        # A datagram's: to connect it sends nothing.
        probe = genuine_socket(family, socket.SOCK_DGRAM)
    except OSError:
        return None
    try:
        why = _said(lambda: guarded(probe, (address, port)))
    finally:
        probe.close()
    if why is None:
        return None
    return (
        f"pytest-socket forbids it: {why} Allow it: name {address} in --allow-hosts or "
        "@pytest.mark.allow_hosts([...])"
    )


def guarded_connect() -> Callable[..., Any] | None:
    """Return pytest-socket's `connect`, whatever has been put on top of it; None without one."""
    function: Any = getattr(socket.socket, "connect", None)
    while function is not None:
        if getattr(function, "__module__", None) == _PLUGIN:
            found: Callable[..., Any] = function
            return found
        function = getattr(function, "__wrapped__", None)
    return None


def is_guarded(kind: object) -> bool:
    """Return whether a class of sockets is pytest-socket's, of which none can be made."""
    return any(each.__module__ == _PLUGIN for each in getattr(kind, "__mro__", ()))


def _said(try_it: Callable[[], Any]) -> str | None:
    """Return the words with which pytest-socket refuses something; None if it does not."""
    try:
        try_it()
    except OSError:
        # That is of the system: libcurl will find out, too.
        return None
    except (RuntimeError, Warning) as refusal:
        # It warns before it raises, and a warning may be an error.
        return " ".join(str(refusal).split())
    return None


_WAYS_OUT = (
    "Allow some: --allow-hosts or @pytest.mark.allow_hosts([...]), or all: "
    "@pytest.mark.enable_socket"
)
