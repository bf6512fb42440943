"""The API over TLS: waitress's requests, answers and ends are what they are without."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mockserver.web.server import ApiServer
from tests.certificates import server_context, trusting_context

Start = Callable[[str, list[tuple[str, str]]], object]
BIG = 3_000_000
#: More than the system keeps for a client that does not read.
HUGE = 30_000_000


def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Answer with what arrived, or with a lot, or for ever, or to be ended by the connection."""
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] in ("/big", "/huge"):
        pieces = [b"x" * 100_000] * ((BIG if environ["PATH_INFO"] == "/big" else HUGE) // 100_000)
        start("200 OK", [("Content-Length", str(100_000 * len(pieces)))])
        return pieces
    if environ["PATH_INFO"] == "/endless":
        start("200 OK", [("Content-Length", str(10**12))])
        return _endless(environ["test.given_up"])
    if environ["PATH_INFO"] == "/unframed":
        start("200 OK", [])
        return iter([b"un", b"framed"])
    names = ("wsgi.url_scheme", "REMOTE_ADDR", "REMOTE_PORT", "SERVER_PORT")
    shown = {name: environ.get(name) for name in names} | {"body": len(body)}
    content = json.dumps(shown).encode()
    start("200 OK", [("Content-Length", str(len(content)))])
    return [content]


def _endless(given_up: threading.Event) -> Iterator[bytes]:
    try:
        while True:
            yield b"x" * 100_000
    finally:
        given_up.set()


@pytest.fixture
def given_up() -> threading.Event:
    return threading.Event()


@pytest.fixture
def server(given_up: threading.Event) -> Iterator[ApiServer]:
    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        return application(environ | {"test.given_up": given_up}, start)

    before = servers_under_way()
    server = ApiServer(app, largest_body=BIG, tls_context=server_context())
    server.start()
    yield server
    server.stop()
    assert servers_under_way() <= before


def servers_under_way() -> set[threading.Thread]:
    """Return the threads of servers like this one; the one of the whole session may be there."""
    return {thread for thread in threading.enumerate() if thread.name == "postbacks-api"}


@contextmanager
def connected(server: ApiServer) -> Iterator[http.client.HTTPSConnection]:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", server.port, timeout=10, context=trusting_context()
    )
    connection.connect()
    try:
        yield connection
    finally:
        connection.close()


def test_the_application_sees_https_and_the_client_itself(server: ApiServer) -> None:
    assert server.url == f"https://127.0.0.1:{server.port}"
    with connected(server) as connection:
        connection.request("GET", "/")
        seen = json.loads(connection.getresponse().read())
        assert seen == {
            "wsgi.url_scheme": "https",
            "REMOTE_ADDR": "127.0.0.1",
            "REMOTE_PORT": str(connection.sock.getsockname()[1]),
            "SERVER_PORT": str(server.port),
            "body": 0,
        }


def test_a_connection_is_kept_and_bodies_arrive_whole(server: ApiServer) -> None:
    with connected(server) as connection:
        ports = set()
        for size in (0, 1, 16_384, 16_385, 65_536, BIG):
            connection.request("POST", "/", b"y" * size)
            assert json.loads(connection.getresponse().read())["body"] == size
            ports.add(connection.sock.getsockname()[1])
        assert len(ports) == 1


def test_pipelined_requests_in_one_record_are_all_answered(server: ApiServer) -> None:
    with connected(server) as connection:
        connection.sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        data = b""
        while data.count(b"HTTP/1.1 200 OK") < 50 or not data.endswith(b"}"):
            data += connection.sock.recv(65536)


def test_a_request_in_tiny_records_is_put_together(server: ApiServer) -> None:
    with connected(server) as connection:
        for byte in b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc":
            connection.sock.sendall(bytes([byte]))
        answer = http.client.HTTPResponse(connection.sock)
        answer.begin()
        assert json.loads(answer.read())["body"] == 3


def test_a_large_answer_arrives_whole_also_at_a_slow_reader(server: ApiServer) -> None:
    with connected(server) as connection:
        for _ in range(3):
            connection.request("GET", "/big")
            time.sleep(0.05)
            assert connection.getresponse().read() == b"x" * BIG


def test_a_large_answer_is_out_before_the_connection_is_closed(server: ApiServer) -> None:
    with connected(server) as connection:
        connection.request("GET", "/huge", headers={"Connection": "close"})
        time.sleep(0.1)
        assert connection.getresponse().read() == b"x" * HUGE


def test_many_at_once(server: ApiServer) -> None:
    results: list[int] = []

    def ask() -> None:
        with connected(server) as connection:
            for _ in range(5):
                connection.request("POST", "/big", b"y" * 200_000)
                results.append(len(connection.getresponse().read()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert results == [BIG] * 40


def test_a_client_that_leaves_early_ends_the_answer(
    server: ApiServer, given_up: threading.Event
) -> None:
    with connected(server) as connection:
        connection.request("GET", "/endless")
        connection.getresponse().read(1000)
    assert given_up.wait(timeout=5)
    with connected(server) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().status == 200


def test_the_end_of_an_answer_without_a_length_is_announced(server: ApiServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        context = trusting_context()
        # An end that is not announced would be an SSLEOFError.
        with context.wrap_socket(
            plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False
        ) as secured:
            secured.sendall(b"GET /unframed HTTP/1.0\r\n\r\n")
            data = b""
            while piece := secured.recv(65536):
                data += piece
    assert data.endswith(b"\r\n\r\nunframed")


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03", b""])
def test_who_speaks_no_tls_is_sent_away_or_waits_and_nobody_else_notices(
    first: bytes, server: ApiServer
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        plain.sendall(first)
        with connected(server) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
        if first.startswith(b"GET"):
            assert not plain.recv(65536).startswith(b"HTTP")


def test_clients_that_are_gone_before_they_are_accepted_do_no_harm(server: ApiServer) -> None:
    for _ in range(50):
        plain = socket.create_connection(("127.0.0.1", server.port))
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        plain.close()
    with connected(server) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().status == 200


def test_who_does_not_trust_it_gets_no_answer(server: ApiServer) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    connection.close()


def test_it_stops_at_once_with_idle_hung_and_half_secured_connections() -> None:
    began, go_on = threading.Event(), threading.Event()

    def hanging(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/hang":
            began.set()
            go_on.wait(10)
        start("204 No Content", [])
        return []

    before = servers_under_way()
    server = ApiServer(hanging, tls_context=server_context())
    server.start()
    with connected(server) as idle, connected(server) as hung:
        idle.request("GET", "/")
        idle.getresponse().read()
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            silent.sendall(b"\x16\x03\x01")
            hung.request("GET", "/hang")
            assert began.wait(5)
            threading.Timer(0.2, go_on.set).start()
            started = time.perf_counter()
            server.stop()
            took = time.perf_counter() - started
    assert took < 2
    assert servers_under_way() <= before
