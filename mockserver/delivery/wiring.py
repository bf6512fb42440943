"""Connects the sender and the receiver of one sandbox, and decides which postbacks use sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mockserver.core.errors import InvalidValue
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.delivery.correlation import Correlation
from mockserver.receiver.in_process import InProcessReceiver
from mockserver.receiver.inboxes import Inboxes
from mockserver.transport.protocol import ConcurrentTransport, Transport, is_concurrent
from mockserver.transport.routing import (
    PlainRoutingTransport,
    RoutingTransport,
)

if TYPE_CHECKING:
    import ssl

    from mockserver.core.send_to import SendTo
    from mockserver.delivery.reach import Reach
    from mockserver.receiver.forwarder import Forwarder
    from mockserver.receiver.server import Receiver
    from mockserver.transport.addresses import AddressGuard

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
        verify_tls: Whether certificates are checked at all when a postback goes to an https URL.
        api_port: Where the sandbox's own API listens, so that no postback is sent to it; None
            if it has no port.
        send_to: The hosts that postbacks go to besides this machine and private networks, e.g.
            `("shop.example", "203.0.113.0/24")`; None for all that `addresses` allows.
    """

    receiver_host: str = "127.0.0.1"
    receiver_port: int = 0
    capacity: int = 64
    real_timeout: timedelta = DEFAULT_TIMEOUT
    addresses: Literal["local", "public"] = "local"
    tls_context: ssl.SSLContext | None = None
    ca_file: str | Path | None = None
    verify_tls: bool = True
    api_port: int | None = None
    send_to: tuple[str, ...] | None = None


class Wiring:
    """The transport and the receiver of one sandbox.

    Args:
        inboxes: The receiver's scripts and journal.
        is_virtual: Whether durations are accounted instead of being waited for.
        timeout_of: How long an attempt may take in sandbox time.
        sockets: How the receiver listens and postbacks leave; None for a receiver that is reached
            in the process.
        transport: Takes what neither an inbox nor a route takes, in place of sockets. It stays
            open when the wiring is stopped.

    Attributes:
        transport: What the engine sends with.
        receiver_url: Where inboxes are found, without `/inbox/...`.
        send_to: The hosts that `sockets` names; None if any may be sent to.

    Raises:
        InvalidValue: Both `sockets` and a concurrent `transport` were given, the certificate of
            the receiver is not believed, or `send_to` names no host.
        AddressUnavailable: The receiver cannot listen there.
    """

    def __init__(
        self,
        inboxes: Inboxes,
        *,
        is_virtual: Callable[[], bool],
        timeout_of: Callable[[DueAttempt], timedelta],
        sockets: SocketOptions | None = None,
        transport: Transport | ConcurrentTransport | None = None,
    ) -> None:
        self._options = sockets or SocketOptions()
        self.send_to = _named_in(self._options)
        self._correlation = Correlation(is_virtual, timeout_of, inboxes.journal.timed_out)
        #: What opens sockets to send through, and so closes them.
        self._opening: RoutingTransport | None = None
        self._receiver: Receiver | None = None
        self._inboxes = inboxes
        inboxes.forward_with(partial(_forwarder, self._options, self._correlation, self.send_to))
        self.receiver_url = IN_PROCESS_URL
        self.transport: RoutingTransport | PlainRoutingTransport
        if sockets is not None and transport is not None and is_concurrent(transport):
            raise InvalidValue(
                "a sandbox whose receiver listens on a port sends to it with a transport of its "
                "own, so it takes no other concurrent one: leave one of them out"
            )
        if sockets is not None:
            self._receiver = self._listening_receiver(inboxes)
            self.receiver_url = self._receiver.url
        open_curl = partial(
            _open_curl,
            self._options,
            self._correlation,
            partial(_real_deadline, self._options, self.receiver_url, is_virtual, timeout_of),
            self.send_to,
        )
        in_process = InProcessReceiver(inboxes, self.receiver_url, timeout_of=timeout_of)
        inbox_route = (in_process.accepts, in_process)
        if transport is None:
            routes = [inbox_route] if sockets is None else []
            self.transport = self._opening = RoutingTransport(routes, open_curl)
        elif is_concurrent(transport):
            capacity = transport.capacity
            self.transport = RoutingTransport([inbox_route], lambda: transport, capacity=capacity)
        elif sockets is None:
            self.transport = PlainRoutingTransport([inbox_route], transport)
        else:
            elsewhere = (lambda url: not in_process.accepts(url), transport)
            self.transport = self._opening = RoutingTransport([elsewhere], open_curl)

    @property
    def destinations(self) -> tuple[Literal["local", "public"], tuple[str, ...] | None]:
        """Return which addresses postbacks go to, and which hosts besides; None for any."""
        return self._options.addresses, self._options.send_to

    def foreseen_refusal(self, url: str) -> str | None:
        """Return in a sentence that postbacks to a template URL will be refused, or may be."""
        if self.send_to is None or url.startswith(f"{self.receiver_url}/"):
            return None
        from mockserver.delivery.foreseen import foreseen_refusal

        return foreseen_refusal(url, _guard(self._options, self.send_to))

    @property
    def reach(self) -> Reach:
        """Return where postbacks go, for whoever sends something else there."""
        from mockserver.delivery.reach import Reach

        return Reach(
            _guard(self._options, self.send_to), self._options.ca_file, self._options.verify_tls
        )

    def start(self) -> None:
        """Let the receiver listen, if it has a socket."""
        if self._receiver is not None:
            self._receiver.start()
            self._correlation.receiver_port = self._receiver.port

    def stop(self) -> None:
        """End hung requests, stop listening, close connections."""
        self._inboxes.stop_forwarding()
        if self._receiver is not None:
            self._receiver.stop()
        if self._opening is not None:
            self._opening.close()

    def account(self, attempt: DueAttempt, outcome: Outcome) -> Outcome:
        """Return `outcome` as it counts in sandbox time."""
        if self.transport.takes(attempt.url):
            # Plain transports return durations in sandbox time already.
            return outcome
        return self._correlation.account(attempt, outcome)

    def end_waiting(self) -> None:
        """End the requests that the receiver keeps waiting; nothing is recorded of them."""
        if self._receiver is not None:
            self._receiver.reset()

    def hurry(self) -> None:
        """End the real waiting of attempts at our own receiver, because time is to be moved."""
        if self._receiver is not None:
            self._receiver.hurry()

    def _listening_receiver(self, inboxes: Inboxes) -> Receiver:
        # Only a sandbox that listens pays for importing sockets and asyncio.
        from mockserver.net.listener import reached_at
        from mockserver.receiver.server import Receiver

        options = self._options
        _check_trust(options, reached_at(options.receiver_host))
        return Receiver(
            inboxes,
            host=options.receiver_host,
            port=options.receiver_port,
            link=self._correlation,
            tls_context=options.tls_context,
        )


