"""Sends a request that an inbox got once more, to another endpoint, for people.

It goes to this machine, and to hosts that whoever started the sandbox has named for postbacks: the
request holds what somebody else has sent, and a page must not be a way to send that anywhere. A
name is looked up once, and what was judged is what is connected to. It is no attempt of a delivery,
and takes no sandbox time.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from urllib.parse import urlsplit

from mockserver.core.errors import InvalidValue
from mockserver.core.hosts import Host, host_of, is_loopback
from mockserver.core.send_to import SendTo, entry_for
from mockserver.delivery.reach import Reach
from mockserver.net.monotonic import real_seconds
from mockserver.receiver.journal import ReceivedRequest
from mockserver.web.shapes import ReplayedJson

#: How long all of it may take from the connection on, up to the last byte that is read.
REAL_SECONDS = 30.0
#: How much of the answer's body is shown.
_MOST_BYTES = 64 * 1024
#: What belongs to the connection, and not to the request.
_OF_THE_CONNECTION = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def replay(request: ReceivedRequest, url: str, reach: Reach, own_port: int | None) -> ReplayedJson:
    """Send a request to another endpoint and return what it answers, or why it did not.

    Args:
        request: Its method, query, headers and body are sent.
        url: Where to, as far as the path; the query is that of the request.
        reach: Says which hosts may be sent to, and whose certificates are trusted.
        own_port: Where this sandbox's own API listens; nothing is sent there.

    Raises:
        InvalidValue: Nothing is sent to that URL, or the request cannot be sent as it was.
    """
    host = _checked(url, own_port)
    begun = real_seconds()
    try:
        address = _address_of(host, url, reach)
    except OSError as error:
        return ReplayedJson(None, [], "", _in_words(error, begun), real_seconds() - begun)
    with closing(_Connection(host, address, url, reach)) as connection:
        _prepare(connection, request, urlsplit(url).path or "/")
        ended = threading.Timer(REAL_SECONDS, connection.cut)
        ended.start()
        try:
            status, headers, body = _exchange(connection, request.body)
        except (HTTPException, OSError, ValueError) as error:
            return ReplayedJson(None, [], "", _in_words(error, begun), real_seconds() - begun)
        finally:
            ended.cancel()
    return ReplayedJson(status, headers, body, None, real_seconds() - begun)


def _checked(url: str, own_port: int | None) -> Host:
    """Return the host of a URL that a request may be sent to, as far as the URL shows it.

    Raises:
        InvalidValue: It may not.
    """
    host = host_of(url)
    if host is None or "?" in url or "#" in url or "@" in urlsplit(url).netloc:
        raise InvalidValue(
            f"a request is sent again to a URL like http://127.0.0.1:5000/postbacks, got {url!r}; "
            "its own query is added, and it has the headers that it came with"
        )
    if is_loopback(host.name) and host.port == own_port:
        raise InvalidValue(f"port {host.port} is this sandbox's own API; name your endpoint's port")
    return host


def _address_of(host: Host, url: str, reach: Reach) -> str:
    """Return the address to connect to.

    Raises:
        InvalidValue: Nothing may be sent there.
        OSError: The host has no address.
    """
    if not is_loopback(host.name) and not _may_be_named(host, reach.named):
        # Not even looked up.
        raise _not_named(host, "")
    found = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
    refused: InvalidValue | None = None
    for address in dict.fromkeys(str(each[4][0]) for each in found):
        reason = reach.guard.reason(address, host.port, url)
        if reason is not None:
            refused = refused or InvalidValue(f"a request is sent where postbacks go: {reason}")
        elif is_loopback(host.name) or _is_named(host, address, reach.named):
            return address
        else:
            refused = refused or _not_named(host, address)
    raise refused or OSError(f"{host.name} has no address")


def _is_named(host: Host, address: str, named: SendTo | None) -> bool:
    return named is None or named.allows(host, ip_address(address), host.port)


def _may_be_named(host: Host, named: SendTo | None) -> bool:
    """Return whether a host is named, or an address is that it may have."""
    return named is None or named.names(host) or named.names_addresses


def _not_named(host: Host, address: str) -> InvalidValue:
    return InvalidValue(
        f"a request is sent again to this machine, and to hosts that are named, and {host.name} "
        f"is not: start serve with --send-to {entry_for(host, address)}, or send it there with "
        "the curl line of the request"
    )


class _Connection(HTTPConnection):
    """A connection to an address that was judged, for the name that it has in the URL."""

    def __init__(self, host: Host, address: str, url: str, reach: Reach) -> None:
        super().__init__(host.name, host.port, timeout=REAL_SECONDS)
        self._address = address
        self._reach = reach
        self._is_tls = url.lower().startswith("https:")
        if self._is_tls:
            # What `Host` leaves out.
            self.default_port = 443

    def connect(self) -> None:
        """Connect to the address, and shake hands if the URL says so."""
        self.sock = socket.create_connection((self._address, self.port), REAL_SECONDS)
        if self._is_tls:
            context = self._reach.client_tls()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """End whatever waits for the other side."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


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


def _in_words(error: Exception, begun: float) -> str:
    if real_seconds() - begun >= REAL_SECONDS:
        return f"no whole answer within {REAL_SECONDS:g} s"
    return str(error) or type(error).__name__
