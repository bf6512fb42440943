"""The bytes of every behaviour, and the sandbox time until its response head has ended.

Decides: what exactly is written. Place in the flow: between the behaviour of an inbox and
the socket, or the outcome, it becomes. Must not import: sockets, asyncio.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Literal, NamedTuple

from mockserver.receiver.behaviours import (
    BODILESS,
    Behaviour,
    Close,
    Drip,
    Hang,
    Malformed,
    Redirect,
    Reset,
    StatusAnswer,
    Truncated,
    body_of,
)

#: What an answer says of the connection: nothing, that it ends, or (to a client of
#: HTTP/1.0, which does not take it for granted) that it stays.
ConnectionField = Literal["", "close", "keep-alive"]


class ReceiverAnswer(NamedTuple):
    """What is sent.

    Attributes:
        status: 0 for what is no HTTP.
        head: Up to and with its empty line.
        body: What follows.
        ends_connection: Whether nothing more can be sent after it, whatever was agreed.
        is_whole: Whether a client can take it for a finished answer.
    """

    status: int
    head: bytes
    body: bytes
    ends_connection: bool = False
    is_whole: bool = True


class Plan(NamedTuple):
    """A behaviour made ready to be carried out many times.

    Attributes:
        delay: How long it waits before anything is sent.
        simple: What is written, if it is a plain answer without a delay that leaves the
            connection open and the request asks for nothing special; else None.
    """

    delay: timedelta
    delay_real_seconds: float
    simple: ReceiverAnswer | None


@lru_cache(maxsize=1024)
def plan_of(behaviour: Behaviour) -> Plan:
    """Return what can be known of a behaviour before any request has come."""
    delay = behaviour.delay_time
    simple = None
    if isinstance(behaviour, StatusAnswer | Redirect) and not delay:
        answer = answer_of(behaviour, "POST")
        simple = None if answer.ends_connection else answer
    return Plan(delay, delay.total_seconds(), simple)


@lru_cache(maxsize=1024)
def answer_of(
    behaviour: Behaviour, method: str, connection: ConnectionField = ""
) -> ReceiverAnswer:
    """Return the bytes that a behaviour sends; none if it never answers."""
    if isinstance(behaviour, Hang | Reset | Close):
        return ReceiverAnswer(0, b"", b"", ends_connection=True, is_whole=False)
    if isinstance(behaviour, Malformed):
        return ReceiverAnswer(
            0, b"THIS IS NOT HTTP\r\n\r\n", b"", ends_connection=True, is_whole=False
        )
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(behaviour, StatusAnswer):
        headers, body = behaviour.headers, body_of(behaviour)
    elif isinstance(behaviour, Redirect):
        headers, body = (("Location", behaviour.location),), b""
    else:
        body = behaviour.body.encode()
    status = behaviour.status
    # An interim answer must be followed by a final one; there is none to follow.
    interim = status < 200
    truncated = isinstance(behaviour, Truncated)
    head = _head(status, headers, len(body) + 100 * truncated, "" if interim else connection)
    return ReceiverAnswer(
        status,
        head,
        b"" if method == "HEAD" else body,
        ends_connection=interim or truncated or _closes(headers),
        is_whole=not (interim or truncated),
    )


def head_time(behaviour: Behaviour, answer: ReceiverAnswer) -> timedelta | None:
    """Return the time from a request's arrival to the end of the response head.

    None if there will be no end.
    """
    if isinstance(behaviour, Hang):
        return None
    elapsed = behaviour.delay_time
    if isinstance(behaviour, Drip) and behaviour.part == "headers":
        elapsed += behaviour.interval_time * len(answer.head)
    return elapsed


def phrase(status: int) -> str:
    """Return the reason phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"


def _closes(headers: tuple[tuple[str, str], ...]) -> bool:
    return any(name.lower() == "connection" and "close" in value.lower() for name, value in headers)


def _head(
    status: int, headers: tuple[tuple[str, str], ...], length: int, connection: ConnectionField
) -> bytes:
    given = {name.lower() for name, _ in headers}
    lines = [f"HTTP/1.1 {status} {phrase(status)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    framed = "content-length" in given or "transfer-encoding" in given
    if not framed and status not in BODILESS and status >= 200:
        lines.append(f"Content-Length: {length}")
    if length and "content-type" not in given:
        lines.append("Content-Type: text/plain; charset=utf-8")
    if connection and "connection" not in given:
        lines.append(f"Connection: {connection}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
