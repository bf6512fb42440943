"""The bytes of every behaviour, and the sandbox time until its response head has ended.

Decides: what exactly is written. Place in the flow: between the behaviour of an inbox and
the socket, or the outcome, it becomes. Must not import: sockets, asyncio.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from mockserver.receiver.behaviours import (
    Behaviour,
    Drip,
    Hang,
    Malformed,
    Redirect,
    StatusAnswer,
    Truncated,
    body_of,
)

_BODILESS = frozenset({204, 304})


class Answer(NamedTuple):
    """What is sent: the head up to and with its empty line, and the body."""

    status: int
    head: bytes
    body: bytes


@lru_cache(maxsize=1024)
def answer_of(behaviour: Behaviour, method: str) -> Answer:
    """Return the bytes that a behaviour which answers at all sends."""
    if isinstance(behaviour, Malformed):
        return Answer(0, b"THIS IS NOT HTTP\r\n\r\n", b"")
    headers: tuple[tuple[str, str], ...] = ()
    missing = 0
    if isinstance(behaviour, StatusAnswer):
        status, headers, body = behaviour.status, behaviour.headers, body_of(behaviour)
    elif isinstance(behaviour, Redirect):
        status, headers, body = behaviour.status, (("Location", behaviour.location),), b""
    else:
        assert isinstance(behaviour, Truncated | Drip), "the others send nothing"
        status, body = behaviour.status, behaviour.body.encode()
        missing = 100 if isinstance(behaviour, Truncated) else 0
    if status in _BODILESS or status < 200:
        body = b""
    head = _head(status, headers, len(body) + missing)
    return Answer(status, head, b"" if method == "HEAD" else body)


def head_time(behaviour: Behaviour, method: str) -> timedelta | None:
    """Return the time from a request's arrival to the end of the response head.

    None if there will be no end.
    """
    if isinstance(behaviour, Hang):
        return None
    elapsed = behaviour.delay_time
    if isinstance(behaviour, Drip) and behaviour.part == "headers":
        elapsed += behaviour.interval_time * len(answer_of(behaviour, method).head)
    return elapsed


def _head(status: int, headers: tuple[tuple[str, str], ...], length: int) -> bytes:
    given = {name.lower() for name, _ in headers}
    lines = [f"HTTP/1.1 {status} {_phrase(status)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if "content-length" not in given and status not in _BODILESS and status >= 200:
        lines.append(f"Content-Length: {length}")
    if length and "content-type" not in given:
        lines.append("Content-Type: text/plain; charset=utf-8")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"
