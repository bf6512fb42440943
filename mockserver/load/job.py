"""Holds what a worker must know to send its part of a load, as values that cross a connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import takewhile
from typing import Any

from mockserver.core.models import ParametersEncoding
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.core.template import Template
from mockserver.load.arrival import Arrival
from mockserver.load.streams import stream_from
from mockserver.transport.curl.options import CurlRoute
from mockserver.transport.curl.transport import CurlTransport
from mockserver.transport.pinned_guard import PinnedGuard

#: How many postbacks a worker has under way at most, unless told.
CONNECTIONS = 256
#: How late a postback may still be sent, unless told: by then its sender would have given up.
PATIENCE = DEFAULT_TIMEOUT
#: What falls due is sent this much later at most, while others are under way.
_LONGEST_WAIT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Job:
    """A load, as every worker of it gets it.

    Attributes:
        url: The template that each event is rendered into.
        stream: What the arrivals are made of; see `streams.stream_from`.
        most: How many postbacks may be sent by all workers together.
        addresses: The only addresses that are connected to.
        resolved: The entry for libcurl that names them.
        until_seconds: What is planned from here on is not sent; None for all.
        connections: How many postbacks a worker has under way at most.
        patience_seconds: How late one may still be sent.
        ca_file: Certificates to trust in place of the system's; a file on each worker's machine.
        verify_tls: Whether certificates are checked at all.
        parameters_encoding: How Parameters are written.
    """

    url: str
    stream: Mapping[str, Any]
    most: int
    addresses: tuple[str, ...]
    resolved: tuple[str, ...] = ()
    until_seconds: float | None = None
    connections: int = CONNECTIONS
    patience_seconds: float = field(default=PATIENCE.total_seconds())
    ca_file: str | None = None
    verify_tls: bool = True
    parameters_encoding: ParametersEncoding = "once"

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Job:
        """Return the job that `as_json` wrote."""
        lists = {name: tuple(document[name]) for name in ("addresses", "resolved")}
        return cls(**{**document, **lists})

    @property
    def patience(self) -> timedelta:
        """Return how late a postback may still be sent."""
        return timedelta(seconds=self.patience_seconds)

    def share(self, index: int, parts: int) -> int:
        """Return how many postbacks one of several workers may send at most."""
        return self.most // parts + (index < self.most % parts)

    def part(self, index: int, parts: int) -> Iterator[Arrival]:
        """Return what one of several workers is to send.

        Raises:
            PostbacksError: There is no such stream here, e.g. because a file is missing.
        """
        arrivals = stream_from(self.stream).part(index, parts)
        if self.until_seconds is None:
            return arrivals
        until = timedelta(seconds=self.until_seconds)
        return takewhile(lambda arrival: arrival.after < until, arrivals)

    def template(self) -> Template:
        """Return the compiled template."""
        return Template(self.url)

    def transport(self) -> CurlTransport:
        """Return what the postbacks are sent with: the same as the engine's."""
        return CurlTransport(
            capacity=self.connections,
            guard=PinnedGuard(addresses=frozenset(self.addresses)),
            ca_file=self.ca_file,
            verify_tls=self.verify_tls,
            route=CurlRoute(resolved=self.resolved),
            longest_wait=_LONGEST_WAIT,
        )
