"""One POST through libcurl: its options, its callbacks and its outcome.

Decides: what is on the wire, and what is kept of the answer. Place in the flow: the curl
transport owns a pool of these and drives them with libcurl's multi interface. Must not
import: engines, ledgers, clocks.

On the wire: the request line, `Host` (HTTP requires it), `Content-Length: 0` (which a POST
without a body should carry) and `Accept: */*` (which means no more than its absence, but
some frameworks refuse a request without it). Nothing else, unless the URL holds a user name
and password, which go out as `Authorization`, as with every client (assumed).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

import pycurl

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import KEPT_BODY_BYTES, Outcome, OutcomeKind
from mockserver.transport.addresses import AddressGuard
from mockserver.transport.curl_failure import failure_of, not_http, with_detail
from mockserver.transport.keep_alive import Reuse
from mockserver.transport.response_head import read_head


class TransportLink(Protocol):
    """Ties an attempt to the request that our own receiver saw, by the connection's ports."""

    def sending(self, local_port: int, remote_port: int, attempt: DueAttempt) -> None:
        """Take note that `attempt` is about to be written to this connection; be quick."""

    def received(self, local_port: int, attempt: DueAttempt, outcome: Outcome) -> Outcome:
        """Return the outcome to report: `outcome`, or another in its place.

        Called once for each attempt that `sending` was called for, except those that an
        exchange leaves behind when it is closed early.
        """


class TransferOptions(NamedTuple):
    """What all transfers of a transport have in common.

    Attributes:
        ca_file: Certificates to trust; None for the system's.
        opened: Told the descriptor of every socket.
    """

    guard: AddressGuard
    link: TransportLink | None
    ca_file: str | None
    verify_tls: bool
    opened: Callable[[int], None]


