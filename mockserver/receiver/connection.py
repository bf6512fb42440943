"""Reads the requests of one connection to the receiver, records them and has them answered.

Every request is recorded as it arrives, also one that waits for the answer to the one before
it; `turns` says when it is answered.
"""

from __future__ import annotations

import asyncio
from typing import cast

import httptools

from mockserver.core.limits import MOST_UNDER_WAY
from mockserver.net.listener import origin_of
from mockserver.receiver.answers import ConnectionField
from mockserver.receiver.exchange import ReceiverExchange
from mockserver.receiver.faults.base import Fault
from mockserver.receiver.inboxes import INBOX_PATH, Inboxes, inbox_of
from mockserver.receiver.journal import End, Journal, ReceivedRequest
from mockserver.receiver.link import EngineLink, SendingAttempt
from mockserver.receiver.refusals import Refusal, refusal_of
from mockserver.receiver.rendered import answer_of, plain_answer_of
from mockserver.receiver.turns import Turns

#: What a request may have at most; more is refused.
LARGEST_BODY = 1024 * 1024
LARGEST_HEAD = 64 * 1024

#: What is not larger counts by the number of connections alone.
_SMALL_BODY = 32 * 1024

#: How long a refused client has to read why, before the connection is cut.
LINGER_REAL_SECONDS = 2.0


