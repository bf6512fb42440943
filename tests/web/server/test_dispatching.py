"""Which thread answers a request."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mockserver.web.server import ApiServer


class Application:
    """Notes which thread answers, and waits or breaks where it is told to."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.goes_on = threading.Event()
        self.entered = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.threads.append(threading.current_thread().name)
        if environ["PATH_INFO"] == "/wait":
            self.entered.set()
            assert self.goes_on.wait(10)
        if environ["QUERY_STRING"] == "broken":
            raise RuntimeError("broken")
        if environ["QUERY_STRING"] == "ended":
            raise SystemExit
        body = b"x" * int(environ["QUERY_STRING"] or 2)
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


@pytest.fixture
def app() -> Application:
    return Application()


@pytest.fixture
def port(app: Application) -> Iterator[int]:
    server = ApiServer(app)
    server.start()
    yield server.port
    app.goes_on.set()
    server.stop()


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[int, int]:
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, len(answer.read())


def get(port: int, path: str) -> tuple[int, int]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        return ask(connection, path)


def test_a_call_of_the_api_is_answered_by_the_thread_that_reads(
    app: Application, port: int
) -> None:
    assert get(port, "/api") == (200, 2)
    assert get(port, "/_sandbox/clock") == (200, 2)
    assert app.threads[0] == "postbacks-api"
    assert app.threads[1].startswith("waitress-")


def test_while_something_waits_calls_are_answered(app: Application, port: int) -> None:
    waiting = threading.Thread(target=get, args=(port, "/wait"), name="test-waiting")
    waiting.start()
    assert app.entered.wait(10)
    assert [get(port, path) for path in ("/api", "/other", "/api")] == [(200, 2)] * 3
    app.goes_on.set()
    waiting.join(10)
    assert not waiting.is_alive()


def test_one_connection_may_carry_both_kinds_in_turn(app: Application, port: int) -> None:
    paths = ["/api", "/other", "/api", "/api", "/other"]
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        assert [ask(connection, path) for path in paths] == [(200, 2)] * 5


def test_a_large_answer_arrives_whole(port: int) -> None:
    assert get(port, "/api?3000000") == (200, 3_000_000)


def test_a_call_that_breaks_ends_neither_the_server_nor_the_others(port: int) -> None:
    assert get(port, "/api?broken")[0] == 500
    assert get(port, "/api") == (200, 2)


@pytest.mark.parametrize("path", ["/api", "/other"])
def test_a_call_that_ends_its_thread_ends_its_connection_only(path: str, port: int) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(f"GET {path}?ended HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert client.recv(65536) == b""
    assert get(port, path) == (200, 2)


def test_several_requests_in_one_piece_are_answered_in_order(port: int) -> None:
    one = "GET /{} HTTP/1.1\r\nHost: x\r\n\r\n"
    pieces = "".join(one.format(path) for path in ("api?3", "w?4", "api?5"))
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(pieces.encode())
        while not received.endswith(b"xxxxx"):
            piece = client.recv(65536)
            assert piece, received
            received += piece
    assert re.findall(rb"Content-Length: (\d)", received) == [b"3", b"4", b"5"]
