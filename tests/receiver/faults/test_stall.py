"""An answer that stops in its body: for foreign clients, and for the engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mockserver import ManualClock, RunningClock, Sandbox, SocketOptions
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import App
from mockserver.core.retry import RetryPolicy
from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.server import Receiver
from tests.receiver.clients import ended


@pytest.fixture
def inbox(inboxes: Inboxes, receiver: Receiver) -> Inbox:
    inbox = inboxes.inbox("a", receiver.url)
    inbox.behave([{"kind": "stall", "body": "0123456789"}])
    return inbox


@pytest.fixture
def client(receiver: Receiver) -> Iterator[RawClient]:
    with RawClient("127.0.0.1", receiver.port) as client:
        yield client


def test_half_of_the_body_comes_and_the_connection_stays(client: RawClient, inbox: Inbox) -> None:
    seen = client.post("/inbox/a", 0.1)
    assert (seen.status, seen.body, seen.ending) == (200, b"01234", "silent")
    assert b"Content-Length: 10\r\n" in seen.data
    assert [request.end for request in inbox.requests] == [None]


def test_the_journal_keeps_the_status_when_the_client_goes(client: RawClient, inbox: Inbox) -> None:
    client.post("/inbox/a", 0.05)
    client.socket.close()
    assert ended(inbox, 1) == ["client-gone"]
    assert inbox.requests[0].status == 200


def test_a_reset_ends_it(client: RawClient, receiver: Receiver, inbox: Inbox) -> None:
    client.post("/inbox/a", 0.05)
    receiver.reset()
    assert client.exchange(b"", 1).ending in ("closed", "reset")
    assert ended(inbox, 1) == ["cancelled"]


def test_stopping_does_not_wait_for_it(client: RawClient, receiver: Receiver, inbox: Inbox) -> None:
    client.post("/inbox/a", 0.05)
    began = time.perf_counter()
    receiver.stop()
    assert time.perf_counter() - began < 1
    assert ended(inbox, 1) == ["cancelled"]


@pytest.mark.parametrize("sockets", [None, SocketOptions()], ids=["in process", "sockets"])
def test_an_attempt_is_answered_without_waiting_for_the_rest(
    sockets: SocketOptions | None,
) -> None:
    began = time.perf_counter()
    with Sandbox(clock=ManualClock(DEFAULT_START_AT), sockets=sockets) as sandbox:
        inbox = sandbox.inbox("in")
        inbox.behave("stall@2s")
        sandbox.add_postback(inbox.url)
        (delivery,) = sandbox.trigger("email.open").deliveries
        (request,) = inbox.requests
    assert time.perf_counter() - began < 5
    assert delivery.state == "delivered"
    outcome = delivery.attempts[0].outcome
    assert (outcome.summary, outcome.elapsed) == ("200", timedelta(seconds=2))
    assert outcome.body == b"the second half of"
    assert request.end == "client-gone"
    assert request.ended_at == request.arrived_at + timedelta(seconds=30)


def real(sandbox: Sandbox, inbox: Inbox) -> None:
    """Let one attempt get to where it stalls, in real time."""
    sandbox.add_postback(inbox.url)
    sandbox.trigger("email.open")
    assert inbox.wait_for(1)


def test_in_real_time_it_is_answered_when_the_deadline_has_come() -> None:
    app = App(retry=RetryPolicy(timeout=timedelta(seconds=0.3)))
    with Sandbox(apps=[app], clock=RunningClock(), sockets=SocketOptions()) as sandbox:
        inbox = sandbox.inbox("in")
        inbox.behave("stall")
        real(sandbox, inbox)
        assert ended(inbox, 1) == ["client-gone"]
        sandbox.run_until_idle()
        outcome = sandbox.deliveries[0].attempts[0].outcome
    assert outcome.summary == "200"
    assert outcome.error is not None
    assert outcome.error.startswith("the body of the answer was not finished")


def test_moving_time_does_not_wait_for_the_rest() -> None:
    with Sandbox(clock=RunningClock(), sockets=SocketOptions()) as sandbox:
        inbox = sandbox.inbox("in")
        inbox.behave("stall")
        began = time.perf_counter()
        real(sandbox, inbox)
        sandbox.advance("1h")
        assert time.perf_counter() - began < 5
        (delivery,) = sandbox.deliveries
        assert delivery.attempts[0].outcome.summary == "200"
        assert ended(inbox, 1) == ["client-gone"]