class Connection(asyncio.Protocol):
    """Parses with httptools; answers one request after the other."""

    __slots__ = (
        "_all",
        "_body",
        "_body_size",
        "_deaf",
        "_declined",
        "_head_size",
        "_headers",
        "_inboxes",
        "_last_has_come",
        "_linger",
        "_offers_upgrade",
        "_parser",
        "_target",
        "_turns",
        "_unfinished_size",
        "client",
        "journal",
        "link",
        "loop",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        inboxes: Inboxes,
        link: EngineLink | None,
        connections: set[Connection],
    ) -> None:
        self.loop = loop
        self.link = link
        self.journal: Journal = inboxes.journal
        self._inboxes = inboxes
        self._all = connections
        self._parser = httptools.HttpRequestParser(self)
        self._turns = Turns(self._send_refusal)
        self._deaf = False
        self._declined: list[tuple[bytes, bytes]] | None = None
        self._last_has_come = False
        self._linger: asyncio.TimerHandle | None = None
        self.on_message_begin()

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take in a new connection."""
        self.transport = self._turns.transport = cast(asyncio.Transport, transport)
        self.client: tuple[str, int] = transport.get_extra_info("peername")[:2]
        self._all.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the client has gone, or that the connection has been ended."""
        self._turns.end("client-gone")
        if self._linger is not None:
            self._linger.cancel()
        self._all.discard(self)

    def data_received(self, data: bytes) -> None:
        """Parse what has come; requests that are complete are recorded and answered.

        What comes behind the end of a connection is dropped: behind its last request (HTTP/1.0,
        `Connection: close`), behind a refusal, and while the transport closes. Anything else
        that cannot be parsed is answered with a 400, and the connection ends.
        """
        rest = memoryview(data)
        try:
            # It ends: every turn takes at least one byte off `rest`, or raises, and nothing is
            # ever put back.
            while rest and not self._is_over():
                rest = rest[self._parse(rest) :]
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._refuse(400, f"not an HTTP request: {error}")

    def pause_writing(self) -> None:
        """Read no more from a client that does not read its answers."""
        self._turns.set_writable(False)

    def resume_writing(self) -> None:
        """Read on."""
        self._turns.set_writable(True)

    # Called by httptools

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_size = 0
        self._unfinished_size = 0
        self._offers_upgrade = False
        self._body: list[bytes] = []
        self._body_size = 0

    def on_url(self, url: bytes) -> None:
        """Take in a piece of the target."""
        self._target += url
        self._head_size += len(url)
        if self._head_size > LARGEST_HEAD:
            self._refuse_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header field."""
        self._headers.append((name, value))
        self._head_size += len(name) + len(value) + 4
        if self._head_size > LARGEST_HEAD:
            self._refuse_head()

    def on_headers_complete(self) -> None:
        """Refuse a body that is announced too large; tell a client that waits to go on."""
        self._unfinished_size = 0
        if self._declined is not None:
            # They are recorded as they were sent, with the offer.
            self._headers, self._declined = self._declined, None
        self._offers_upgrade = self._parser.should_upgrade() and not self._is_tunnel()
        if self._offers_upgrade:
            return
        waits = False
        for name, value in self._headers:
            if len(name) == 14 and name.lower() == b"content-length":
                # The parser has refused what is no number; a long one is too large, too.
                if len(value) > 15 or int(value) > LARGEST_BODY:
                    self._refuse_body()
                    return
            elif len(name) == 6 and name.lower() == b"expect":
                waits = value.lower() == b"100-continue"
        if waits and not self._turns.waiting and not self._is_over():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take in a piece of the body."""
        self._unfinished_size = 0
        self._body_size += len(body)
        if self._body_size > LARGEST_BODY:
            self._refuse_body()
        elif self._body_size > _SMALL_BODY and self._is_too_much():
            self._refuse(
                429,
                f"the requests that are under way have {MOST_UNDER_WAY} bytes together; send "
                "fewer at once, or let none of them hang",
            )
        elif not self._deaf:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Record the request, and serve it or let it wait for the one before it."""
        if self._offers_upgrade or self._is_over():
            return
        parser = self._parser
        method_bytes = parser.get_method()
        version = parser.get_http_version()
        method = method_bytes.decode("latin-1")
        target = self._target.decode("latin-1")
        keep_alive = parser.should_keep_alive()
        self._last_has_come = not keep_alive
        inbox = inbox_of(target)
        if inbox is None:
            self._not_found(method, keep_alive)
            return
        behaviour, shown = self._inboxes.next_behaviour(inbox)
        attempt = None if self.link is None else self.link.attempt_at(self.client[1])
        arrived = (
            inbox,
            method,
            target,
            b"%b %b HTTP/%b" % (method_bytes, self._target, version.encode()),
            tuple(self._headers),
            b"".join(self._body),
            self.client,
            shown,
            None if attempt is None else (attempt.delivery_id, attempt.number),
        )
        plain = plain_answer_of(behaviour)
        if (
            plain is not None
            and attempt is None
            and keep_alive
            and not self._turns.waiting
            and version == "1.1"
            and method != "HEAD"
        ):
            self.journal.arrived(*arrived, answered=plain.status)
            self.transport.write(plain.data)
            self._body_size = 0
            return
        request = self.journal.arrived(*arrived)
        field: ConnectionField = "" if keep_alive else "close"
        if keep_alive and version == "1.0":
            field = "keep-alive"
        exchange = self._exchange_of(request, behaviour, keep_alive, attempt, field)
        size, self._body_size = self._head_size + self._body_size, 0
        self._body = []
        self._turns.add(exchange, size)

    def _exchange_of(
        self,
        request: ReceivedRequest,
        behaviour: Fault,
        keep_alive: bool,
        attempt: SendingAttempt | None,
        field: ConnectionField,
    ) -> ReceiverExchange:
        if behaviour.forwards_to is None:
            answer = answer_of(behaviour, request.method, field)
            return ReceiverExchange(self, request, answer, keep_alive, attempt)
        # Few sandboxes forward anything.
        from mockserver.receiver.forwarding_exchange import ForwardingExchange

        return ForwardingExchange(
            self,
            request,
            keep_alive,
            attempt,
            inboxes=self._inboxes,
            fault=behaviour,
            field=field,
        )

    # Called by the receiver and by exchanges

    def proceed(self) -> None:
        """Serve what waits, until something takes time."""
        self._turns.proceed()

    def cancel_waiting(self) -> None:
        """If requests wait, end them as cancelled, and end the connection."""
        if self._turns.waiting:
            self.end("cancelled")

    def end(self, end: End) -> None:
        """End the connection; the journal says that what was under way ended as `end`."""
        self._turns.end(end)
        self.transport.abort()

    def hurry(self) -> None:
        """Answer the engine's waiting requests now, because sandbox time has jumped."""
        self._turns.hurry()

    def bytes_under_way(self) -> int:
        """Return how many bytes have come on it of requests that are not answered yet."""
        return self._body_size + self._turns.bytes_waiting

    def _is_too_much(self) -> bool:
        return sum(connection.bytes_under_way() for connection in self._all) > MOST_UNDER_WAY

    def _is_over(self) -> bool:
        """Return whether all further input is ignored."""
        return self._deaf or self._last_has_come or self.transport.is_closing()

    def _parse(self, data: memoryview) -> int:
        """Parse, and return how many bytes that took: all, or those up to another protocol.

        There is at least one, as `data` is not empty.

        Raises:
            httptools.HttpParserError: It is no request.
            httptools.HttpParserUpgrade: It is another protocol already.
        """
        self._unfinished_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # Raised at the end of a head that offers a protocol, or of one that asks for a tunnel.
            # Neither is granted, so what follows is a body or the next request.
            taken: int = upgrade.args[0]
            if taken < 1:
                raise
            if self._offers_upgrade:
                self._decline_upgrade()
            return taken
        # Only the parser knows of an unfinished header or chunk size.
        if self._unfinished_size > LARGEST_HEAD:
            self._refuse_head()
        return len(data)

    def _is_tunnel(self) -> bool:
        return bool(self._parser.get_method() == b"CONNECT")

    def _decline_upgrade(self) -> None:
        """Go on as if the client had not offered to change the protocol.

        The parser takes everything behind such a head, its body included, for another
        protocol. So a new one gets the same head again, without the offer.

        Raises:
            httptools.HttpParserError: Without the offer it is no request.
        """
        method, version = self._parser.get_method(), self._parser.get_http_version().encode()
        line = b"%b %b HTTP/%b\r\n" % (method, self._target, version)
        # Without this field, `Connection: Upgrade` offers nothing.
        kept = [b"%b: %b\r\n" % each for each in self._headers if each[0].lower() != b"upgrade"]
        self._parser = httptools.HttpRequestParser(self)
        self._declined = self._headers
        self._parser.feed_data(b"".join([line, *kept, b"\r\n"]))

    def _refuse_head(self) -> None:
        self._refuse(431, f"a request head may have {LARGEST_HEAD} bytes at most")

    def _refuse_body(self) -> None:
        self._refuse(413, f"a request body may have {LARGEST_BODY} bytes at most")

    def _refuse(self, status: int, detail: str) -> None:
        if self._is_over():
            return
        # We cannot tell where it ends, so we ignore everything after it.
        self._deaf = True
        self._headers.clear()
        self._body.clear()
        self._body_size = 0
        self._turns.add(refusal_of(status, detail, "", keep_alive=False))

    def _not_found(self, method: str, keep_alive: bool) -> None:
        host, port = self.transport.get_extra_info("sockname")[:2]
        scheme = "http" if self.transport.get_extra_info("ssl_object") is None else "https"
        inboxes = f"{origin_of(scheme, host, port)}{INBOX_PATH}<name>"
        detail = (
            f"there is no inbox here; inboxes are at {inboxes} "
            "and below, the name being up to 100 letters, digits, '.', '_' and '-'"
        )
        self._turns.add(refusal_of(404, detail, method, keep_alive))

    def _send_refusal(self, refusal: Refusal) -> None:
        self.transport.write(refusal.answer.everything)
        if self._deaf and not refusal.keep_alive:
            # Closing at once would reset the connection over what is still unread, and the
            # client would lose the answer.
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self._linger = self.loop.call_later(LINGER_REAL_SECONDS, self.transport.abort)
        elif not refusal.keep_alive:
            self.transport.close()
