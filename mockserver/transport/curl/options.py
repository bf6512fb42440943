"""Holds what all transfers of a transport have in common, and sets it on their handles.

On the wire: the request line, `Host` (HTTP requires it), `Content-Length: 0` (which a POST without
a body should carry) and `Accept: */*` (which means no more than its absence, but some frameworks
refuse a request without it). Nothing else, unless the URL holds a user name and password, which go
out as `Authorization`, as with every client (assumed).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import pycurl

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.transport.addresses import AddressGuard
from mockserver.transport.curl.keep_alive import KeptConnections, KnownOrigins

#: Sets an option of a handle.
SetOption = Callable[[int, Any], None]


class TransportLink(Protocol):
    """Ties an attempt to the request that our own receiver saw, by the connection's ports."""

    def sending(self, local_port: int, remote_port: int, attempt: DueAttempt) -> None:
        """Take note that `attempt` is about to be written to this connection; be quick."""

    def received(self, local_port: int, attempt: DueAttempt, outcome: Outcome) -> Outcome:
        """Return the outcome to report: `outcome`, or another in its place.

        Called once for each attempt that `sending` was called for, except those that an
        exchange leaves behind when it is closed early.
        """


class CurlRoute(NamedTuple):
    """How requests get to one endpoint, where that is not left to libcurl.

    Attributes:
        headers: Header fields beyond those of a postback, e.g. `X-Gateway: 1`. Leanplum
            sends none; this is for endpoints behind something that asks for one.
        resolved: Names that were looked up already, as libcurl's `RESOLVE` takes them, e.g.
            `partner.example:443:192.0.2.7`.
        proxy: The proxy to use; none unless given, whatever the environment says.
    """

    headers: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    proxy: str = ""

    @property
    def names_whole_urls(self) -> bool:
        """Return whether requests without TLS must name the whole URL, for an HTTP proxy."""
        return bool(self.proxy) and not self.proxy.lower().startswith("socks")


class TransferOptions(NamedTuple):
    """What all transfers of a transport have in common.

    Attributes:
        guard: Which addresses may be dialled.
        link: Learns which connection carries which attempt.
        ca_file: Certificates to trust; None for the system's.
        verify_tls: Whether certificates are checked at all.
        opened: Called with the descriptor of every socket.
        origins: What is known of the servers.
        kept: The connections that are open.
        route: How requests get there.
    """

    guard: AddressGuard
    link: TransportLink | None
    ca_file: str | None
    verify_tls: bool
    opened: Callable[[int], None]
    origins: KnownOrigins
    kept: KeptConnections
    route: CurlRoute = CurlRoute()


def set_common_options(set_option: SetOption, options: TransferOptions) -> None:
    """Set on a new handle what never changes."""
    set_option(pycurl.POST, 1)
    set_option(pycurl.POSTFIELDS, "")
    set_option(pycurl.USERAGENT, "")
    route = options.route
    set_option(pycurl.HTTPHEADER, ["Content-Type:", *route.headers])
    set_option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    set_option(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    set_option(pycurl.FOLLOWLOCATION, 0)
    set_option(pycurl.PATH_AS_IS, 1)
    set_option(pycurl.NETRC, pycurl.NETRC_IGNORED)
    # Unlike an option that is not set, an empty one keeps the environment out.
    set_option(pycurl.PROXY, route.proxy)
    set_option(pycurl.NOPROXY, "" if route.proxy else "*")
    # What a proxy answers before the way is open is no answer of the endpoint.
    set_option(_SUPPRESS_CONNECT_HEADERS, 1)
    if route.resolved:
        set_option(pycurl.RESOLVE, list(route.resolved))
    set_option(pycurl.NOSIGNAL, 1)
    # Many servers close a connection that was idle for two or five seconds, and a
    # request can meet the close on its way.
    set_option(pycurl.MAXAGE_CONN, 1)
    verify = options.verify_tls
    set_option(pycurl.SSL_VERIFYPEER, 1 if verify else 0)
    set_option(pycurl.SSL_VERIFYHOST, 2 if verify else 0)


def set_certificates(set_option: SetOption, options: TransferOptions) -> None:
    """Set which certificates are trusted; needed before the first https URL only."""
    file, directory = options.ca_file, None
    if file is None:
        file, directory = _system_certificates()
    if file is not None:
        set_option(pycurl.CAINFO, file)
    if directory is not None:
        set_option(pycurl.CAPATH, directory)


def _system_certificates() -> tuple[str | None, str | None]:
    # libcurl looks where the machine that built it kept them; Python knows this one's. It
    # is imported here because it takes 20 ms, and local receivers seldom use TLS.
    import ssl

    paths = ssl.get_default_verify_paths()
    file = paths.cafile if paths.cafile and os.path.isfile(paths.cafile) else None
    directory = paths.capath if paths.capath and os.path.isdir(paths.capath) else None
    return file, directory


#: CURLOPT_SUPPRESS_CONNECT_HEADERS, which pycurl has no name for.
_SUPPRESS_CONNECT_HEADERS = 265
