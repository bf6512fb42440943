"""How sender and receiver are connected, and what a duration means between them.

Decides: which postbacks stay in the process and which leave through sockets, where the
receiver listens, and how long an attempt is waited for in real time. Place in the flow: put
together by the sandbox, used by its engine. Must not import: the engine, the web.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.delivery.correlation import Correlation
from mockserver.net.listener import reached_at
from mockserver.receiver.in_process import InProcessReceiver
from mockserver.receiver.inboxes import Inboxes
from mockserver.transport.protocol import ConcurrentTransport
from mockserver.transport.routing import RoutingTransport

if TYPE_CHECKING:
    import ssl

#: Where the receiver of a sandbox without sockets is found; `.test` never resolves.
IN_PROCESS_URL = "http://receiver.test"


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """How the sandbox listens and sends when it uses real sockets.

    Attributes:
        receiver_host: Where the receiver listens.
        receiver_port: 0 picks a free one.
        capacity: How many postbacks may be under way at a time.
        real_timeout: How long a foreign endpoint is waited for, in real time.
        addresses: `local` lets postbacks go to loopback and private addresses too, `public`
            to public ones only.
        tls_context: What the receiver speaks TLS with; None for plain HTTP.
        ca_file: A PEM file with the certificates to trust when a postback goes to an https URL,
            the receiver's own among them; the system's unless given.
        api_port: Where the sandbox's own API listens, so that no postback is sent to it; None
            if it has no port.
    """

    receiver_host: str = "127.0.0.1"
    receiver_port: int = 0
    capacity: int = 64
    real_timeout: timedelta = DEFAULT_TIMEOUT
    addresses: Literal["local", "public"] = "local"
    tls_context: ssl.SSLContext | None = None
    ca_file: str | Path | None = None
    api_port: int | None = None


class Wiring:
    """The transport and the receiver of one sandbox.

    Args:
        inboxes: The receiver's scripts and journal.
        is_virtual: Whether durations are accounted instead of being waited for.
        timeout_of: How long an attempt may take in sandbox time.
        listens: Whether the receiver has a socket; else it is reached in the process.
        options: For everything that uses sockets.

    Attributes:
        transport: What the engine sends with.
        receiver_url: Where inboxes are found, without `/inbox/...`.
    """

    def __init__(
        self,
        inboxes: Inboxes,
        *,
        is_virtual: Callable[[], bool],
        timeout_of: Callable[[DueAttempt], timedelta],
        listens: bool,
        options: SocketOptions,
    ) -> None:
        self._is_virtual = is_virtual
        self._timeout_of = timeout_of
        self._options = options
        self._correlation = Correlation(is_virtual, timeout_of, inboxes.journal.timed_out)
        self._curl: ConcurrentTransport | None = None
        self.receiver_url = IN_PROCESS_URL
        self._receiver = None
        if listens:
            from mockserver.receiver.server import Receiver

            _check_trust(options, reached_at(options.receiver_host))
            self._receiver = Receiver(
                inboxes,
                host=options.receiver_host,
                port=options.receiver_port,
                link=self._correlation,
                tls_context=options.tls_context,
            )
            self.transport = RoutingTransport([], self._open_curl)
        else:
            in_process = InProcessReceiver(inboxes, IN_PROCESS_URL, timeout_of=timeout_of)
            self.transport = RoutingTransport([(in_process.accepts, in_process)], self._open_curl)

    def start(self) -> None:
        """Let the receiver listen, if it has a socket."""
        if self._receiver is not None:
            self._receiver.start()
            self.receiver_url = self._receiver.url
            self._correlation.receiver_port = self._receiver.port

    def stop(self) -> None:
        """End hung requests, stop listening, close connections."""
        if self._receiver is not None:
            self._receiver.stop()
        if self._curl is not None:
            self._curl.close()

    def account(self, attempt: DueAttempt, outcome: Outcome) -> Outcome:
        """Return `outcome` as it counts in sandbox time."""
        if self.transport.takes(attempt.url):
            # What runs in this process has told sandbox time already.
            return outcome
        return self._correlation.account(attempt, outcome)

    def end_waiting(self) -> None:
        """End the requests that the receiver keeps waiting, as if they had never been."""
        if self._receiver is not None:
            self._receiver.reset()

    def hurry(self) -> None:
        """Let attempts at our own receiver wait no longer, because time is to be moved."""
        if self._receiver is not None:
            self._receiver.hurry()

    def _open_curl(self) -> ConcurrentTransport:
        # pycurl takes longer to import than most sandboxes live without it.
        from mockserver.transport.addresses import AddressGuard
        from mockserver.transport.curl.transport import CurlTransport

        ca_file = self._options.ca_file
        self._curl = CurlTransport(
            capacity=self._options.capacity,
            deadline_of=self._real_deadline_of,
            guard=AddressGuard(self._options.addresses, api_port=self._options.api_port),
            link=self._correlation,
            ca_file=None if ca_file is None else str(ca_file),
        )
        return self._curl

    def _real_deadline_of(self, attempt: DueAttempt) -> timedelta:
        timeout = self._timeout_of(attempt)
        if self._is_virtual():
            return self._options.real_timeout
        if attempt.url.startswith(f"{self.receiver_url}/"):
            return timeout
        return min(timeout, self._options.real_timeout)


def _check_trust(options: SocketOptions, host: str) -> None:
    # Only who uses TLS pays for importing it.
    if options.tls_context is not None:
        from mockserver.net.trust import check_server_context

        check_server_context(options.tls_context, host, options.ca_file)
    elif options.ca_file is not None:
        from mockserver.net.trust import client_context

        client_context(options.ca_file)
