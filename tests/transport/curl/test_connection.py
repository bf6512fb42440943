"""How connections are shared, and that an attempt is never more than one request."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest

from mockserver.core.outcome import OutcomeKind
from mockserver.transport.curl.keep_alive import SETTLING_REAL_SECONDS
from mockserver.transport.curl.transport import CurlTransport
from tests.transport.exchanges import attempts_at, curl_transport, post, run
from tests.transport.servers import OK, Connection, RawServer, closing_after, keeping_alive


@pytest.fixture
def transport() -> Iterator[CurlTransport]:
    transport = curl_transport(capacity=8)
    yield transport
    transport.close()


def befriend(transport: CurlTransport, server: RawServer) -> None:
    """Post until the server is known to keep connections open."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        before = server.connections
        post(transport, f"{server.url}/hello")
        post(transport, f"{server.url}/hello")
        if server.connections == before:
            return
        time.sleep(SETTLING_REAL_SECONDS)
    pytest.fail("the transport never used a connection again")


def fill_pool(transport: CurlTransport, server: RawServer, count: int) -> None:
    """Make the transport keep `count` connections open."""
    urls = [f"{server.url}/together"] * count
    assert {outcome.status for _, outcome in run(transport, attempts_at(urls))} == {200}


def test_a_connection_is_used_again_by_later_exchanges(transport: CurlTransport) -> None:
    with RawServer(keeping_alive()) as server:
        befriend(transport, server)
        before = server.connections
        for number in range(20):
            assert post(transport, f"{server.url}/{number}").status == 200
        assert server.connections == before


def test_a_server_that_closes_after_each_answer_costs_no_attempt(
    transport: CurlTransport,
) -> None:
    with RawServer(closing_after(OK)) as server:
        urls = [f"{server.url}/{number}" for number in range(300)]
        # In several exchanges with pauses, so that connections are tried again.
        for start in range(0, 300, 100):
            results = run(transport, attempts_at(urls[start : start + 100]))
            assert {outcome.summary for _, outcome in results} == {"200"}
            time.sleep(SETTLING_REAL_SECONDS)
        assert Counter(server.targets) == Counter(f"/{number}" for number in range(300))


class Slaughterhouse:
    """Answers every request but `/die`, upon which it ends the connection in some way."""

    def __init__(self, *, reset: bool) -> None:
        self.together = threading.Barrier(4)
        self.reset = reset

    def __call__(self, connection: Connection) -> None:
        while (head := connection.read_request()) is not None:
            target = head.split()[1]
            if target == b"/die":
                if self.reset:
                    connection.reset()
                return
            if target == b"/together":
                self.together.wait(timeout=10)
            connection.send(OK)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_request_that_met_its_death_on_a_kept_connection_is_not_repeated(
    transport: CurlTransport, reset: bool
) -> None:
    with RawServer(Slaughterhouse(reset=reset)) as server:
        befriend(transport, server)
        fill_pool(transport, server, 4)
        connections = server.connections
        outcome = post(transport, f"{server.url}/die")
        assert outcome.kind is OutcomeKind.RESET
        assert post(transport, f"{server.url}/after").status == 200
        assert server.targets.count("/die") == 1
        # Only the request that followed opened one, not a repetition.
        assert server.connections == connections + 1


def test_a_kept_connection_that_the_server_closed_meanwhile_is_replaced(
    transport: CurlTransport,
) -> None:
    accepted: list[Connection] = []

    def behave(connection: Connection) -> None:
        accepted.append(connection)
        keeping_alive()(connection)

    with RawServer(behave) as server:
        befriend(transport, server)
        for connection in accepted:
            with suppress(OSError):
                connection.take_socket().shutdown(socket.SHUT_RDWR)
        before = server.connections
        assert post(transport, f"{server.url}/again").status == 200
        assert server.targets.count("/again") == 1
        assert server.connections == before + 1


def test_a_thousand_attempts_are_each_seen_once() -> None:
    transport = CurlTransport(capacity=64)
    with RawServer(keeping_alive()) as server:
        urls = [f"{server.url}/{number}" for number in range(1000)]
        results = run(transport, attempts_at(urls))
        assert Counter(attempt.url for attempt, _ in results) == Counter(urls)
        assert {outcome.status for _, outcome in results} == {200}
        assert Counter(server.targets) == Counter(f"/{number}" for number in range(1000))
    transport.close()


def test_closing_the_transport_closes_its_connections(transport: CurlTransport) -> None:
    closed = threading.Event()

    def behave(connection: Connection) -> None:
        keeping_alive()(connection)
        closed.set()

    with RawServer(behave) as server:
        assert post(transport, f"{server.url}/").status == 200
        transport.close()
        assert closed.wait(timeout=10)
        assert post(transport, f"{server.url}/").status == 200
