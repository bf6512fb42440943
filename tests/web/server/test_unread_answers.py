"""Answers that nobody reads: bounded in sum, refused in words, and slow readers are cut."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from mockserver.web.server import ApiServer, unread_answers
from mockserver.web.server.unread_answers import PIECE_REAL_SECONDS, SMALL_ANSWER
from tests.certificates import server_context, trusting_context

MIB = 1024 * 1024
#: More than the sockets of a connection hold.
LARGE = 16 * MIB


class Application:
    """Answers with as many bytes as the query says, and counts the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.calls.append(environ["PATH_INFO"])
        length = int(environ["QUERY_STRING"].rpartition("=")[2] or 2)
        start_response("200 OK", [("Content-Length", str(length))])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else b"x" * length]


@pytest.fixture
def app() -> Application:
    return Application()


@pytest.fixture(params=["http", "https"])
def server(app: Application, request: pytest.FixtureRequest) -> Iterator[ApiServer]:
    context = server_context() if request.param == "https" else None
    server = ApiServer(app, tls_context=context)
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def small_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread_answers, "MOST_UNREAD", 20 * MIB)


def connected(server: ApiServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    if server.url.startswith("https"):
        return trusting_context().wrap_socket(connection, server_hostname="localhost")
    return connection


def ask(server: ApiServer, target: str, method: str = "GET") -> tuple[int, Any, bytes]:
    connection: http.client.HTTPConnection
    if server.url.startswith("https"):
        context: ssl.SSLContext = trusting_context()
        connection = http.client.HTTPSConnection(
            "localhost", server.port, timeout=10, context=context
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with closing(connection):
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def leave_unread(server: ApiServer, stack: ExitStack) -> None:
    """Ask for a large answer, and read none of it; another of its size is over the bound then."""
    connection = stack.enter_context(connected(server))
    request = f"GET /large?bytes={LARGE} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connection.sendall(request.encode())
    wait_until(lambda: server._server.unread.bytes() > 4 * MIB)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("target", ["/large?bytes=", "/_sandbox/deliveries?limit="])
def test_a_large_answer_is_refused_in_words_and_a_small_one_is_given(
    server: ApiServer, app: Application, target: str
) -> None:
    with ExitStack() as stack:
        leave_unread(server, stack)
        status, headers, body = ask(server, f"{target}{LARGE}")
        assert status == 503
        assert headers["Retry-After"] == "10"
        assert headers["Content-Type"] == "application/problem+json"
        problem = json.loads(body)
        assert problem["status"] == 503
        assert "left 20 MiB of answers unread" in problem["detail"]
        for length in (2, SMALL_ANSWER):
            status, _, body = ask(server, f"/small?bytes={length}")
            assert (status, len(body)) == (200, length)
        assert ask(server, f"/large?bytes={LARGE}", "HEAD")[0] == 200
    # As soon as they have gone there is room again.
    wait_until(lambda: server._server.unread.bytes() == 0)
    status, _, body = ask(server, f"{target}{LARGE}")
    assert (status, len(body)) == (200, LARGE)


def test_a_listing_for_which_there_is_no_room_is_not_even_made(
    server: ApiServer, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        leave_unread(server, stack)
        monkeypatch.setattr(unread_answers, "MOST_UNREAD", MIB)
        assert ask(server, "/_sandbox/feed?after=2")[0] == 503
        assert "/_sandbox/feed" not in app.calls
        assert ask(server, "/_sandbox/clock?after=2")[0] == 200


def test_a_connection_whose_answer_was_refused_can_be_used_again(server: ApiServer) -> None:
    with ExitStack() as stack:
        leave_unread(server, stack)
        connection = stack.enter_context(connected(server))
        for _ in range(2):
            for length, status in ((LARGE, b"503"), (3, b"200")):
                connection.sendall(
                    f"GET /x?b={length} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
                )
                head, _, body = connection.recv(65_536).partition(b"\r\n\r\n")
                assert head.split()[1] == status
                wanted = int(head.lower().partition(b"content-length: ")[2].split()[0])
                while len(body) < wanted:
                    body += connection.recv(65_536)


def test_an_answer_larger_than_the_bound_is_given_if_nothing_else_is_unread(
    server: ApiServer,
) -> None:
    status, _, body = ask(server, f"/large?bytes={30 * MIB}")
    assert (status, len(body)) == (200, 30 * MIB)


def test_who_does_not_read_is_cut_when_others_are_refused(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("mockserver.web.server.connection.PIECE_REAL_SECONDS", 0.3)
    caplog.set_level(logging.WARNING, logger="mockserver.web")
    with ExitStack() as stack:
        leave_unread(server, stack)
        # Nobody is cut as long as there is room for all.
        time.sleep(1)
        assert len(server._server.active_channels) == 1
        assert not caplog.records
        wait_until(lambda: ask(server, f"/large?bytes={LARGE}")[0] == 200)
    assert "1 of their connections were closed" in caplog.text


def test_who_reads_a_piece_now_and_then_gets_on(server: ApiServer) -> None:
    with ExitStack() as stack:
        reading = stack.enter_context(connected(server))
        reading.sendall(f"GET /l?b={30 * MIB} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_until(lambda: server._server.unread.bytes() > 10 * MIB)
        (connection,) = server._server.active_channels.values()
        wait_until(lambda: connection._reads_since is not None)
        began = connection._reads_since
        assert not connection.reads_too_slowly(began + PIECE_REAL_SECONDS - 0.1)
        assert connection.reads_too_slowly(began + PIECE_REAL_SECONDS)
        got = 0
        while got < 16 * MIB:
            got += len(reading.recv(MIB))
        wait_until(lambda: connection._reads_since != began)
        assert not connection.reads_too_slowly(began + PIECE_REAL_SECONDS)
        while got < 30 * MIB:
            got += len(reading.recv(MIB))
        wait_until(lambda: connection._reads_since is None)
        assert not connection.reads_too_slowly(began + 1_000)


def test_what_was_sent_is_not_kept(server: ApiServer) -> None:
    with ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(connected(server))
            connection.sendall(b"GET /l?b=1000000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = 0
            while got < 1_000_000:
                got += len(connection.recv(65_536))
        leave_unread(server, stack)

        def kept() -> int:
            return sum(
                buffer.getfile().seek(0, 2)
                for each in server._server.active_channels.values()
                for buffer in each.outbufs
                if buffer.buf is not None
            )

        assert kept() <= 2 * LARGE + SMALL_ANSWER
        assert len(server._server.active_channels) == 6
