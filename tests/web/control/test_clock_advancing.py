"""An advance over HTTP: seen while it lasts, cancelled, and ended when its client has gone."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from mockserver import Sandbox, SocketOptions
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.catalog import Channel
from mockserver.core.clock import DEFAULT_START_AT, ManualClock, MovableClock
from mockserver.core.errors import AdvanceInProgress, InvalidValue
from mockserver.core.models import MessageEvent, NewDelivery
from mockserver.time.clocks import RunningClock
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from mockserver.web.server.departure import has_gone
from mockserver.web.shapes import AdvanceAnswer, AdvanceRequest, AdvanceUnderWay, EventRequest
from tests.certificates import server_context, trusting_context

START_AT = DEFAULT_START_AT
HOUR = timedelta(hours=1)
SOON_REAL_SECONDS = 10.0
UNTIL_IDLE = AdvanceRequest(until="idle", real_seconds=600)
CLOCKS: dict[str, Callable[[], MovableClock]] = {
    "manual": ManualClock,
    "running": lambda: RunningClock(START_AT, 1e-6),
}


class Served:
    """A sandbox that answers over HTTP, and an endpoint of somebody else's that never does."""

    def __init__(self, sandbox: Sandbox, server: ApiServer, endpoint: str) -> None:
        self.sandbox = sandbox
        self.port = server.port
        self.client = SandboxClient(server.url)
        self.endpoint = endpoint
        self.threads = ThreadPoolExecutor(2)

    def schedule(self, *urls: str) -> None:
        """Add a delivery to each URL, due in an hour."""
        app_id = self.sandbox.default_app_id
        event = MessageEvent(app_id, Channel.PUSH, "Open", START_AT)
        due_at = START_AT + HOUR
        new = [NewDelivery(app_id, 1, url, event, due_at) for url in urls]
        self.sandbox.ledger.add_deliveries(new)

    def advance(self, request: AdvanceRequest = UNTIL_IDLE) -> Future[AdvanceAnswer]:
        return self.threads.submit(self.client.advance, request)

    def waiting_advance(self) -> AdvanceUnderWay:
        """Return the advance that is under way, as soon as it waits for something."""
        until = time.monotonic() + SOON_REAL_SECONDS
        while time.monotonic() < until:
            advance = self.client.clock().advance
            if advance is not None and advance.waiting_for:
                return advance
            time.sleep(0.005)
        pytest.fail("no advance waits for anything")

    def until_none_is_under_way(self) -> None:
        until = time.monotonic() + SOON_REAL_SECONDS
        while self.client.clock().advance is not None:
            assert time.monotonic() < until, "the advance goes on"
            time.sleep(0.005)


@contextmanager
def serve(clock: str = "manual", *, capacity: int = 64, tls: bool = False) -> Iterator[Served]:
    with (
        socket.create_server(("127.0.0.1", 0)) as endpoint,
        Sandbox(clock=CLOCKS[clock](), sockets=SocketOptions(capacity=capacity)) as sandbox,
    ):
        app = create_app(sandbox)
        server = ApiServer(app)
        server.start()
        over_tls = ApiServer(app, tls_context=server_context()) if tls else None
        if over_tls is not None:
            over_tls.start()
        url = f"http://127.0.0.1:{endpoint.getsockname()[1]}/hang"
        served = Served(sandbox, server, url)
        served.port = over_tls.port if over_tls is not None else server.port
        try:
            yield served
        finally:
            sandbox.cancel_advance(SOON_REAL_SECONDS)
            served.threads.shutdown()
            sandbox.feed.close()
            server.stop()
            if over_tls is not None:
                over_tls.stop()


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_clock_shows_the_advance_and_what_it_waits_for(clock: str) -> None:
    with serve(clock) as served:
        assert served.client.clock().advance is None
        served.schedule(f"{served.sandbox.receiver_url}/inbox/crm", served.endpoint)
        served.advance(AdvanceRequest(by="5h", real_seconds=600))
        advance = served.waiting_advance()
        assert advance.to is not None
        assert advance.from_at is not None
        assert advance.to - advance.from_at == 5 * HOUR
        assert advance.under_way >= 1
        waiting = advance.waiting_for[-1]
        assert (waiting.delivery_id, waiting.number, waiting.url) == (2, 1, served.endpoint)
        assert waiting.started_at == served.client.clock().now == START_AT + HOUR


def test_the_ten_longest_are_named_and_all_are_counted() -> None:
    with serve() as served:
        served.schedule(*[served.endpoint] * 12)
        served.advance()
        while served.waiting_advance().under_way < 12:
            pass
        assert [each.delivery_id for each in served.waiting_advance().waiting_for] == [
            *range(1, 11)
        ]


