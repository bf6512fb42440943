"""One POST through libcurl: its options, its callbacks and its outcome.

Decides: what is on the wire, and what is kept of the answer. Place in the flow: the curl
transport owns a pool of these and drives them with libcurl's multi interface. Must not
import: engines, ledgers, clocks.

On the wire: the request line, `Host` (HTTP requires it), `Content-Length: 0` (which a POST
without a body should carry) and `Accept: */*` (which means no more than its absence, but
some frameworks refuse a request without it). Nothing else, unless the URL holds a user name
and password, which go out as `Authorization`, as with every client (assumed). Path and query
go out as they are in the URL; only what no URL may hold (spaces, non-ASCII) is encoded.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

import pycurl

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import KEPT_BODY_BYTES, Outcome, OutcomeKind
from mockserver.transport.addresses import AddressGuard
from mockserver.transport.curl.failure import failure_of, not_http, unreadable, with_detail
from mockserver.transport.curl.keep_alive import KeptConnections, KnownOrigins, Reuse
from mockserver.transport.curl.response_head import ResponseHead, read_head


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
        """Return whether requests without TLS go to a proxy that has to be told where to."""
        return bool(self.proxy) and not self.proxy.lower().startswith("socks")


class TransferOptions(NamedTuple):
    """What all transfers of a transport have in common.

    Attributes:
        ca_file: Certificates to trust; None for the system's.
        opened: Told the descriptor of every socket.
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


