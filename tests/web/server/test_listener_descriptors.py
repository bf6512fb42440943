"""The API goes on where descriptors are many, and where none is left."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from mockserver import Sandbox, SocketOptions
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.certificates import server_context, trusting_context
from tests.web.server.served_apart import Served, descriptors_allowed, served_apart

#: What `select` can watch.
SELECT_LIMIT = 1024
MANY = 1100
BOTH = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])


def connection_to(port: int, tls: bool, timeout: float = 10) -> http.client.HTTPConnection:
    if not tls:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    context = trusting_context()
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=context)


def ask(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def answers(port: int, tls: bool) -> list[int]:
    """Return how a new connection is answered: by a worker, and by the thread that reads."""
    with closing(connection_to(port, tls)) as connection:
        return [ask(connection, path) for path in ("/_sandbox/health", "/api")]


@contextmanager
def descriptors_taken(count: int) -> Iterator[None]:
    taken: list[int] = []
    try:
        while len(taken) < count:
            taken.append(os.dup(0))
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)


@BOTH
def test_connections_above_what_select_can_watch_are_answered(tls: bool) -> None:
    with descriptors_allowed(2 * MANY), Sandbox() as sandbox, ExitStack() as stack:
        server = ApiServer(create_app(sandbox), tls_context=server_context() if tls else None)
        stack.callback(server.stop)
        server.start()
        early = stack.enter_context(closing(connection_to(server.port, tls)))
        assert ask(early, "/api") == 400
        with descriptors_taken(MANY):
            with socket.socket() as lowest_free:
                assert lowest_free.fileno() >= SELECT_LIMIT
            assert [answers(server.port, tls) for _ in range(3)] == [[200, 400]] * 3
            assert ask(early, "/_sandbox/health") == 200
        assert answers(server.port, tls) == [200, 400]


@BOTH
def test_a_server_whose_own_socket_is_above_what_select_can_watch_serves(tls: bool) -> None:
    with descriptors_allowed(2 * MANY), Sandbox() as sandbox, descriptors_taken(MANY):
        server = ApiServer(create_app(sandbox), tls_context=server_context() if tls else None)
        server.start()
        try:
            assert answers(server.port, tls) == [200, 400]
        finally:
            server.stop()


def test_a_crowd_that_hangs_at_the_receiver_leaves_the_api_alone() -> None:
    with (
        descriptors_allowed(3 * MANY),
        Sandbox(sockets=SocketOptions()) as sandbox,
        ExitStack() as stack,
    ):
        server = ApiServer(create_app(sandbox))
        stack.callback(server.stop)
        server.start()
        inbox = sandbox.inbox("crowded")
        inbox.behave("hang")
        address = ("127.0.0.1", int(sandbox.receiver_url.rpartition(":")[2]))
        for _ in range(MANY):
            client = stack.enter_context(socket.create_connection(address, timeout=10))
            client.sendall(b"POST /inbox/crowded HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        inbox.wait_for(MANY, timeout_real_seconds=10)
        assert len(inbox.requests) == MANY
        assert answers(server.port, tls=False) == [200, 400]


@pytest.fixture(params=[False, True], ids=["http", "https"])
def tls(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def served(tls: bool) -> Iterator[Served]:
    with served_apart(descriptors=256, tls=tls) as served:
        yield served


def test_who_comes_while_no_descriptor_is_left_is_answered_later(served: Served, tls: bool) -> None:
    assert answers(served.port, tls) == [200, 400]
    with closing(connection_to(served.port, tls)) as early:
        assert ask(early, "/api") == 400
        served.exhaust()
        results: list[list[int]] = []
        late = [
            threading.Thread(target=lambda: results.append(answers(served.port, tls)))
            for _ in range(3)
        ]
        for thread in late:
            thread.start()
        # Those who have a connection are still answered, and nobody is asked over and over.
        with served.using_less_than(0.1):
            for _ in range(5):
                assert ask(early, "/api") == 400
                time.sleep(0.2)
        assert results == []
        served.free()
        for thread in late:
            thread.join(timeout=5)
        assert results == [[200, 400]] * 3
        assert ask(early, "/_sandbox/health") == 200


def test_while_no_descriptor_is_left_nobody_is_asked_over_and_over(
    served: Served, tls: bool
) -> None:
    served.exhaust()
    with socket.create_connection(("127.0.0.1", served.port)), served.using_less_than(0.1):
        time.sleep(1)


def test_an_idle_connection_gives_its_descriptor_to_who_comes(served: Served, tls: bool) -> None:
    with closing(connection_to(served.port, tls)) as early:
        assert ask(early, "/api") == 400
        served.exhaust()
        assert [answers(served.port, tls) for _ in range(3)] == [[200, 400]] * 3
        assert early.sock.recv(1) == b""
        served.free()


def test_descriptors_may_run_out_again_and_again(served: Served, tls: bool) -> None:
    for _ in range(5):
        served.exhaust()
        with socket.create_connection(("127.0.0.1", served.port), timeout=5):
            time.sleep(0.05)
        served.free()
        assert answers(served.port, tls) == [200, 400]


def test_a_served_sandbox_can_be_looked_at(served: Served, tls: bool) -> None:
    """What the tests here build on: open connections are seen, and the end of them."""
    before = served.look()
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
        assert answers(served.port, tls) == [200, 400]
        with_them = before["descriptors"] + 20
        assert served.settled(with_them) == with_them
    assert served.settled(before["descriptors"]) == before["descriptors"]
    assert served.look()["threads"] == before["threads"]
