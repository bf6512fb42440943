"""Sends a request that an inbox got once more, to another endpoint on this machine, for people.

It goes to loopback addresses only: the request holds what somebody else has sent, and a page must
not be a way to send that anywhere. It is no attempt of a delivery, and takes no sandbox time.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from mockserver.core.errors import InvalidValue
from mockserver.core.hosts import Host, host_of, is_loopback
from mockserver.net.monotonic import real_seconds
from mockserver.receiver.journal import ReceivedRequest
from mockserver.web.shapes import ReplayedJson

#: How long all of it may take, up to the last byte that is read.
REAL_SECONDS = 30.0
#: How much of the answer's body is shown.
_MOST_BYTES = 64 * 1024
#: What belongs to the connection, and not to the request.
_OF_THE_CONNECTION = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def replay(request: ReceivedRequest, url: str, own_port: int | None) -> ReplayedJson:
    """Send a request to another endpoint and return what it answers, or why it did not.

    Args:
        request: Its method, query, headers and body are sent.
        url: Where to, as far as the path; the query is that of the request.
        own_port: Where this sandbox's own API listens; nothing is sent there.

    Raises:
        InvalidValue: `url` leads to no other program on this machine, or the request cannot be
            sent as it was.
    """
    host = _checked(url, own_port)
    begun = real_seconds()
    with closing(HTTPConnection(host.name, host.port, timeout=REAL_SECONDS)) as connection:
        _prepare(connection, request, urlsplit(url).path or "/")
        ended = threading.Timer(REAL_SECONDS, _cut, [connection])
        ended.start()
        try:
            status, headers, body = _exchange(connection, request.body)
        except (HTTPException, OSError, ValueError) as error:
            return ReplayedJson(None, [], "", _in_words(error, begun), real_seconds() - begun)
        finally:
            ended.cancel()
    return ReplayedJson(status, headers, body, None, real_seconds() - begun)


def _checked(url: str, own_port: int | None) -> Host:
    host = host_of(url)
    if host is None or not url.lower().startswith("http://") or "?" in url or "#" in url:
        raise InvalidValue(
            f"a request is sent again to a URL like http://127.0.0.1:5000/postbacks, got {url!r}; "
            "its query is added"
        )
    if not is_loopback(host.name):
        raise InvalidValue(
            f"a request is sent again to this machine only, not to {host.name}; send it there with "
            "the curl line of the request"
        )
    if host.port == own_port:
        raise InvalidValue(f"port {host.port} is this sandbox's own API; name your endpoint's port")
    return host


def _prepare(connection: HTTPConnection, request: ReceivedRequest, path: str) -> None:
    """Write the head of a request; nothing is sent yet."""
    _, mark, query = request.target.partition("?")
    target = path + mark + query.partition("#")[0]
    try:
        connection.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in request.headers:
            if name.decode("latin-1").lower() not in _OF_THE_CONNECTION:
                connection.putheader(name, value)
    except (HTTPException, ValueError) as error:
        raise InvalidValue(f"this request cannot be sent as it was: {error}") from None
    connection.putheader("Content-Length", str(len(request.body)))
    connection.putheader("Connection", "close")


def _exchange(connection: HTTPConnection, body: bytes) -> tuple[int, list[tuple[str, str]], str]:
    connection.endheaders(body)
    response = connection.getresponse()
    text = b"".join(_read(response)).decode("utf-8", "replace")
    return response.status, response.getheaders(), text


def _read(response: HTTPResponse) -> Iterable[bytes]:
    left = _MOST_BYTES
    while left > 0 and (piece := response.read1(left)):
        left -= len(piece)
        yield piece


def _cut(connection: HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _in_words(error: Exception, begun: float) -> str:
    if real_seconds() - begun >= REAL_SECONDS:
        return f"no whole answer within {REAL_SECONDS:g} s"
    return str(error) or type(error).__name__
