"""The server that broken endpoints are made of."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from contracts.verify.endpoints.serving import (
    LOOPBACK,
    NUMBER,
    Client,
    EndpointServer,
    Request,
    Talk,
    answer_all,
    listening,
    running,
    written,
)
from contracts.verify.endpoints.shop import Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

POST = b"POST /in?user=u%d&at=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


def server_of(store: Store, talk: Talk = answer_all, **options: bool) -> EndpointServer:
    return EndpointServer(Shop(store, ManualClock()), talk, **options)


@contextmanager
def connected(server: EndpointServer) -> Iterator[socket.socket]:
    with socket.create_connection((LOOPBACK, server.port), timeout=10) as client:
        yield client


def test_requests_of_one_connection_are_answered_in_order() -> None:
    store = Store()
    with running(server_of(store)) as server, connected(server) as client:
        # The second begins in the same packet as the first.
        client.sendall(POST % 1 + POST % 2)
        received = b""
        while received.count(b"thank you") < 2:
            received += client.recv(65536)
    assert received.count(b"HTTP/1.1 200") == 2
    assert [row["user"] for row in store.rows] == ["u1", "u2"]


def test_a_request_knows_which_it_is_and_what_it_asks_for() -> None:
    environ = Request("POST", "/in?a=%3F&b=", 3).environ
    assert environ == {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/in",
        "QUERY_STRING": "a=%3F&b=",
        NUMBER: 3,
    }


@pytest.mark.parametrize(
    ("method", "answer", "expected"),
    [
        (
            "POST",
            ShopAnswer(200, (), b"yes"),
            b"HTTP/1.1 200 Status\r\nContent-Length: 3\r\n\r\nyes",
        ),
        ("POST", ShopAnswer(204), b"HTTP/1.1 204 Status\r\n\r\n"),
        ("HEAD", ShopAnswer(200, (), b"yes"), b"HTTP/1.1 200 Status\r\nContent-Length: 3\r\n\r\n"),
    ],
)
def test_answers_on_the_wire(method: str, answer: ShopAnswer, expected: bytes) -> None:
    assert written(Request(method, "/", 1), answer) == expected


def test_it_stops_at_once_whatever_its_clients_do() -> None:
    def wait_long(client: Client, shop: Shop) -> None:
        client.read()
        client.pause(timedelta(hours=1))

    server = server_of(Store(), wait_long)
    server.start()
    with connected(server) as idle, connected(server) as waiting:
        waiting.sendall(POST % 1)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 4
        for client in (idle, waiting):
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""
    left = [each.name for each in threading.enumerate() if each.name.startswith("postbacks-partn")]
    assert left == []


def test_it_is_not_there_while_it_is_stopped_and_comes_back_to_its_port() -> None:
    store = Store()
    server = server_of(store)
    server.start()
    port = server.port
    with connected(server) as client:
        client.sendall(POST % 1)
        assert client.recv(65536)
        server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port), timeout=10)
    with running(server), connected(server) as client:
        assert server.port == port
        client.sendall(POST % 2)
        assert client.recv(65536)
    assert [row["user"] for row in store.rows] == ["u1", "u2"]


def test_one_at_a_time_means_that_the_next_waits_for_the_end_of_the_first() -> None:
    store = Store()
    with running(server_of(store, one_at_a_time=True)) as server, connected(server) as first:
        first.sendall(POST % 1)
        assert first.recv(65536)
        with connected(server) as second:
            second.sendall(POST % 2)
            second.settimeout(0.1)
            with pytest.raises(TimeoutError):
                second.recv(1)
            first.close()
            second.settimeout(10)
            assert second.recv(65536)
    assert len(store.rows) == 2


def test_a_reset_is_one() -> None:
    def reset(client: Client, shop: Shop) -> None:
        client.read()
        client.reset()

    with running(server_of(Store(), reset)) as server, connected(server) as client:
        client.sendall(POST % 1)
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with listening() as taken, pytest.raises(OSError, match="in use"):
        listening(taken.getsockname()[1])
