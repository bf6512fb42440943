"""Shorthands for driving a concurrent transport."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.addresses import AddressGuard
from mockserver.transport.curl.transport import CurlTransport, TransportLink
from mockserver.transport.protocol import ConcurrentTransport, Pull
from tests.transport.servers import Behaviour, RawServer

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def attempt_at(url: str, delivery_id: int = 1) -> DueAttempt:
    return DueAttempt(delivery_id, "app", url, 1, NOON, repeated=False, claim=1)


def attempts_at(urls: Iterable[str]) -> list[DueAttempt]:
    return [attempt_at(url, number) for number, url in enumerate(urls, start=1)]


def pulling(attempts: Iterable[DueAttempt], asked: list[int] | None = None) -> Pull:
    """Return a `pull` over `attempts`; `asked` collects how many it was asked for."""
    left = deque(attempts)

    def pull(places: int) -> Sequence[DueAttempt]:
        if asked is not None:
            asked.append(places)
        return [left.popleft() for _ in range(min(places, len(left)))]

    return pull


def run(
    transport: ConcurrentTransport, attempts: Iterable[DueAttempt]
) -> list[tuple[DueAttempt, Outcome]]:
    return [pair for group in transport.exchange(pulling(attempts)) for pair in group]


def post(transport: ConcurrentTransport, url: str) -> Outcome:
    ((_, outcome),) = run(transport, [attempt_at(url)])
    return outcome


def curl_transport(
    *,
    seconds: float = 10,
    capacity: int = 4,
    guard: AddressGuard | None = None,
    link: TransportLink | None = None,
    ca_file: str | None = None,
    verify_tls: bool = True,
) -> CurlTransport:
    deadline = timedelta(seconds=seconds)
    return CurlTransport(
        capacity=capacity,
        deadline_of=lambda _attempt: deadline,
        guard=guard,
        link=link,
        ca_file=ca_file,
        verify_tls=verify_tls,
    )


def post_to(behaviour: Behaviour, *, seconds: float = 10) -> Outcome:
    with RawServer(behaviour) as server:
        transport = curl_transport(seconds=seconds)
        try:
            return post(transport, f"{server.url}/x")
        finally:
            transport.close()


def outcome_of(url: str, transport: CurlTransport | None = None) -> Outcome:
    transport = transport or curl_transport()
    try:
        return post(transport, url)
    finally:
        transport.close()


def check_failure(outcome: Outcome, kind: OutcomeKind, text: str) -> None:
    assert outcome.kind is kind
    assert text in (outcome.error or "")
    assert "\n" not in (outcome.error or "")
    assert (outcome.status, outcome.headers, outcome.body) == (None, (), b"")
