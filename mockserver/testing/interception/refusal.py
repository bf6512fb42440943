"""Refuses what would leave this machine, and says who it was, in which test, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from mockserver.testing.interception import active

#: Clients that people know by these names; what they stand on is not named.
_CLIENTS = (
    "requests",
    "niquests",
    "httpx",
    "httpx2",
    "aiohttp",
    "pycurl",
    "urllib3",
    "urllib3_future",
    "httpcore",
    "uvloop",
    "anyio",
    "urllib",
    "http",
    "asyncio",
)


class RefusedConnection(ConnectionError):
    """A connection of code under test that a test's Leanplum does not let leave."""


def refused(what: str, why: str, ways_out: Iterable[str]) -> RefusedConnection:
    """Return the error for a connection that is refused; the test is told as well.

    Whoever calls may swallow it, and would then be thought to have reached somebody.

    Args:
        what: What was about to happen, e.g. `a connection to shop.example`.
        why: Whose rule forbids it.
        ways_out: What can be done, each a phrase.
    """
    one = active.newest()
    where = f" in {one.test}" if one is not None and one.test else ""
    text = f"{what} by {client_name()}{where} was refused: {why}; {', or '.join(ways_out)}"
    if one is not None:
        one.refusals[text] = None
    return RefusedConnection(text)


def client_name() -> str:
    """Return the client that is calling, as far as the stack tells."""
    found = ""
    frame = sys._getframe(1)  # noqa: SLF001 (documented)
    while frame is not None:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package in _CLIENTS and (not found or _is_above(package, found)):
            found = package
        if frame.f_back is None:
            break
        frame = frame.f_back
    return {"urllib": "urllib.request", "http": "http.client", "": "a socket"}.get(found, found)


def _is_above(one: str, other: str) -> bool:
    return _CLIENTS.index(one) < _CLIENTS.index(other)