def test_other_operations_are_answered_meanwhile() -> None:
    with serve() as served:
        served.schedule(served.endpoint)
        advance = served.advance()
        served.waiting_advance()
        client = served.client
        assert client.health().status == "ok"
        assert client.deliveries().deliveries[0].state == "pending"
        client.add_postback("YOUR_APP_ID", f"{served.sandbox.receiver_url}/inbox/new")
        client.trigger(EventRequest(name="push.open"))
        assert len(client.requests("new", wait_for=1).requests) == 1, "the advance makes it"
        # It arrives before its answer is recorded.
        while client.delivery(2).state == "pending":
            pass
        with pytest.raises(AdvanceInProgress, match=r"1 attempt made.*postbacks advance --cancel"):
            client.advance(UNTIL_IDLE)
        assert not advance.done()


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("capacity", [1, 64])
def test_a_cancelled_advance_answers_what_was_done_and_can_go_on(clock: str, capacity: int) -> None:
    with serve(clock, capacity=capacity) as served:
        inbox = f"{served.sandbox.receiver_url}/inbox/crm"
        served.schedule(inbox, served.endpoint)
        advance = served.advance()
        while [each.delivery_id for each in served.waiting_advance().waiting_for] != [2]:
            pass
        cancelled = served.client.cancel_advance()
        assert cancelled.cancelled
        assert cancelled.clock.advance is None
        assert cancelled.clock.pending == 1
        answer = advance.result(SOON_REAL_SECONDS)
        assert (answer.cancelled, answer.complete) == (True, False)
        assert [attempt.delivery_id for attempt in answer.attempts] == [1]
        assert (answer.attempts_made, answer.outcomes) == (1, {"200": 1})
        assert answer.now - (START_AT + HOUR) < timedelta(seconds=1)
        delivery = served.client.delivery(2)
        assert (delivery.state, delivery.attempts) == ("pending", [])


def test_there_may_be_nothing_to_cancel() -> None:
    with serve() as served:
        assert not served.client.cancel_advance().cancelled


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_an_advance_ends_when_its_client_has_gone(tls: bool) -> None:
    with serve(tls=tls) as served:
        served.schedule(served.endpoint)
        body = json.dumps({"until": "idle", "real_seconds": 600}).encode()
        head = (
            "POST /_sandbox/clock/advance HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        plain = socket.create_connection(("127.0.0.1", served.port), SOON_REAL_SECONDS)
        client: socket.socket | ssl.SSLSocket = plain
        if tls:
            client = trusting_context().wrap_socket(plain, server_hostname="127.0.0.1")
        client.sendall(head.encode() + body)
        served.waiting_advance()
        client.close()
        served.until_none_is_under_way()
        assert served.sandbox.now() == START_AT + HOUR
        assert served.client.clock().next_due == START_AT + HOUR


@pytest.mark.parametrize(("listed", "numbers"), [(0, []), (3, [1, 2, 3])])
def test_attempts_that_are_not_listed_are_counted(listed: int, numbers: list[int]) -> None:
    with serve() as served:
        served.sandbox.inbox("crm").behave("503*4,404")
        served.schedule(f"{served.sandbox.receiver_url}/inbox/crm")
        answer = served.client.advance(AdvanceRequest(until="idle", listed=listed))
        assert [attempt.number for attempt in answer.attempts] == numbers
        assert answer.attempts_made == 5
        assert answer.outcomes == {"503": 4, "404": 1}


@pytest.mark.parametrize("field", [{"listed": -1}, {"real_seconds": 86_401}, {"real_seconds": 0}])
def test_bounds_of_the_request(field: dict[str, Any]) -> None:
    with serve() as served, pytest.raises(InvalidValue):
        served.client.advance(AdvanceRequest(until="idle", **field))


@pytest.mark.parametrize("sees_closing", [True, False], ids=["poll", "peek"])
@pytest.mark.parametrize("unread", [b"", b"x"], ids=["nothing-to-read", "something-to-read"])
def test_who_has_gone(sees_closing: bool, unread: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    if not sees_closing:
        monkeypatch.setattr("mockserver.web.server.departure._CLOSED", 0)
    here, there = socket.socketpair()
    here.setblocking(False)
    with here:
        with there:
            assert not has_gone(here)
            there.sendall(unread)
            assert not has_gone(here)
        # What is unread hides the end from a look at the next byte: then it is seen later.
        assert has_gone(here) or (unread and not sees_closing)
    assert has_gone(here)
