"""Looks at one connection to an endpoint byte by byte, for cases about connections.

It sees what an HTTP client hides: bytes that nobody asked for, the certificate, the version of
TLS. It also sends requests that are not postbacks.
"""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httptools

from contracts.verify.resolved_host import ResolvedHost
from contracts.verify.sender import Trust
from mockserver.core.errors import PostbacksError

#: How long bytes that nobody asked for may take to arrive, in real seconds.
SETTLING_REAL_SECONDS = 0.05
_MOST_BYTES = 1 << 20
_SWITCHING_PROTOCOLS = 101


class NoConnection(PostbacksError):
    """A connection of its own could not be opened, or broke before anything came back."""

    code = "no-connection"


@dataclass(slots=True)
class RawAnswer:
    """What came back for one request.

    Attributes:
        status: None if no whole head came.
        body: Decoded from chunks, if it came in chunks.
        surplus: Whether more came than one answer.
        late: Whether the time was over before the answer was whole.
        error: Why there is no answer, or what is wrong with it; empty if nothing is.
    """

    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    surplus: bool = False
    late: bool = False
    error: str = ""


class RawConnection:
    """A connection that is open; use it as a context manager.

    Args:
        resolved_host: Where to.
        trust: How the certificate is judged.
        timeout_real_seconds: How long opening it, and each request with its answer, may take.

    Raises:
        NoConnection: Nobody listens, or the handshake fails.
    """

    def __init__(
        self, resolved_host: ResolvedHost, trust: Trust, timeout_real_seconds: float
    ) -> None:
        self._resolved_host = resolved_host
        self._timeout_real_seconds = timeout_real_seconds
        try:
            self._socket = _opened(resolved_host, trust, timeout_real_seconds)
        except OSError as error:
            raise NoConnection(
                f"no connection to {resolved_host.authority} can be opened: {_said(error)}"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def request(
        self, method: str, target: str, headers: Sequence[tuple[str, str]] = ()
    ) -> RawAnswer:
        """Send a request without a body, and read until its answer is whole."""
        reader = _Reader(has_body=method != "HEAD")
        answer = reader.answer
        try:
            self._send(method, target, headers)
            self._read(reader)
        except TimeoutError:
            answer.late = True
            answer.error = f"no whole answer within {self._timeout_real_seconds:g} s"
        except OSError as error:
            answer.error = _said(error)
        if not answer.error and not reader.is_huge:
            answer.surplus = answer.surplus or self._has_more()
        return answer

    def send(self, method: str, target: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Send a request without a body, and do not wait for an answer.

        Raises:
            NoConnection: The connection broke before the request was out.
        """
        try:
            self._send(method, target, headers)
        except OSError as error:
            raise NoConnection(
                f"the connection to {self._resolved_host.authority} broke: {_said(error)}"
            ) from None

    def _send(self, method: str, target: str, headers: Sequence[tuple[str, str]]) -> None:
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {self._resolved_host.authority}",
            "Accept: */*",
        ]
        lines += [f"{name}: {value}" for name, value in headers]
        if method not in ("GET", "HEAD"):
            lines.append("Content-Length: 0")
        self._socket.settimeout(self._timeout_real_seconds)
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def _read(self, reader: _Reader) -> None:
        # In all, as for postbacks: an answer that drips never takes long for its next byte.
        ends = time.monotonic() + self._timeout_real_seconds
        while not reader.is_whole:
            left = ends - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._socket.settimeout(left)
            piece = self._socket.recv(65536)
            if piece:
                reader.feed(piece)
            else:
                reader.end()

    def _has_more(self) -> bool:
        """Return whether something comes that belongs to no request; an end is none."""
        self._socket.settimeout(SETTLING_REAL_SECONDS)
        try:
            return bool(self._socket.recv(1))
        except OSError:
            return False


def certificate_expires_at(
    resolved_host: ResolvedHost, trust: Trust, timeout_real_seconds: float
) -> datetime | None:
    """Return when the certificate expires, aware, in UTC; None if it is not judged.

    Raises:
        OSError: Nobody listens, or the certificate is not trusted.
    """
    with (
        _dial(resolved_host, timeout_real_seconds) as opened,
        _context(trust).wrap_socket(opened, server_hostname=resolved_host.host) as wrapped,
    ):
        shown: Any = wrapped.getpeercert() or {}
    expires = shown.get("notAfter")
    if expires is None:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(expires), UTC)


def tls_version(resolved_host: ResolvedHost, timeout_real_seconds: float) -> str:
    """Return the newest version of TLS that a server speaks, however old, e.g. `TLSv1.3`.

    Raises:
        OSError: Nobody listens, or there is none that this machine speaks.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        # Old versions are what is looked for here.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    with suppress(ssl.SSLError):
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with (
        _dial(resolved_host, timeout_real_seconds) as opened,
        context.wrap_socket(opened, server_hostname=resolved_host.host) as wrapped,
    ):
        return wrapped.version() or ""


def _dial(resolved_host: ResolvedHost, timeout_real_seconds: float) -> socket.socket:
    failure: OSError | None = None
    for address in resolved_host.addresses:
        try:
            opened = socket.create_connection((address, resolved_host.port), timeout_real_seconds)
        except OSError as error:
            failure = error
        else:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
    assert failure is not None
    raise failure


def _opened(
    resolved_host: ResolvedHost, trust: Trust, timeout_real_seconds: float
) -> socket.socket:
    opened = _dial(resolved_host, timeout_real_seconds)
    if not resolved_host.is_tls:
        return opened
    try:
        return _context(trust).wrap_socket(opened, server_hostname=resolved_host.host)
    except BaseException:
        opened.close()
        raise


def _said(error: OSError) -> str:
    return str(error) or type(error).__name__


def _context(trust: Trust) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trust.ca_file)
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _Reader:
    """Takes one answer out of a stream of bytes."""

    def __init__(self, *, has_body: bool) -> None:
        self.answer = RawAnswer()
        self.is_whole = False
        self.is_huge = False
        self._has_body = has_body
        self._received = 0
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Take in what came."""
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.is_whole = True
        except httptools.HttpParserError as error:
            if self.is_whole:
                self.answer.surplus = True
            else:
                self.answer.error = f"not HTTP: {error}"
                self.is_whole = True
        if self._received > _MOST_BYTES and not self.is_whole:
            self.is_whole = self.is_huge = True

    def end(self) -> None:
        """Take note that nothing more comes; only some answers end so."""
        names = {name.lower() for name, _ in self.answer.headers}
        by_length = bool(names & {"content-length", "transfer-encoding"})
        if not self._received:
            self.answer.error = "the connection was closed without an answer"
        elif self.answer.status is None or by_length:
            self.answer.error = "the answer was cut off"
        self.is_whole = True

    def on_message_begin(self) -> None:
        if self.is_whole:
            self.answer.surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.is_whole:
            self.answer.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if self.is_whole:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != _SWITCHING_PROTOCOLS:
            # It only says that an answer follows.
            self.answer.headers.clear()
            return
        self.answer.status = status
        self.is_whole = not self._has_body

    def on_body(self, body: bytes) -> None:
        if self.is_whole:
            self.answer.surplus = True
        else:
            self.answer.body += body

    def on_message_complete(self) -> None:
        if self.answer.status is not None:
            self.is_whole = True


def is_listening(resolved_host: ResolvedHost, timeout_real_seconds: float = 2.0) -> bool:
    """Return whether a connection to the host can be opened at all."""
    try:
        _dial(resolved_host, timeout_real_seconds).close()
    except OSError:
        return False
    return True
