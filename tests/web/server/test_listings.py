"""Which calls wait for a turn to be answered, and that nobody else does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import Mock

import pytest

from mockserver import Sandbox
from mockserver.web.control import control_routes
from mockserver.web.server import ApiServer
from mockserver.web.server.listings import is_listing
from tests.web.server.test_dispatching import get


@pytest.mark.parametrize(
    ("target", "is_one"),
    [
        ("/_sandbox/deliveries", True),
        ("/_sandbox/deliveries/", True),
        ("/_sandbox/deliveries?limit=101", True),
        ("/_sandbox/deliveries?limit=1000", True),
        ("/_sandbox/deliveries?limit=100", False),
        ("/_sandbox/deliveries?limit=0100&after=3", False),
        ("/_sandbox/deliveries?state=lost&limit=1", False),
        ("/_sandbox/deliveries?limit=1&whole=true", True),
        ("/_sandbox/deliveries/7", False),
        ("/_sandbox/feed?after=0", True),
        ("/_sandbox/feed?after=0&timeout=30", False),
        ("/_sandbox/inboxes", True),
        ("/_sandbox/inboxes/a/requests", True),
        ("/_sandbox/inboxes/a/requests?wait_for=2", False),
        ("/_sandbox/inboxes/a/behaviour", False),
        ("/_sandbox/apps", True),
        ("/_sandbox/apps/a", False),
        ("/_sandbox/api/calls", True),
        ("/_sandbox/clock", False),
        ("/_sandbox/health", False),
        ("/api", False),
        ("", False),
    ],
)
def test_large_pages_are_listings_and_what_waits_is_none(target: str, is_one: bool) -> None:
    path, _, query = target.partition("?")
    assert is_listing(Mock(path=path, query=query, headers={})) == is_one


def test_a_stream_is_no_listing_however_it_is_asked_for() -> None:
    for accept in ("text/event-stream", "text/html, text/event-stream;q=0.9"):
        asked = Mock(path="/_sandbox/feed", query="after=-1", headers={"ACCEPT": accept})
        assert not is_listing(asked)


def test_every_listing_takes_its_turn_at_the_application_too() -> None:
    with Sandbox() as sandbox:
        for route in control_routes(sandbox):
            path = "/_sandbox/" + route.path.replace("<name>", "a").replace("<app_id>", "a")
            if route.method == "GET" and is_listing(Mock(path=path, query="", headers={})):
                assert route.is_large, route.path


class Application:
    """Takes a moment for every listing, and notes how many are made at a time."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.at_once = self.most_at_once = 0
        self.answered: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/_sandbox/deliveries":
            with self._lock:
                self.at_once += 1
                self.most_at_once = max(self.at_once, self.most_at_once)
            assert self.goes_on.wait(10)
            with self._lock:
                self.at_once -= 1
                self.answered.append(environ["QUERY_STRING"])
        start_response("200 OK", [("Content-Length", "2")])
        return [b"{}"]


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


def test_hundreds_of_listings_keep_no_other_call_from_its_answer(
    app: Application, port: int
) -> None:
    with ExitStack() as stack:
        connections = []
        for number in range(60):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            connections.append(stack.enter_context(connection))
            request = (
                f"GET /_sandbox/deliveries?app_id={number} HTTP/1.1\r\nHost: localhost\r\n\r\n"
            )
            connection.sendall(request.encode() * 20)
        deadline = time.monotonic() + 10
        while app.at_once < 2:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        for path in ("/_sandbox/health", "/_sandbox/clock", "/api"):
            began = time.monotonic()
            assert get(port, path) == (200, 2)
            assert time.monotonic() - began < 2
        app.goes_on.set()
        for connection in connections:
            got = b""
            while got.count(b"200 OK") < 20:
                piece = connection.recv(65_536)
                assert piece
                got += piece
    assert app.most_at_once == 2
    # In turn: nobody had a third answer before all had one, but for those who came at first.
    first = app.answered[:60]
    assert len(set(first)) >= 50


def test_a_stop_does_not_wait_for_listings(app: Application) -> None:
    server = ApiServer(app)
    server.start()
    with ExitStack() as stack:
        for _ in range(10):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            stack.enter_context(connection)
            connection.sendall(b"GET /_sandbox/deliveries HTTP/1.1\r\nHost: localhost\r\n\r\n")
        deadline = time.monotonic() + 10
        while app.at_once < 2:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 4
    app.goes_on.set()
