"""Which transport takes a postback, and what is refused, for each way to wire a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidValue
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.delivery.wiring import IN_PROCESS_URL, SocketOptions, Wiring
from mockserver.receiver.inboxes import Inboxes
from mockserver.transport.in_process import CallableTransport
from mockserver.transport.protocol import ConcurrentTransport, Transport, is_concurrent
from mockserver.transport.routing import PlainRoutingTransport, RoutingTransport
from tests.engine_setup import SideBySide, status

TIMEOUT = timedelta(seconds=30)
ELSEWHERE = "http://elsewhere.test/"


@contextmanager
def wired(*, is_virtual: bool = True, **arguments: Any) -> Iterator[tuple[Wiring, Inboxes]]:
    """Yield a wiring that has been started, and its inboxes."""
    inboxes = Inboxes()
    wiring = Wiring(
        inboxes, is_virtual=lambda: is_virtual, timeout_of=lambda attempt: TIMEOUT, **arguments
    )
    wiring.start()
    try:
        yield wiring, inboxes
    finally:
        wiring.stop()


def attempt_at(url: str) -> DueAttempt:
    return DueAttempt(1, "app", url, 1, DEFAULT_START_AT, repeated=False, claim=1)


def send(transport: Transport | ConcurrentTransport, url: str) -> Outcome:
    if not is_concurrent(transport):
        return transport.send(attempt_at(url))
    left = [attempt_at(url)]
    groups = transport.exchange(lambda places: [left.pop()] if left else [])
    [(_, outcome)] = [pair for group in groups for pair in group]
    return outcome


def test_without_sockets_inboxes_are_in_this_process() -> None:
    with wired() as (wiring, inboxes):
        assert wiring.receiver_url == IN_PROCESS_URL
        assert isinstance(wiring.transport, RoutingTransport)
        assert send(wiring.transport, f"{IN_PROCESS_URL}/inbox/in").status == 200
        assert len(inboxes.inbox("in", "").requests) == 1


def test_with_sockets_inboxes_are_on_a_port() -> None:
    with wired(sockets=SocketOptions()) as (wiring, inboxes):
        url = f"{wiring.receiver_url}/inbox/in"
        assert url.startswith("http://127.0.0.1:")
        assert not wiring.transport.takes(url)
        outcome = send(wiring.transport, url)
        [request] = inboxes.inbox("in", "").requests
        assert (outcome.status, outcome.request_id) == (200, request.id)
        assert request.attempt == (1, 1)


@pytest.mark.parametrize(
    ("transport", "kind"),
    [
        (CallableTransport(lambda attempt: status(201)), PlainRoutingTransport),
        (SideBySide(lambda attempt: status(201), 3), RoutingTransport),
    ],
    ids=["plain", "concurrent"],
)
def test_a_given_transport_takes_what_no_inbox_takes(transport: Any, kind: type) -> None:
    with wired(transport=transport) as (wiring, inboxes):
        assert isinstance(wiring.transport, kind)
        assert send(wiring.transport, ELSEWHERE).status == 201
        assert send(wiring.transport, f"{IN_PROCESS_URL}/inbox/in").status == 200
        assert len(inboxes.inbox("in", "").requests) == 1


def test_the_capacity_is_that_of_a_given_concurrent_transport() -> None:
    with wired(transport=SideBySide(lambda attempt: status(201), 3)) as (wiring, _):
        assert isinstance(wiring.transport, RoutingTransport)
        assert wiring.transport.capacity == 3


def test_a_given_plain_transport_takes_the_rest_beside_a_receiver_on_a_port() -> None:
    elsewhere = CallableTransport(lambda attempt: status(201))
    with wired(transport=elsewhere, sockets=SocketOptions()) as (wiring, inboxes):
        assert send(wiring.transport, ELSEWHERE).status == 201
        assert send(wiring.transport, f"{wiring.receiver_url}/inbox/in").status == 200
        assert len(inboxes.inbox("in", "").requests) == 1


def test_two_ways_to_send_side_by_side_are_refused() -> None:
    transport = SideBySide(lambda attempt: status(201), 3)
    with (
        pytest.raises(InvalidValue, match="leave one of them out"),
        wired(transport=transport, sockets=SocketOptions()),
    ):
        pytest.fail("it is refused before it listens")


def test_certificates_that_cannot_be_read_are_refused_before_anything_listens(
    tmp_path: Path,
) -> None:
    missing = tmp_path / "missing.pem"
    with (
        pytest.raises(InvalidValue, match=r"missing\.pem"),
        wired(sockets=SocketOptions(ca_file=missing)),
    ):
        pytest.fail("it is refused before it listens")


@pytest.mark.parametrize("is_virtual", [False, True])
def test_what_a_route_made_is_in_sandbox_time_already(is_virtual: bool) -> None:
    made = Outcome(OutcomeKind.TIMEOUT, timedelta(seconds=1))
    with wired(is_virtual=is_virtual) as (wiring, _):
        inbox = attempt_at(f"{IN_PROCESS_URL}/inbox/in")
        assert wiring.account(inbox, made) is made
        assert wiring.account(attempt_at(ELSEWHERE), made).elapsed == TIMEOUT


def test_the_port_of_the_api_is_never_sent_to() -> None:
    sockets = SocketOptions(api_port=8080)
    with wired(sockets=sockets) as (wiring, _):
        outcome = send(wiring.transport, "http://127.0.0.1:8080/")
        assert outcome.kind is OutcomeKind.BLOCKED


@pytest.mark.parametrize("end", ["hurry", "end_waiting"])
def test_nothing_waits_where_nothing_listens(end: str) -> None:
    with wired() as (wiring, _):
        getattr(wiring, end)()


def test_only_what_is_named_is_sent_to_besides_this_machine() -> None:
    with wired(sockets=SocketOptions(send_to=())) as (wiring, inboxes):
        outcome = send(wiring.transport, "http://203.0.113.7/")
        assert outcome.kind is OutcomeKind.BLOCKED
        assert "--send-to 203.0.113.7" in (outcome.error or "")
        assert send(wiring.transport, inboxes.inbox("in", wiring.receiver_url).url).status == 200
    with wired(sockets=SocketOptions()) as (wiring, _):
        assert wiring.send_to is None
    with (
        pytest.raises(InvalidValue, match="send_to takes a host"),
        wired(sockets=SocketOptions(send_to=("https://shop.example/",))),
    ):
        pass
