"""Sends postbacks to an endpoint with the same transport that a sandbox delivers with.

It connects only to the addresses that were found when the run began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.transport.addresses import AddressGuard
from mockserver.transport.curl.transport import CurlRoute, CurlTransport
from mockserver.transport.pinned_guard import PinnedGuard
from mockserver.transport.resolved_host import ResolvedHost


class PostbackSender(Protocol):
    """Sends postbacks to one endpoint."""

    def post(
        self, urls: Sequence[str], *, at_once: int = 1, fresh: bool = False, address: str = ""
    ) -> list[Outcome]:
        """POST to each URL and return the outcomes, in the order of the URLs.

        Args:
            urls: Rendered URLs of the endpoint.
            at_once: How many requests may be in progress at the same time.
            fresh: Whether each request gets a new connection.
            address: Which of the endpoint's addresses to connect to; any unless given.
        """

    def close(self) -> None:
        """Close what is open."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How the certificate of an endpoint is checked.

    Attributes:
        ca_file: A file of certificates to trust instead of the system's.
        verify: Whether it is checked at all.
    """

    ca_file: str | None = None
    verify: bool = True


class SocketPostbackSender(PostbackSender):
    """A `PostbackSender` over real sockets.

    Args:
        resolved_host: The host and the only addresses that are connected to.
        timeout: How long an attempt may take, in real time.
        headers: Header fields besides those of a postback.
        trust: How its certificate is checked.
        proxy: The proxy to use; then the proxy decides which address is used.
    """

    def __init__(
        self,
        resolved_host: ResolvedHost,
        *,
        timeout: timedelta = DEFAULT_TIMEOUT,
        headers: Sequence[tuple[str, str]] = (),
        trust: Trust | None = None,
        proxy: str = "",
    ) -> None:
        self._resolved_host = resolved_host
        self._timeout = timeout
        self._headers = tuple(f"{name}: {value}" for name, value in headers)
        self._trust = trust or Trust()
        self._proxy = proxy
        self._transports: dict[tuple[int, bool, str], CurlTransport] = {}

    def post(
        self, urls: Sequence[str], *, at_once: int = 1, fresh: bool = False, address: str = ""
    ) -> list[Outcome]:
        waiting = [attempt_to(url, number) for number, url in enumerate(urls)]
        waiting.reverse()

        def pull(free: int) -> list[DueAttempt]:
            return [waiting.pop() for _ in range(min(free, len(waiting)))]

        outcomes: dict[int, Outcome] = {}
        for group in self._transport(at_once, fresh, address).exchange(pull):
            outcomes.update((attempt.delivery_id, outcome) for attempt, outcome in group)
        return [outcomes[number] for number in range(len(urls))]

    def close(self) -> None:
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()

    def _transport(self, at_once: int, fresh: bool, address: str) -> CurlTransport:
        key = (at_once, fresh, address)
        if key not in self._transports:
            # Keeping the old connection open would already test another case: a second connection.
            self.close()
            addresses = (address,) if address else self._resolved_host.addresses
            self._transports[key] = CurlTransport(
                capacity=at_once,
                deadline_of=lambda attempt: self._timeout,
                guard=AddressGuard()
                if self._proxy
                else PinnedGuard(addresses=frozenset(addresses)),
                ca_file=self._trust.ca_file,
                verify_tls=self._trust.verify,
                route=CurlRoute(
                    self._headers, self._resolved_host.resolved(addresses), self._proxy
                ),
                keep_alive=not fresh,
            )
        return self._transports[key]


def attempt_to(url: str, number: int = 1) -> DueAttempt:
    """Return an attempt for a transport; no ledger knows it, only its URL counts."""
    return DueAttempt(number, "", url, 1, datetime(1970, 1, 1, tzinfo=UTC), False, number)
