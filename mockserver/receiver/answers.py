"""Describes what a request is answered with, as one value that both receivers carry out.

The receiver on a socket sends it in real time; `accounted` works out what comes of it without
waiting. Because both read the same value, they cannot disagree about a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Literal, NamedTuple

from mockserver.core.outcome import NO_TIME

#: Answers with these statuses never have a body.
BODILESS = frozenset({204, 304})

#: What an answer says of the connection: nothing, that it ends, or (to a client of
#: HTTP/1.0, which does not take it for granted) that it stays.
ConnectionField = Literal["", "close", "keep-alive"]

#: Name and value of header fields, in order.
Fields = tuple[tuple[str, str], ...]


class ReceiverAnswer(NamedTuple):
    """What is sent, when, and how it ends.

    Attributes:
        status: 0 for what is no HTTP.
        head: Up to and with its empty line; what comes first, if it is no HTTP.
        body: What follows.
        end: `answered`: the next request may follow. `closed`, `reset`: the connection ends so
            behind the last byte. None: it stays open and silent until the client goes.
        ends_connection: Whether the connection is closed behind a whole answer, although the
            client would keep it.
        wait: How long nothing is sent.
        head_interval: The pause before each byte of the head; None sends it at once.
        body_interval: The same for the body.
        error: What went wrong for a client that gets no whole response head; None if it does.
        reads_on: Whether the connection is read from until the answer has been sent.
        surplus: Bytes that are sent behind the body and are no part of the answer.
        is_finished: Whether `body` is all that the head announces.
    """

    status: int
    head: bytes
    body: bytes
    end: Literal["answered", "closed", "reset"] | None = "answered"
    ends_connection: bool = False
    wait: timedelta = NO_TIME
    head_interval: timedelta | None = None
    body_interval: timedelta | None = None
    error: str | None = None
    reads_on: bool = True
    surplus: bytes = b""
    is_finished: bool = True

    @property
    def everything(self) -> bytes:
        """Return every byte that is sent, in order."""
        return b"".join([part for part, _ in self._parts])

    @property
    def size(self) -> int:
        """Return the number of bytes that are sent."""
        return sum([len(part) for part, _ in self._parts])

    @property
    def head_time(self) -> timedelta | None:
        """Return the time from the request's arrival to the end of the response head.

        Without a final head it is the time to the end of the connection; None if neither comes.
        """
        if self.end is None and self.status < 200:
            return None
        if not self.head_interval:
            return self.wait
        return self.wait + self.head_interval * len(self.head)

    @property
    def is_plain(self) -> bool:
        """Return whether it is sent at once and in one piece, and the connection stays."""
        return (
            self.end == "answered"
            and not self.ends_connection
            and not self.wait
            and self.head_interval is None
            and self.body_interval is None
        )

    def pieces(self) -> Iterator[tuple[timedelta | None, bytes]]:
        """Yield what is written to the socket, each with the pause before it, if any."""
        if self.head_interval is None and self.body_interval is None:
            yield None, self.everything
            return
        for part, interval in self._parts:
            if interval is not None:
                yield from ((interval, part[at : at + 1]) for at in range(len(part)))
            elif part:
                yield None, part

    @property
    def _parts(self) -> tuple[tuple[bytes, timedelta | None], ...]:
        """Return everything that is sent, each part with the pause before each of its bytes."""
        return (
            (self.head, self.head_interval),
            (self.body, self.body_interval),
            (self.surplus, None),
        )


def http_answer(
    status: int,
    body: bytes,
    method: str,
    connection: ConnectionField,
    *,
    headers: Fields = (),
    announced: int | None = None,
) -> ReceiverAnswer:
    """Return an HTTP answer that is sent at once.

    Args:
        status: From 100 to 599. After an interim one (1xx) the connection is closed, because
            no final answer follows it.
        body: Not sent if the request is a HEAD.
        method: Of the request.
        connection: What the head says of the connection, unless `headers` do.
        headers: In this order, before those that are added.
        announced: The length that the head tells; that of the body unless given.
    """
    interim = status < 200
    length = len(body) if announced is None else announced
    return ReceiverAnswer(
        status,
        _head(status, headers, length, "" if interim else connection),
        b"" if method == "HEAD" else body,
        "closed" if interim else "answered",
        ends_connection=_closes(headers),
        is_finished=method == "HEAD" or len(body) >= length,
        error=f"the connection was closed after an interim answer, {status}" if interim else None,
    )


def fields_of(head: bytes) -> Fields:
    """Return the header fields of the head of an answer, in order."""
    lines = head.decode("latin-1").split("\r\n")[1:-2]
    return tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))


def phrase(status: int) -> str:
    """Return the reason phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"


def _closes(headers: Fields) -> bool:
    return any(name.lower() == "connection" and "close" in value.lower() for name, value in headers)


def _head(status: int, headers: Fields, length: int, connection: ConnectionField) -> bytes:
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