class Transfer:
    """A libcurl handle that makes one attempt after another.

    Attributes:
        curl: The handle, for the multi interface.
        attempt: The attempt under way.
        mistake: What a callback raised; libcurl cannot pass it on.
    """

    def __init__(self, options: TransferOptions) -> None:
        self.curl = pycurl.Curl()
        self.attempt: DueAttempt
        self.mistake: BaseException | None = None
        self._options = options
        self._deadline = timedelta(0)
        self._origin = ""
        self._reuse = Reuse.FREELY
        self._tells = False
        self._went_stale = False
        self._restarted = False
        self._family = 0
        self._descriptors: dict[int, int] = {}
        self._knows_certificates = False
        self._lines: list[bytes] = []
        self._chunks: list[bytes] = []
        self._kept_bytes = 0
        self._local_port = 0
        self._sent = False
        self._blocked: str | None = None
        self._setopt: Callable[[int, Any], None] = self.curl.setopt
        self._getinfo: Callable[[int], Any] = self.curl.getinfo
        self._set_options()

    def begin(self, attempt: DueAttempt, deadline: timedelta) -> Outcome | None:
        """Make the handle ready for `attempt`; an outcome if there is nothing to send."""
        self.attempt = attempt
        self._lines.clear()
        self._sent = False
        if self._chunks:
            self._chunks.clear()
            self._kept_bytes = 0
        self._blocked = None
        self._tells = False
        self._went_stale = False
        self.mistake = None
        self._descriptors.clear()
        if deadline != self._deadline:
            self._set_deadline(deadline)
        try:
            error = self._set_url(attempt.url)
        except (pycurl.error, ValueError) as raised:
            error = with_detail(unreadable(attempt.url), str(raised.args[-1]))
        if error is not None:
            return Outcome(OutcomeKind.BLOCKED, error=error)
        reuse = self._options.origins.reuse_for(self._origin)
        if reuse is not self._reuse or self._restarted:
            self._set_reuse(reuse)
        self._tells = True
        return None

    def restarts(self) -> bool:
        """Whether the attempt is to be begun again, because nothing was sent yet.

        That is so if libcurl wanted to send it on a connection that the server had closed.
        """
        if not self._went_stale:
            return False
        self._went_stale = False
        self._restarted = True
        self._setopt(pycurl.FRESH_CONNECT, 1)
        return True

    def finish(self, code: int, message: str) -> Outcome:
        """Return what came of the attempt, once libcurl is done with it.

        Args:
            code: libcurl's result; 0 if all went well.
            message: libcurl's explanation.

        Raises:
            BaseException: What a callback raised meanwhile.
        """
        if self.mistake is not None:
            mistake, self.mistake = self.mistake, None
            raise mistake
        microseconds: int = self._getinfo(_TOTAL_TIME)
        head = read_head(self._lines)
        if head is not None:
            outcome = self._response(head, microseconds, code, message)
        else:
            outcome = self._failure(microseconds, code, message)
        link = self._options.link
        if link is not None and self._sent:
            return link.received(self._local_port, self.attempt, outcome)
        return outcome

    def end(self, *, answered: bool) -> None:
        """Note what the attempt, if it was begun, showed about its server.

        Args:
            answered: Whether a whole answer came.
        """
        if self._tells and not (answered and self._reuse is Reuse.FREELY):
            reused = self._sent and not self._getinfo(pycurl.NUM_CONNECTS)
            origins = self._options.origins
            origins.learn(self._origin, self._reuse, answered=answered, reused=reused)
        self._tells = False

    def _response(self, head: ResponseHead, microseconds: int, code: int, message: str) -> Outcome:
        elapsed = timedelta(0, 0, microseconds)
        error = None
        # A body that was cut here is none of the server's doing.
        if code and self._kept_bytes < KEPT_BODY_BYTES:
            error = with_detail("the body of the answer was not finished", message)
            elapsed = min(elapsed, self._deadline)
        return Outcome(
            OutcomeKind.RESPONSE,
            elapsed,
            microseconds / 1e6,
            head.status,
            head.headers,
            b"".join(self._chunks)[:KEPT_BODY_BYTES] if self._chunks else b"",
            error,
        )

    def _failure(self, microseconds: int, code: int, message: str) -> Outcome:
        kind, error = failure_of(
            code,
            message,
            self.attempt.url,
            self._deadline,
            blocked=self._blocked,
            sent=self._sent,
            os_error=self._getinfo(pycurl.OS_ERRNO),
        )
        in_time = kind is not OutcomeKind.TIMEOUT
        elapsed = timedelta(0, 0, microseconds) if in_time else self._deadline
        return Outcome(kind, elapsed, microseconds / 1e6, error=error)

    def _set_options(self) -> None:
        set_option = self._setopt
        set_option(pycurl.POST, 1)
        set_option(pycurl.POSTFIELDS, "")
        set_option(pycurl.USERAGENT, "")
        route = self._options.route
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
        verify = self._options.verify_tls
        set_option(pycurl.SSL_VERIFYPEER, 1 if verify else 0)
        set_option(pycurl.SSL_VERIFYHOST, 2 if verify else 0)
        set_option(pycurl.HEADERFUNCTION, self._lines.append)
        set_option(pycurl.WRITEFUNCTION, self._keep)
        set_option(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        set_option(pycurl.SOCKOPTFUNCTION, self._socket_opened)
        set_option(pycurl.PREREQFUNCTION, self._about_to_send)

    def _set_deadline(self, deadline: timedelta) -> None:
        milliseconds = round(deadline / timedelta(milliseconds=1))
        milliseconds = min(max(milliseconds, 1), _LONGEST_MILLISECONDS)
        self._setopt(pycurl.TIMEOUT_MS, milliseconds)
        self._setopt(pycurl.CONNECTTIMEOUT_MS, milliseconds)
        self._deadline = deadline

    def _set_url(self, url: str) -> str | None:
        """Point the handle at `url`; return why that is not done, if so."""
        found = _CLEAN_URL(url) or _URL_PARTS(url)
        if found is None:
            return not_http(url)
        origin, target = found.groups()
        if found.re is not _CLEAN_URL_PATTERN:
            if _CONTROL(target):
                return unreadable(url)
            target = _UNCLEAN.sub(lambda text: quote(text[0], safe=""), target)
        target = target if target[:1] == "/" else f"/{target}"
        if self._options.route.names_whole_urls and origin[:5].lower() == "http:":
            target = f"http://{origin[7:].rpartition('@')[2]}{target}"
        # Taken from a whole URL, libcurl would rewrite percent escapes in upper case.
        self._setopt(_TARGET, target)
        if origin != self._origin:
            if origin[:6].lower() == "https:":
                self._trust_certificates()
            self._setopt(_URL, origin if origin.isascii() else origin.encode())
            self._origin = origin
        return None

    def _set_reuse(self, reuse: Reuse) -> None:
        self._setopt(pycurl.FRESH_CONNECT, int(reuse in (Reuse.NEVER, Reuse.PIONEER)))
        self._setopt(pycurl.FORBID_REUSE, int(reuse is Reuse.NEVER))
        self._reuse = reuse
        self._restarted = False

    def _trust_certificates(self) -> None:
        if self._knows_certificates or not self._options.verify_tls:
            return
        file, directory = self._options.ca_file, None
        if file is None:
            file, directory = _system_certificates()
        if file is not None:
            self._setopt(pycurl.CAINFO, file)
        if directory is not None:
            self._setopt(pycurl.CAPATH, directory)
        self._knows_certificates = True

    def _keep(self, data: bytes) -> int | None:
        self._chunks.append(data)
        self._kept_bytes += len(data)
        # Anything but the length of the data makes libcurl stop here.
        return None if self._kept_bytes < KEPT_BODY_BYTES else 0

    def _about_to_send(
        self, remote_ip: str, local_ip: str, remote_port: int, local_port: int
    ) -> int:
        # libcurl repeats a request when a kept connection closes before a byte came; but an
        # attempt is one request.
        if self._sent:
            return pycurl.PREREQFUNC_ABORT
        try:
            endpoints = (local_port, remote_port, local_ip, remote_ip)
            if not self._descriptors:
                if not self._options.kept.is_good(endpoints):
                    self._went_stale = True
                    return pycurl.PREREQFUNC_ABORT
            elif self._reuse is not Reuse.NEVER:
                family = socket.AF_INET6 if ":" in remote_ip else socket.AF_INET
                descriptor = self._descriptors.get(family)
                if descriptor is not None:
                    self._options.kept.add(endpoints, descriptor)
            link = self._options.link
            if link is not None:
                self._local_port = local_port
                link.sending(local_port, remote_port, self.attempt)
        except BaseException as error:
            self.mistake = error
            return pycurl.PREREQFUNC_ABORT
        self._sent = True
        return pycurl.PREREQFUNC_OK

    def _open_socket(self, _purpose: int, address: Any) -> _HandedOver | int:
        # Once sent, another socket could only be for a repetition: see above.
        if self._sent:
            return pycurl.SOCKET_BAD
        try:
            self._blocked = self._options.guard.reason(*address.addr[:2])
            if self._blocked is not None:
                return pycurl.SOCKET_BAD
            self._family = address.family
            return _HandedOver(socket.socket(address.family, address.socktype, address.protocol))
        except BaseException as error:
            self.mistake = error
            return pycurl.SOCKET_BAD

    def _socket_opened(self, descriptor: int, _purpose: int) -> int:
        # pycurl duplicated the socket; this is the descriptor that libcurl works with.
        self._descriptors[self._family] = descriptor
        self._options.opened(descriptor)
        return pycurl.SOCKOPT_OK


class _HandedOver:
    # pycurl duplicates the descriptor and drops this object.

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened

    def fileno(self) -> int:
        return self._socket.fileno()

    def __del__(self) -> None:
        self._socket.close()


def _system_certificates() -> tuple[str | None, str | None]:
    # libcurl looks where the machine that built it kept them; Python knows this one's. It
    # is imported here because it takes 20 ms, and local receivers seldom use TLS.
    import ssl

    paths = ssl.get_default_verify_paths()
    file = paths.cafile if paths.cafile and os.path.isfile(paths.cafile) else None
    directory = paths.capath if paths.capath and os.path.isdir(paths.capath) else None
    return file, directory


# Nothing in it that has to be encoded; what stands behind the host is sent as it is.
_CLEAN_URL_PATTERN = re.compile(r"((?i:https?)://[^/?#\s]+)([/?]?[!-\"$-~]*)(?:#[!-~]*)?")
_CLEAN_URL = _CLEAN_URL_PATTERN.fullmatch
_URL_PARTS = re.compile(r"((?i:https?)://[^/?#]*)([^#]*)").match
_UNCLEAN = re.compile(r"[^!-~]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search
_URL: int = pycurl.URL
_TARGET: int = pycurl.REQUEST_TARGET
_TOTAL_TIME: int = pycurl.TOTAL_TIME_T
#: CURLOPT_SUPPRESS_CONNECT_HEADERS, which pycurl has no name for.
_SUPPRESS_CONNECT_HEADERS = 265
_LONGEST_MILLISECONDS = 2**31 - 1
