"""Sends one request to an endpoint as raw bytes, and reads what it answers, within a time in all.

No HTTP library is used: those write header fields in their own way, and have no limit for all of an
exchange together.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import NamedTuple

import httptools

from mockserver.core.forwarded import ForwardedEnd, RawFields
from mockserver.net.monotonic import real_seconds

#: How much of an answer is passed back; more is cut.
LARGEST_BODY = 1024 * 1024
LARGEST_HEAD = 64 * 1024
#: So long before the end of the time a body is not waited for any more: the head alone is an
#: answer, and has to reach the sender in time.
_FOR_THE_WAY_BACK_REAL_SECONDS = 1.0
_AT_ONCE = 64 * 1024

#: Returns why nothing is sent to a port of a literal address; None if it may be.
Judge = Callable[[str, int], str | None]


class Target(NamedTuple):
    """Where to connect to.

    Attributes:
        host: A name or an address.
        port: There.
        tls: How certificates are checked; None for plain HTTP.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None


class Got(NamedTuple):
    """What an endpoint did; see `Forwarded`."""

    end: ForwardedEnd
    error: str | None = None
    status: int | None = None
    reason: bytes = b""
    headers: RawFields = ()
    body: bytes = b""
    is_whole: bool = True


class NotReached(Exception):
    """No connection was made; says why."""


def exchange(
    target: Target,
    request: bytes,
    judge: Judge,
    until: float,
    *,
    is_head: bool = False,
    opened: Callable[[socket.socket], None] = lambda _: None,
) -> Got:
    """Return what the endpoint did with a request.

    Args:
        target: Where it is.
        request: Every byte that is sent.
        judge: Which addresses may be dialled.
        until: When the time is over, as `real_seconds` counts.
        is_head: Whether the request is a HEAD, so that no body follows.
        opened: Called with the connection, so that somebody else can end it.
    """
    answer = _Answer(is_head)
    try:
        connection = _connected(target, judge, until)
    except NotReached as error:
        return Got("reset", str(error))
    except TimeoutError:
        return Got("silent", _too_late(target))
    with connection:
        opened(connection)
        try:
            _send(connection, request, until)
            return _read(connection, answer, until, target)
        except TimeoutError:
            return answer.at_the_end_of_time(_too_late(target))
        except (ConnectionError, ssl.SSLError, OSError) as error:
            return answer.broken_off("reset", f"{_where(target)} reset the connection", error)


