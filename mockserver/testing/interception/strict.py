"""Refuses every other host while a test is strict, for whatever looks a name up or connects.

An audit hook sees clients that have taken the functions of `socket` along before, too. It cannot be
removed again, so there is one for the process, and it does nothing while no test is strict.
"""

from __future__ import annotations

import sys
from typing import Any

from mockserver.testing.interception import active
from mockserver.testing.interception.hosts import is_leanplums, is_this_machine, name_of
from mockserver.testing.interception.refusal import refused

_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_CONNECTIONS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})

_is_watching = False


def watch() -> None:
    """Begin to look, for the rest of the process."""
    global _is_watching
    if not _is_watching:
        _is_watching = True
        sys.addaudithook(_look)


def check(host: object) -> None:
    """Let a host be reached.

    Raises:
        RefusedConnection: A test is strict, and it is neither Leanplum's nor this machine.
    """
    if active.is_strict() and not is_this_machine(host) and not is_leanplums(host):
        raise refused(
            f"a connection to {name_of(host)}",
            "--leanplum-strict lets code under test reach Leanplum and this machine only",
            ["mock that host", "leave --leanplum-strict out"],
        )


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    # The names first: most events are others, and there are many.
    if event in _LOOKUPS:
        check(arguments[0])
    elif event in _CONNECTIONS:
        address = arguments[1]
        # Sockets of other families than the internet's never leave the machine.
        if isinstance(address, tuple) and address and isinstance(address[0], str | bytes):
            check(address[0])
