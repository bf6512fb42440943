"""A request that is taken up late: nothing is read from its connection until then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mockserver import RunningClock, Sandbox, SocketOptions
from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.server import Receiver
from tests.certificates import TlsRawClient, server_context
from tests.receiver.clients import POST, ended


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def receiver(request: pytest.FixtureRequest, inboxes: Inboxes) -> Iterator[Receiver]:
    receiver = Receiver(inboxes, tls_context=server_context() if request.param else None)
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture
def inbox(inboxes: Inboxes, receiver: Receiver) -> Inbox:
    return inboxes.inbox("a", receiver.url)


@pytest.fixture
def client(receiver: Receiver) -> Iterator[RawClient]:
    kind = TlsRawClient if receiver.url.startswith("https") else RawClient
    with kind("127.0.0.1", receiver.port) as client:
        yield client


@pytest.mark.parametrize(("script", "read"), [("slow-read@400ms,200", 1), ("200@400ms,200", 2)])
def test_what_comes_behind_it_is_read_only_afterwards(
    script: str, read: int, client: RawClient, inbox: Inbox
) -> None:
    inbox.behave(script)
    began = time.perf_counter()
    client.socket.sendall(POST)
    inbox.wait_for(1)
    client.socket.sendall(POST)
    assert [request.end for request in inbox.wait_for(2, 0.15)] == [None] * read
    assert client.exchange(b"").status == 200
    assert time.perf_counter() - began > 0.39
    assert ended(inbox, 2) == ["answered", "answered"]


@pytest.mark.parametrize(
    ("script", "end"), [("slow-read@200ms", "answered"), ("200@200ms", "client-gone")]
)
def test_a_client_that_goes_is_noticed_only_afterwards(
    script: str, end: str, client: RawClient, inbox: Inbox
) -> None:
    inbox.behave(script)
    client.socket.sendall(POST)
    inbox.wait_for(1)
    client.socket.close()
    assert ended(inbox, 1) == [end]


def test_the_connection_is_read_from_again_and_may_be_slow_again(
    client: RawClient, inbox: Inbox
) -> None:
    inbox.behave("slow-read@20ms*3,204")
    assert [client.post("/inbox/a").status for _ in range(4)] == [200, 200, 200, 204]


def test_a_client_that_sends_without_end_has_to_wait(client: RawClient, inbox: Inbox) -> None:
    inbox.behave("slow-read@10m")
    client.socket.sendall(POST)
    inbox.wait_for(1)
    client.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.socket.sendall(POST * 500_000)
    assert len(inbox.requests) == 1


def test_a_reset_and_a_stop_end_it_at_once(
    client: RawClient, receiver: Receiver, inbox: Inbox
) -> None:
    inbox.behave("slow-read@10m")
    client.socket.sendall(POST)
    inbox.wait_for(1)
    receiver.reset()
    assert client.exchange(b"", 1).ending in ("closed", "reset")
    kind = type(client)
    with kind("127.0.0.1", receiver.port) as other:
        other.socket.sendall(POST)
        inbox.wait_for(2)
        began = time.perf_counter()
        receiver.stop()
        assert time.perf_counter() - began < 1
    assert ended(inbox, 2) == ["cancelled", "cancelled"]


def test_moving_time_does_not_wait_for_it() -> None:
    with Sandbox(clock=RunningClock(), sockets=SocketOptions()) as sandbox:
        inbox = sandbox.inbox("in")
        inbox.behave("slow-read@20s,204")
        sandbox.add_postback(inbox.url)
        began = time.perf_counter()
        sandbox.trigger("email.open")
        assert inbox.wait_for(1)
        sandbox.advance("1h")
        sandbox.trigger("email.open")
        sandbox.advance("1h")
        assert time.perf_counter() - began < 5
        outcomes = [delivery.attempts[0].outcome for delivery in sandbox.deliveries]
    assert [outcome.summary for outcome in outcomes] == ["200", "204"]
    assert outcomes[0].elapsed == timedelta(seconds=20)
    assert [request.end for request in inbox.requests] == ["answered", "answered"]