def _connected(target: Target, judge: Judge, until: float) -> socket.socket:
    """Return a connection to the first address that takes one.

    Raises:
        NotReached: There is none, or it is not to be dialled.
        TimeoutError: The time is over.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        # A label of more than 63 letters is no `OSError`.
        raise NotReached(f"the host {target.host} has no address ({_said(error)})") from None
    reasons: list[str] = []
    for family, kind, protocol, _, address in found:
        refused = judge(str(address[0]), target.port)
        if refused is not None:
            reasons.append(refused)
            continue
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(_left(until))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _secured(connection, target, until)
        except TimeoutError:
            connection.close()
            raise
        except ssl.SSLError as error:
            connection.close()
            raise NotReached(f"the TLS handshake with {_where(target)} failed: {_said(error)}; "
                             "is it https, and is its certificate trusted (serve --ca-file FILE, "
                             "or --insecure)?") from None  # fmt: skip
        except OSError as error:
            connection.close()
            reasons.append(f"nobody listens at {_where(target)} ({_said(error)})")
    # The last one is that of IPv4 where there are both.
    raise NotReached(reasons[-1] if reasons else f"the host {target.host} has no address")


def _secured(connection: socket.socket, target: Target, until: float) -> socket.socket:
    if target.tls is None:
        return connection
    connection.settimeout(_left(until))
    return target.tls.wrap_socket(connection, server_hostname=target.host)


def _send(connection: socket.socket, request: bytes, until: float) -> None:
    rest = memoryview(request)
    while rest:
        connection.settimeout(_left(until))
        rest = rest[connection.send(rest) :]


def _read(connection: socket.socket, answer: _Answer, until: float, target: Target) -> Got:
    while not answer.is_complete:
        body_until = until - _FOR_THE_WAY_BACK_REAL_SECONDS
        connection.settimeout(_left(body_until if answer.has_head else until))
        data = connection.recv(_AT_ONCE)
        if not data:
            return answer.ended(_where(target))
        try:
            answer.feed(data)
        except httptools.HttpParserError as error:
            return answer.not_http(f"{_where(target)} answered what is no HTTP: {error}")
    return answer.whole()


class _Answer:
    """What has come of an answer so far."""

    def __init__(self, is_head: bool) -> None:
        self._is_head = is_head
        self._raw = b""
        self.has_head = False
        self.is_complete = False
        self._is_cut = False
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._reason = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take in what has come.

        Raises:
            httptools.HttpParserError: It is no HTTP.
        """
        if not self.has_head:
            self._raw += data
            if len(self._raw) > LARGEST_HEAD:
                raise httptools.HttpParserError(f"its head has more than {LARGEST_HEAD} bytes")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # It goes on in another protocol, which the sender has not asked for.
            self.is_complete = True
        except httptools.HttpParserError:
            # What comes behind a whole answer is no part of it.
            if not self.is_complete:
                raise

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.is_complete:
            return
        if self._parser.get_status_code() < 100:
            raise httptools.HttpParserError("there is no such status")
        if self._parser.get_status_code() >= 200:
            self._status = self._parser.get_status_code()
            self._kept = (self._reason, tuple(self._headers))
            self.has_head = True
            self.is_complete = self._is_head

    def on_body(self, data: bytes) -> None:
        if self.is_complete:
            return
        room = LARGEST_BODY - self._size
        self._body.append(data[:room])
        self._size += len(data)
        if self._size > LARGEST_BODY:
            self._is_cut = self.is_complete = True

    def on_message_complete(self) -> None:
        # Not of an interim answer: another one follows.
        self._reason, self._headers = b"", []
        self.is_complete = self.is_complete or self.has_head

    def whole(self) -> Got:
        if self._is_cut:
            return self._got(False, f"its body has more than {LARGEST_BODY} bytes; it was cut")
        return self._got(True, None)

    def ended(self, where: str) -> Got:
        """Return what it is if the connection is closed now."""
        if not self.has_head:
            if self._raw and not self._raw.startswith(b"HTTP/"):
                return self.not_http(f"{where} answered what is no HTTP")
            return Got("closed", f"{where} closed the connection without a whole answer")
        is_framed = any(
            name.lower() in (b"content-length", b"transfer-encoding") for name, _ in self._kept[1]
        )
        error = "the connection was closed in the middle of its body" if is_framed else None
        return self._got(not is_framed, error)

    def broken_off(self, end: ForwardedEnd, what: str, error: OSError) -> Got:
        if self.has_head:
            return self._got(False, f"{what} in the middle of its body ({_said(error)})")
        return Got(end, f"{what} before an answer ({_said(error)})")

    def at_the_end_of_time(self, error: str) -> Got:
        if self.has_head:
            return self._got(False, "its body did not end in time")
        return Got("silent", error)

    def not_http(self, error: str) -> Got:
        if self.has_head:
            return self._got(False, error)
        return Got("not-http", error, body=self._raw[:LARGEST_HEAD])

    def _got(self, is_whole: bool, error: str | None) -> Got:
        reason, headers = self._kept
        return Got("answered", error, self._status, reason, headers, b"".join(self._body), is_whole)


def _left(until: float) -> float:
    left = until - real_seconds()
    if left <= 0:
        raise TimeoutError
    return left


def _where(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{host}:{target.port}"


def _too_late(target: Target) -> str:
    return f"{_where(target)} gave no answer in time"


def _said(error: Exception) -> str:
    reason = getattr(error, "verify_message", None) or getattr(error, "reason", None)
    reason = reason or getattr(error, "strerror", None)
    return str(reason or error or type(error).__name__).replace("_", " ")