class Transfer:
    """A libcurl handle that makes one attempt after another.

    Attributes:
        curl: The handle, for the multi interface.
        attempt: The attempt under way.
        origin: Scheme, host and port of its URL.
        reuse: What it may do about connections.
        mistake: What a callback raised; libcurl cannot pass it on.
    """

    def __init__(self, options: TransferOptions) -> None:
        self.curl = pycurl.Curl()
        self.attempt: DueAttempt
        self.origin = ""
        self.reuse = Reuse.FREELY
        self.mistake: BaseException | None = None
        self._options = options
        self._deadline = timedelta(0)
        self._own_connection = False
        self._closed_afterwards = False
        self._knows_certificates = False
        self._lines: list[bytes] = []
        self._chunks: list[bytes] = []
        self._kept_bytes = 0
        self._local_port: int | None = None
        self._sent = False
        self._blocked: str | None = None
        self._setopt: Callable[[int, Any], None] = self.curl.setopt
        self._getinfo: Callable[[int], Any] = self.curl.getinfo
        self._set_options()

    def begin(
        self, attempt: DueAttempt, origin: str, deadline: timedelta, reuse: Reuse
    ) -> Outcome | None:
        """Make the handle ready for `attempt`; an outcome if there is nothing to send."""
        self.attempt = attempt
        self.origin = origin
        self.reuse = reuse
        self._lines.clear()
        self._sent = False
        if self._chunks:
            self._chunks.clear()
            self._kept_bytes = 0
        self._blocked = None
        url = attempt.url
        if not url.startswith("http://"):
            if not url.lower().startswith(("http://", "https://")):
                return Outcome(OutcomeKind.BLOCKED, error=not_http(url))
            self._trust_certificates()
        if deadline != self._deadline:
            self._set_deadline(deadline)
        if reuse is not Reuse.FREELY or self._own_connection or self._closed_afterwards:
            self._set_reuse(reuse)
        try:
            self._setopt(_URL, url if url.isascii() else url.encode())
        except (pycurl.error, ValueError) as error:
            return Outcome(
                OutcomeKind.BLOCKED,
                error=with_detail(
                    f"blocked: {url[:200]!r} is no URL that can be posted to", str(error.args[-1])
                ),
            )
        return None

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
        elapsed = timedelta(0, 0, microseconds)
        head = read_head(self._lines)
        if head is not None:
            error = None
            if code and self._kept_bytes < KEPT_BODY_BYTES:
                error = with_detail("the body of the answer was not finished", message)
                elapsed = min(elapsed, self._deadline)
            body = b"".join(self._chunks)[:KEPT_BODY_BYTES] if self._chunks else b""
            outcome = Outcome(
                OutcomeKind.RESPONSE,
                elapsed,
                microseconds / 1e6,
                head.status,
                head.headers,
                body,
                error,
            )
        else:
            kind, error = failure_of(
                code,
                message,
                self.attempt.url,
                self._deadline,
                blocked=self._blocked,
                sent=self._sent,
            )
            if kind is OutcomeKind.TIMEOUT:
                elapsed = self._deadline
            outcome = Outcome(kind, elapsed, microseconds / 1e6, error=error)
        link = self._options.link
        if link is not None and self._sent:
            return link.received(self._local_port, self.attempt, outcome)
        return outcome

    @property
    def reused_connection(self) -> bool:
        """Whether the attempt was sent on a connection that had been open before."""
        return self._sent and not self._getinfo(pycurl.NUM_CONNECTS)

    def _set_options(self) -> None:
        set_option = self._setopt
        set_option(pycurl.POST, 1)
        set_option(pycurl.POSTFIELDS, "")
        set_option(pycurl.USERAGENT, "")
        set_option(pycurl.HTTPHEADER, ["Content-Type:"])
        set_option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        set_option(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        set_option(pycurl.FOLLOWLOCATION, 0)
        set_option(pycurl.PATH_AS_IS, 1)
        set_option(pycurl.NETRC, pycurl.NETRC_IGNORED)
        # Unlike an option that is not set, an empty one keeps the environment out.
        set_option(pycurl.PROXY, "")
        set_option(pycurl.NOPROXY, "*")
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
        set_option(pycurl.PREREQFUNCTION, self._about_to_send)

    def _set_deadline(self, deadline: timedelta) -> None:
        milliseconds = round(deadline / timedelta(milliseconds=1))
        milliseconds = min(max(milliseconds, 1), _LONGEST_MILLISECONDS)
        self._setopt(pycurl.TIMEOUT_MS, milliseconds)
        self._setopt(pycurl.CONNECTTIMEOUT_MS, milliseconds)
        self._deadline = deadline

    def _set_reuse(self, reuse: Reuse) -> None:
        own_connection = reuse in (Reuse.NEVER, Reuse.PIONEER)
        if own_connection is not self._own_connection:
            self._setopt(pycurl.FRESH_CONNECT, int(own_connection))
            self._own_connection = own_connection
        closed_afterwards = reuse is Reuse.NEVER
        if closed_afterwards is not self._closed_afterwards:
            self._setopt(pycurl.FORBID_REUSE, int(closed_afterwards))
            self._closed_afterwards = closed_afterwards

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

    def _about_to_send(self, _ip: str, _local_ip: str, remote_port: int, local_port: int) -> int:
        # libcurl repeats a request when a kept connection closes before a byte came; but an
        # attempt is one request.
        if self._sent:
            return pycurl.PREREQFUNC_ABORT
        self._sent = True
        link = self._options.link
        if link is not None:
            self._local_port = local_port
            try:
                link.sending(local_port, remote_port, self.attempt)
            except BaseException as error:
                self.mistake = error
                return pycurl.PREREQFUNC_ABORT
        return pycurl.PREREQFUNC_OK

    def _open_socket(self, _purpose: int, address: Any) -> socket.socket | int:
        # Once sent, another socket could only be for a repetition: see above.
        if self._sent:
            return pycurl.SOCKET_BAD
        try:
            self._blocked = self._options.guard.reason(address.addr[0])
            if self._blocked is not None:
                return pycurl.SOCKET_BAD
            opened = _HandedOver(address.family, address.socktype, address.protocol)
            self._options.opened(opened.fileno())
        except BaseException as error:
            self.mistake = error
            return pycurl.SOCKET_BAD
        return opened


class _HandedOver(socket.socket):
    # pycurl duplicates the descriptor and drops the object, which would warn of a socket
    # that nobody closed.

    def __del__(self) -> None:
        self.close()


def _system_certificates() -> tuple[str | None, str | None]:
    # libcurl looks where the machine that built it kept them; Python knows this one's. It
    # is imported here because it takes 20 ms, and local receivers seldom use TLS.
    import ssl

    paths = ssl.get_default_verify_paths()
    file = paths.cafile if paths.cafile and os.path.isfile(paths.cafile) else None
    directory = paths.capath if paths.capath and os.path.isdir(paths.capath) else None
    return file, directory


_URL: int = pycurl.URL
_TOTAL_TIME: int = pycurl.TOTAL_TIME_T
_LONGEST_MILLISECONDS = 2**31 - 1