def _open_curl(
    options: SocketOptions,
    link: Correlation,
    deadline_of: Callable[[DueAttempt], timedelta],
    send_to: SendTo | None,
) -> ConcurrentTransport:
    # pycurl takes longer to import than most sandboxes live without it.
    from mockserver.transport.curl.transport import CurlTransport

    return CurlTransport(
        capacity=options.capacity,
        deadline_of=deadline_of,
        guard=_guard(options, send_to),
        link=link,
        ca_file=None if options.ca_file is None else str(options.ca_file),
        verify_tls=options.verify_tls,
    )


def _forwarder(options: SocketOptions, link: Correlation, send_to: SendTo | None) -> Forwarder:
    # Few sandboxes forward anything.
    from mockserver.delivery.forwarding import forwarder_of

    return forwarder_of(
        _guard(options, send_to),
        link.receiver_port or None,
        ca_file=options.ca_file,
        verify_tls=options.verify_tls,
        limit=options.real_timeout,
    )


def _guard(options: SocketOptions, send_to: SendTo | None) -> AddressGuard:
    from mockserver.transport.addresses import AddressGuard

    return AddressGuard(options.addresses, api_port=options.api_port, send_to=send_to)


def _real_deadline(
    options: SocketOptions,
    receiver_url: str,
    is_virtual: Callable[[], bool],
    timeout_of: Callable[[DueAttempt], timedelta],
    attempt: DueAttempt,
) -> timedelta:
    if is_virtual():
        return options.real_timeout
    timeout = timeout_of(attempt)
    if attempt.url.startswith(f"{receiver_url}/"):
        return timeout
    return min(timeout, options.real_timeout)


def _named_in(options: SocketOptions) -> SendTo | None:
    if options.send_to is None:
        return None
    # Most sandboxes of tests name none, and need not import it.
    from mockserver.core.send_to import send_to

    return send_to(options.send_to)


def _check_trust(options: SocketOptions, host: str) -> None:
    # Only a sandbox that uses TLS pays for importing it.
    if options.tls_context is not None:
        from mockserver.net.trust import check_server_context

        check_server_context(options.tls_context, host, options.ca_file, verify=options.verify_tls)
    elif options.ca_file is not None:
        from mockserver.net.trust import client_context

        client_context(options.ca_file)
