"""One connection to the receiver: requests are parsed, recorded, and answered in turn.

Decides: when a request has arrived and when it has ended. Place in the flow: made by
`receiver.server` for each client. Must not import: the engine, transports.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

import httptools

from mockserver.receiver.answers import Answer, answer_of, head_time
from mockserver.receiver.behaviours import (
    Behaviour,
    Close,
    Drip,
    Hang,
    Malformed,
    Reset,
    Truncated,
)
from mockserver.receiver.inboxes import Inboxes, inbox_of
from mockserver.receiver.journal import End, ReceivedRequest
from mockserver.receiver.link import EngineLink, Sender

#: What a request may have at most; more is refused.
LARGEST_BODY = 1024 * 1024
LARGEST_HEAD = 64 * 1024


class _Parsed(NamedTuple):
    method: str
    target: str
    line: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    keep_alive: bool


class Connection(asyncio.Protocol):
    """Parses with httptools; answers one request after the other."""

    __slots__ = (
        "_all",
        "_body",
        "_client",
        "_current",
        "_head_size",
        "_headers",
        "_inboxes",
        "_keep_alive",
        "_link",
        "_loop",
        "_oversized",
        "_parser",
        "_queue",
        "_sender",
        "_target",
        "_timer",
        "_transport",
        "_waiting",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        inboxes: Inboxes,
        link: EngineLink | None,
        connections: set[Connection],
    ) -> None:
        self._loop = loop
        self._inboxes = inboxes
        self._link = link
        self._all = connections
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[_Parsed] = deque()
        self._current: ReceivedRequest | None = None
        self._sender: Sender | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._keep_alive = True
        self._waiting: tuple[Behaviour, str] | None = None
        self._begin()

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take in a new connection."""
        self._transport = cast(asyncio.Transport, transport)
        self._client = transport.get_extra_info("peername")[:2]
        self._all.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the client has gone."""
        self._finish("client-gone")
        self._all.discard(self)

    def data_received(self, data: bytes) -> None:
        """Parse what has come; requests that are complete are recorded and answered."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400, "protocol upgrades are not supported")
        except httptools.HttpParserError as error:
            self._refuse(400, f"not an HTTP request: {error}")

    # Called by httptools

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._begin()

    def on_url(self, url: bytes) -> None:
        """Take in a piece of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header field."""
        self._head_size += len(name) + len(value) + 4
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Tell a client that waits for it to go on."""
        for name, value in self._headers:
            if name.lower() == b"expect" and value.lower() == b"100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take in a piece of the body."""
        if len(self._body) + len(body) > LARGEST_BODY:
            self._oversized = True
            return
        self._body += body

    def on_message_complete(self) -> None:
        """Serve the request, or let it wait for the one before it."""
        parser = self._parser
        method = parser.get_method()
        line = b"%b %b HTTP/%b" % (method, self._target, parser.get_http_version().encode())
        if self._oversized:
            self._refuse(413, f"a request body may have {LARGEST_BODY} bytes at most")
            return
        if self._head_size + len(self._target) > LARGEST_HEAD:
            self._refuse(431, f"a request head may have {LARGEST_HEAD} bytes at most")
            return
        parsed = _Parsed(
            method.decode("latin-1"),
            self._target.decode("latin-1"),
            line,
            tuple(self._headers),
            self._body,
            parser.should_keep_alive(),
        )
        if self._current is None and not self._queue:
            self._serve(parsed)
        else:
            self._queue.append(parsed)

    # Called by the receiver

    def cancel(self) -> None:
        """End the connection and the request that waits, as if it had never been."""
        self._finish("cancelled")
        self._transport.abort()

    def hurry(self) -> None:
        """Let the engine's request that waits wait no longer: sandbox time has jumped."""
        request, waiting = self._current, self._waiting
        if request is None or waiting is None or self._sender is None or self._link is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._link.hurry(self._client[1])
        behaviour, method = waiting
        self._act_virtually(behaviour, method, request, head_time(behaviour, method))

    def _begin(self) -> None:
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_size = 0
        self._body = b""
        self._oversized = False

    def _serve(self, parsed: _Parsed) -> None:
        inbox = inbox_of(parsed.target)
        if inbox is None:
            self._refuse(404, "inboxes are found at /inbox/<name> and below", parsed.keep_alive)
            return
        behaviour, shown = self._inboxes.next_behaviour(inbox)
        sender = None if self._link is None else self._link.sender_at(self._client[1])
        self._keep_alive = parsed.keep_alive
        self._sender = sender
        self._current = request = self._inboxes.journal.arrived(
            inbox,
            parsed.method,
            parsed.target,
            parsed.line,
            parsed.headers,
            parsed.body,
            self._client,
            shown,
            None if sender is None else (sender.delivery_id, sender.number),
        )
        if sender is not None and self._link is not None:
            elapsed = head_time(behaviour, parsed.method)
            self._link.answered_after(self._client[1], elapsed, request)
            if sender.virtual:
                self._act_virtually(behaviour, parsed.method, request, elapsed)
                return
        self._waiting = behaviour, parsed.method
        delay = behaviour.delay_time.total_seconds()
        if delay:
            self._later(delay, self._act, behaviour, parsed.method)
        else:
            self._act(behaviour, parsed.method)

    def _act_virtually(
        self,
        behaviour: Behaviour,
        method: str,
        request: ReceivedRequest,
        elapsed: timedelta | None,
    ) -> None:
        if elapsed is None:
            # The sender counts this as a timeout; it is told by the end of the connection.
            self._current = None
            self._transport.abort()
            return
        ended_at = request.arrived_at + elapsed
        if isinstance(behaviour, Drip):
            answer = answer_of(behaviour, method)
            self._answer(answer, ended_at)
        else:
            self._act(behaviour, method, ended_at)

    def _act(self, behaviour: Behaviour, method: str, ended_at: datetime | None = None) -> None:
        if isinstance(behaviour, Hang):
            return
        self._waiting = None
        if isinstance(behaviour, Reset):
            self._finish("reset", None, ended_at)
            self._reset()
        elif isinstance(behaviour, Close):
            self._finish("closed", None, ended_at)
            self._transport.close()
        elif isinstance(behaviour, Malformed | Truncated):
            answer = answer_of(behaviour, method)
            self._transport.write(answer.head + answer.body)
            self._finish("closed", answer.status or None, ended_at)
            self._transport.close()
        elif isinstance(behaviour, Drip):
            self._drip(behaviour, answer_of(behaviour, method), 0)
        else:
            self._answer(answer_of(behaviour, method), ended_at)

    def _answer(self, answer: Answer, ended_at: datetime | None = None) -> None:
        self._transport.write(answer.head + answer.body)
        self._finish("answered", answer.status, ended_at)
        self._next()

    def _drip(self, behaviour: Drip, answer: Answer, sent: int) -> None:
        if sent == 0 and behaviour.part == "body":
            self._transport.write(answer.head)
        slow = answer.head if behaviour.part == "headers" else answer.body
        if sent < len(slow):
            pause = behaviour.interval_time.total_seconds()
            self._later(pause, self._drip_byte, behaviour, answer, sent)
            return
        if behaviour.part == "headers":
            self._transport.write(answer.body)
        self._finish("answered", answer.status)
        self._next()

    def _drip_byte(self, behaviour: Drip, answer: Answer, sent: int) -> None:
        slow = answer.head if behaviour.part == "headers" else answer.body
        self._transport.write(slow[sent : sent + 1])
        self._drip(behaviour, answer, sent + 1)

    def _next(self) -> None:
        if not self._keep_alive:
            self._transport.close()
        elif self._queue:
            # Not at once: a thousand requests in one packet would be a thousand calls deep.
            self._loop.call_soon(self._serve_next)

    def _serve_next(self) -> None:
        if self._current is None and self._queue and not self._transport.is_closing():
            self._serve(self._queue.popleft())

    def _finish(
        self, end: End, status: int | None = None, ended_at: datetime | None = None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting = None
        if self._current is not None:
            self._inboxes.journal.ended(self._current, end, status, ended_at)
            self._current = None

    def _later(self, seconds: float, act: Any, *values: Any) -> None:
        self._timer = self._loop.call_later(seconds, act, *values)

    def _reset(self) -> None:
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _refuse(self, status: int, detail: str, keep_alive: bool = False) -> None:
        body = b'{"title":"Refused by the receiver","status":%d,"detail":"%b"}' % (
            status,
            detail.replace('"', "'").encode("ascii", "replace"),
        )
        connection = b"" if keep_alive else b"Connection: close\r\n"
        self._transport.write(
            b"HTTP/1.1 %d Refused\r\nContent-Type: application/problem+json\r\n"
            b"Content-Length: %d\r\n%b\r\n%b" % (status, len(body), connection, body)
        )
        if not keep_alive:
            self._transport.close()
