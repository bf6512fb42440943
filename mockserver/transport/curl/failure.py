"""Explains what an error of libcurl means for a postback, in a kind of outcome and a line."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from typing import NamedTuple

import pycurl

from mockserver.core.outcome import OutcomeKind

#: CURLE_TOO_LARGE; pycurl has no name for it.
_HEAD_TOO_LARGE = 100


class Failure(NamedTuple):
    """A kind of outcome and its line."""

    kind: OutcomeKind
    error: str


def failure_of(
    code: int,
    message: str,
    url: str,
    deadline: timedelta,
    *,
    blocked: str | None,
    sent: bool,
    dialled: bool = False,
    os_error: int = 0,
) -> Failure:
    """Return what a transfer that ended without a whole response head amounts to.

    Args:
        code: libcurl's; 0 if it thinks that all is well.
        message: libcurl's.
        url: The URL as it was to be posted to.
        deadline: The time the attempt had.
        blocked: Why the guard refused an address, if it did.
        sent: Whether the request was about to go out on an open connection.
        dialled: Whether the guard let another address of the host be dialled.
        os_error: The number of the system's error while connecting; 0 if there was none.
    """
    # A server may reset a connection before the request is out; that is no refusal.
    sent = sent or (code == pycurl.E_COULDNT_CONNECT and os_error == errno.ECONNRESET)
    if blocked is not None and not dialled and not sent and code in _NOT_CONNECTED:
        # What libcurl says of it is that no socket could be opened.
        return Failure(OutcomeKind.BLOCKED, f"blocked: {blocked}")
    kind, text = _judge(code, url, deadline, sent=sent)
    if kind is OutcomeKind.REFUSED and os_error:
        text = f"{text}: {os.strerror(os_error)}"
    if blocked is not None and not sent:
        text = f"{text}; another address of the host was not tried: {blocked}"
    return Failure(kind, with_detail(text, message))


def with_detail(text: str, message: str) -> str:
    """Return `text` with libcurl's message behind it, on one line that any store can take."""
    detail = " ".join(message.encode("utf-8", "backslashreplace").decode().split())
    return f"{text} (libcurl: {detail})" if detail else text


def _judge(code: int, url: str, deadline: timedelta, *, sent: bool) -> tuple[OutcomeKind, str]:
    if code == pycurl.E_OPERATION_TIMEDOUT:
        seconds = deadline.total_seconds()
        return OutcomeKind.TIMEOUT, f"no whole response head within {seconds:g} seconds"
    if sent:
        return OutcomeKind.RESET, _RESETS.get(code, "the connection broke before a response head")
    if code in _TLS_CODES:
        return OutcomeKind.TLS, "the TLS handshake failed or the certificate is not trusted"
    if code in (pycurl.E_URL_MALFORMAT, pycurl.E_BAD_FUNCTION_ARGUMENT):
        return OutcomeKind.BLOCKED, unreadable(url)
    if code == pycurl.E_UNSUPPORTED_PROTOCOL:
        return OutcomeKind.BLOCKED, not_http(url)
    if code == pycurl.E_COULDNT_RESOLVE_HOST:
        return OutcomeKind.DNS, "the host name has no address"
    return OutcomeKind.REFUSED, "nobody listens at the address, or it cannot be reached"


def not_http(url: str) -> str:
    """Return the line for a URL that is neither http nor https."""
    return f"blocked: postbacks go to http:// and https:// only, got {url[:200]!r}"


def unreadable(url: str) -> str:
    """Return the line for a URL that cannot be parsed."""
    return f"blocked: {url[:200]!r} is no URL that can be posted to"


_NOT_CONNECTED = (pycurl.E_COULDNT_CONNECT, pycurl.E_ABORTED_BY_CALLBACK)
_NOT_HTTP = "the answer is not HTTP/1.1"
_CUT_SHORT = "the connection was closed before a whole HTTP/1.1 response head had arrived"

_RESETS = {
    pycurl.E_OK: _CUT_SHORT,
    pycurl.E_PARTIAL_FILE: _CUT_SHORT,
    pycurl.E_GOT_NOTHING: "the connection was closed without an answer",
    # Either of these means that libcurl was about to repeat the request, and was stopped.
    pycurl.E_ABORTED_BY_CALLBACK: "the connection was closed without an answer",
    pycurl.E_COULDNT_CONNECT: "the connection was closed without an answer",
    pycurl.E_RECV_ERROR: "the connection was reset",
    pycurl.E_SEND_ERROR: "the connection was reset",
    pycurl.E_UNSUPPORTED_PROTOCOL: _NOT_HTTP,
    pycurl.E_FTP_WEIRD_SERVER_REPLY: _NOT_HTTP,
    _HEAD_TOO_LARGE: "the response head is too large",
}

_TLS_CODES = frozenset(
    (
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_SSL_ENGINE_NOTFOUND,
        pycurl.E_SSL_ENGINE_SETFAILED,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_USE_SSL_FAILED,
        pycurl.E_SSL_ENGINE_INITFAILED,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_SHUTDOWN_FAILED,
        pycurl.E_SSL_CRL_BADFILE,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_PINNEDPUBKEYNOTMATCH,
        pycurl.E_SSL_INVALIDCERTSTATUS,
    )
)
