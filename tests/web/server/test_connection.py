"""Answers that go on for as long as their application has something to say, as event streams do."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest

from mockserver.web.server import ApiServer
from mockserver.web.server.api_server import THREADS
from tests.certificates import server_context, trusting_context

Start = Callable[[str, list[tuple[str, str]]], object]
#: The application gives a piece so often where the test does not say when.
TICK = 0.1


class Application:
    """Streams what the test puts in, or ticks; tells when the stream has ended."""

    def __init__(self) -> None:
        self.pieces: queue.Queue[bytes] = queue.Queue()
        self.ended = threading.Event()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] in ("/told", "/ticking"):
            start("200 OK", [("Content-Type", "text/event-stream")])
            return self._streamed(environ["PATH_INFO"] == "/told")
        start("200 OK", [("Content-Length", "2")])
        return [b"{}"]

    def _streamed(self, told: bool) -> Iterator[bytes]:
        try:
            while True:
                if told:
                    yield self.pieces.get(timeout=10)
                else:
                    time.sleep(TICK)
                    yield b"data: tick\n\n"
        finally:
            self.ended.set()


@pytest.fixture
def app() -> Application:
    return Application()


@pytest.fixture(params=["http", "https"])
def server(app: Application, request: pytest.FixtureRequest) -> Iterator[ApiServer]:
    before = set(threading.enumerate())
    server = ApiServer(app, tls_context=server_context() if request.param == "https" else None)
    server.start()
    yield server
    server.stop()
    assert set(threading.enumerate()) <= before


def connected(server: ApiServer) -> http.client.HTTPConnection:
    if server.url.startswith("https"):
        context = trusting_context()
        return http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5, context=context)
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)


@contextmanager
def streaming(server: ApiServer, path: str) -> Iterator[http.client.HTTPResponse]:
    """Give the answer as soon as its first piece is there."""
    with closing(connected(server)) as connection:
        connection.request("GET", path)
        # The answer keeps the socket, since it is the last one on its connection.
        with connection.getresponse() as answer:
            yield answer


def status(server: ApiServer, path: str) -> int:
    with closing(connected(server)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.read() == b"{}"
        return answer.status


def test_each_piece_arrives_when_it_is_given_and_others_are_answered(
    app: Application, server: ApiServer
) -> None:
    app.pieces.put(b"data: 0\n\n")
    with streaming(server, "/told") as answer:
        assert answer.getheader("Content-Type") == "text/event-stream"
        assert answer.read1() == b"data: 0\n\n"
        for number in range(1, 5):
            assert [status(server, path) for path in ("/api", "/other")] == [200, 200]
            piece = f"data: {number}\n\n".encode()
            # Nothing has to follow for it to arrive.
            app.pieces.put(piece)
            assert answer.read1() == piece
        app.pieces.put(b"")
        app.pieces.put(b"data: after an empty piece\n\n")
        assert answer.read1() == b"data: after an empty piece\n\n"
    give_up = time.monotonic() + 5
    # That the client has gone is found out by what is sent to it.
    while not app.ended.wait(TICK) and time.monotonic() < give_up:
        app.pieces.put(b"data: more\n\n")
    assert app.ended.is_set()


def test_as_many_streams_as_there_are_workers_leave_room_for_the_api(
    app: Application, server: ApiServer
) -> None:
    with ExitStack() as stack:
        for _ in range(THREADS):
            answer = stack.enter_context(streaming(server, "/ticking"))
            assert answer.read1(5) == b"data:"
        assert status(server, "/api") == 200
    assert status(server, "/other") == 200


def test_a_stream_ends_when_its_client_goes(app: Application, server: ApiServer) -> None:
    with streaming(server, "/ticking") as answer:
        assert answer.read1(5) == b"data:"
        assert not app.ended.is_set()
    assert app.ended.wait(5)
    assert status(server, "/other") == 200


def test_a_stream_ends_when_the_server_stops(app: Application, server: ApiServer) -> None:
    with streaming(server, "/ticking") as answer:
        assert answer.read1(5) == b"data:"
        began = time.perf_counter()
        server.stop()
        assert time.perf_counter() - began < 1
        # The fixture looks whether a thread is left.
        assert app.ended.is_set()
        with pytest.raises((http.client.HTTPException, OSError)):
            answer.read()
