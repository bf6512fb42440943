"""Opens single connections to an endpoint, for cases about connections, TLS and other methods.

It shows what an HTTP client hides: bytes after the answer, the certificate, the version of TLS.
"""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Self

from contracts.verify.raw_answer import AnswerReader, RawAnswer
from contracts.verify.sender import Trust
from mockserver.core.errors import PostbacksError
from mockserver.transport.resolved_host import ResolvedHost

#: How long to wait for bytes after the end of an answer, in real seconds.
SETTLING_REAL_SECONDS = 0.05
#: How long a host may take to accept a connection that only shows that it listens.
LISTENING_REAL_SECONDS = 2.0


class NoConnection(PostbacksError):
    """A connection could not be opened, or broke before anything came back."""

    code = "no-connection"


class RawConnection:
    """An open connection; use it as a context manager.

    Args:
        resolved_host: The host to connect to.
        trust: How the certificate is checked.
        timeout_real_seconds: How long opening may take, and each request with its answer.

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

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def request(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]] = (),
        *,
        settling_real_seconds: float = SETTLING_REAL_SECONDS,
    ) -> RawAnswer:
        """Send a request without a body, and read until its answer is whole.

        Args:
            method: E.g. `POST`.
            target: Path and query.
            headers: Header fields beside those that every request has.
            settling_real_seconds: How long to wait for bytes after the answer.
        """
        reader = AnswerReader(has_body=method != "HEAD")
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
            answer.surplus = answer.surplus or self._has_more(settling_real_seconds)
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

    def _read(self, reader: AnswerReader) -> None:
        # One limit for the whole answer: if bytes come one by one, each single wait is short.
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

    def _has_more(self, real_seconds: float) -> bool:
        """Return whether more bytes come after the answer; a closed connection is none."""
        self._socket.settimeout(real_seconds)
        try:
            return bool(self._socket.recv(1))
        except OSError:
            return False


def is_listening(resolved_host: ResolvedHost) -> bool:
    """Return whether a connection to the host can be opened at all."""
    try:
        _dial(resolved_host, LISTENING_REAL_SECONDS).close()
    except OSError:
        return False
    return True


def certificate_expires_at(
    resolved_host: ResolvedHost, trust: Trust, timeout_real_seconds: float
) -> datetime | None:
    """Return when the certificate expires, aware, in UTC; None if it is not checked.

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
    """Return the newest version of TLS that the server speaks, e.g. `TLSv1.3`, even a very old one.

    Raises:
        OSError: Nobody listens, or it speaks no version that this machine speaks.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        # The warning is about old versions, which must be found here.
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
