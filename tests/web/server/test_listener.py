"""Whoever does nothing with a connection keeps nobody else from having one."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import freezegun
import pytest

from mockserver.web.server.api_server import IDLE_REAL_SECONDS, ApiServer
from tests.certificates import server_context, trusting_context
from tests.web.server.served_apart import Served, descriptors_allowed, served_apart

Start = Callable[[str, list[tuple[str, str]]], object]
CONTEXT = trusting_context()
RULE = {
    "appId": "YOUR_APP_ID",
    "clientKey": "YOUR_DATA_EXPORT_KEY",
    "apiVersion": "1.0.6",
    "type": "messageEvents",
    "postbackUrl": "https://example.com/in?user={{User ID}}",
}
#: More than the system keeps for a client that does not read.
LARGE = 30_000_000
#: What a question of one character is answered with: that, so many times.
PIECE = 3_000_000
#: Of a request that has two more bytes.
HEAD = b"POST /api HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
IDLE = 1.5
MOST = 20


@pytest.fixture(params=[False, True], ids=["http", "https"])
def tls(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def connection_to(port: int, tls: bool, timeout: float = 10) -> http.client.HTTPConnection:
    if tls:
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=CONTEXT)
    return http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)


def connected(port: int, tls: bool) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    return CONTEXT.wrap_socket(plain, server_hostname="127.0.0.1") if tls else plain


def call(
    connection: http.client.HTTPConnection, method: str, path: str, body: object = None
) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if content else None


class TestAtASandbox:
    """Three crowds at once, at a server with as many descriptors as processes usually have."""

    @pytest.fixture
    def served(self, tls: bool) -> Iterator[Served]:
        with served_apart(descriptors=1024, tls=tls) as served:
            yield served

    def test_idle_slow_and_hung_requests_leave_room(self, served: Served, tls: bool) -> None:
        with descriptors_allowed(2048), ExitStack() as stack:
            stack.enter_context(self._hung_at_the_receiver(served, tls, 500))
            for _ in range(150):
                # Half of them have said nothing at all, not even of TLS; half have been answered.
                stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
                kept = stack.enter_context(closing(connection_to(served.port, tls)))
                assert call(kept, "GET", "/_sandbox/health")[0] == 200
            stack.enter_context(self._slow(served, tls, 110))
            for _ in range(5):
                began = time.perf_counter()
                with closing(connection_to(served.port, tls)) as connection:
                    assert call(connection, "GET", "/_sandbox/health")[0] == 200
                assert time.perf_counter() - began < 1
                began = time.perf_counter()
                with closing(connection_to(served.port, tls)) as connection:
                    status, answer = call(connection, "POST", "/api?action=addPostback", RULE)
                assert time.perf_counter() - began < 1
                assert status == 200
                self._delete(served, tls, answer["response"][0]["postbackId"])
            assert call(kept, "GET", "/_sandbox/health")[0] == 200

    @contextmanager
    def _hung_at_the_receiver(self, served: Served, tls: bool, count: int) -> Iterator[None]:
        with ExitStack() as stack:
            control = stack.enter_context(closing(connection_to(served.port, tls)))
            behaviour = "/_sandbox/inboxes/crowded/behaviour"
            assert call(control, "PUT", behaviour, {"behaviour": "hang"})[0] == 200
            for _ in range(count):
                address = ("127.0.0.1", served.receiver_port)
                client = stack.enter_context(socket.create_connection(address))
                client.sendall(b"POST /inbox/crowded HTTP/1.1\r\nHost: x\r\n\r\n")
            waited = f"/_sandbox/inboxes/crowded/requests?wait_for={count}&timeout=10"
            status, answer = call(control, "GET", waited)
            assert status == 200
            assert len(answer["requests"]) == count
            yield

    @contextmanager
    def _slow(self, served: Served, tls: bool, count: int) -> Iterator[None]:
        """Send a head on so many connections, a byte of each in turn."""
        ended = threading.Event()
        with ExitStack() as stack:
            clients = [stack.enter_context(connected(served.port, tls)) for _ in range(count)]

            def drip() -> None:
                for byte in b"GET /api HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1000:
                    for client in clients:
                        with suppress(OSError):
                            client.sendall(bytes([byte]))
                    if ended.wait(0.05):
                        return

            dripping = threading.Thread(target=drip, name="test-dripping")
            dripping.start()
            try:
                time.sleep(0.3)
                yield
            finally:
                ended.set()
                dripping.join(10)

    def _delete(self, served: Served, tls: bool, postback_id: int) -> None:
        with closing(connection_to(served.port, tls)) as connection:
            deleted = {**RULE, "action": "deletePostback", "postbackId": postback_id}
            assert call(connection, "POST", "/api", deleted)[0] == 200


class Application:
    """Waits where it is told to, and answers with as much as it is asked for."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.entered = threading.Semaphore(0)
        self.given_up = threading.Event()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/wait":
            self.entered.release()
            self.goes_on.wait(20)
        if environ["PATH_INFO"] == "/large":
            start("200 OK", [("Content-Length", str(LARGE))])
            return self._pieces()
        if environ["QUERY_STRING"]:
            start("200 OK", [("Content-Length", str(PIECE))])
            return [environ["QUERY_STRING"].encode() * PIECE]
        start("200 OK", [("Content-Length", "2")])
        return [b"{}"]

    def _pieces(self) -> Iterator[bytes]:
        try:
            for _ in range(LARGE // 100_000):
                yield b"x" * 100_000
        finally:
            self.given_up.set()


@pytest.fixture
def app() -> Iterator[Application]:
    app = Application()
    yield app
    app.goes_on.set()


@contextmanager
def serving(app: Application, tls: bool, **limits: Any) -> Iterator[int]:
    server = ApiServer(app, tls_context=server_context() if tls else None, **limits)
    server.start()
    try:
        yield server.port
    finally:
        app.goes_on.set()
        server.stop()


def is_open(client: socket.socket) -> bool:
    """Return whether the server has not closed it; what else it has sent is thrown away."""
    client.settimeout(0.05)
    try:
        while client.recv(65536):
            pass
    except TimeoutError:
        return True
    except OSError:
        return False
    return False


def asked(port: int, tls: bool) -> float:
    """Return how long a new connection waits for its answer."""
    began = time.perf_counter()
    with closing(connection_to(port, tls)) as connection:
        assert call(connection, "GET", "/")[0] == 200
    return time.perf_counter() - began


class TestWhereThereIsNoRoom:
    @pytest.fixture
    def port(self, app: Application, tls: bool) -> Iterator[int]:
        with serving(app, tls, most_connections=MOST) as port:
            yield port

    def test_who_has_been_idle_longest_makes_room(self, port: int, tls: bool) -> None:
        with ExitStack() as stack:
            idle = []
            for _ in range(MOST):
                connection = stack.enter_context(closing(connection_to(port, tls)))
                call(connection, "GET", "/")
                idle.append(connection)
            # The first is no longer the one that waits longest.
            call(idle[0], "GET", "/")
            time.sleep(1.1)
            assert [asked(port, tls) < 1 for _ in range(5)] == [True] * 5
            assert [is_open(each.sock) for each in idle] == [True, False, *[True] * (MOST - 2)]

    def test_each_that_stays_takes_the_place_of_one(self, port: int, tls: bool) -> None:
        with ExitStack() as stack:
            idle = [stack.enter_context(connected(port, tls)) for _ in range(MOST)]
            time.sleep(1.1)
            new = [stack.enter_context(closing(connection_to(port, tls))) for _ in range(7)]
            assert [call(connection, "GET", "/")[0] for connection in new] == [200] * 7
            assert [is_open(client) for client in idle] == [False] * 7 + [True] * (MOST - 7)
            assert [call(connection, "GET", "/")[0] for connection in new] == [200] * 7

    def test_who_is_being_answered_keeps_its_connection(
        self, port: int, app: Application, tls: bool
    ) -> None:
        with ExitStack() as stack:
            # As many as there are workers, but one.
            waiting = [stack.enter_context(closing(connection_to(port, tls))) for _ in range(15)]
            for connection in waiting:
                connection.request("GET", "/wait")
                assert app.entered.acquire(timeout=5)
            for _ in range(MOST - 15):
                stack.enter_context(connected(port, tls))
            time.sleep(1.1)
            assert [asked(port, tls) < 1 for _ in range(10)] == [True] * 10
            app.goes_on.set()
            assert [connection.getresponse().status for connection in waiting] == [200] * 15

    def test_who_has_begun_a_request_goes_after_who_has_not(self, port: int, tls: bool) -> None:
        with ExitStack() as stack:
            begun = [stack.enter_context(connected(port, tls)) for _ in range(MOST - 3)]
            for client in begun:
                client.sendall(
                    b"POST /api HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
                )
            idle = [stack.enter_context(connected(port, tls)) for _ in range(3)]
            time.sleep(1.1)
            new = [stack.enter_context(closing(connection_to(port, tls))) for _ in range(5)]
            assert [call(connection, "GET", "/")[0] for connection in new] == [200] * 5
            assert [is_open(client) for client in idle] == [False] * 3
            assert [is_open(client) for client in begun] == [False] * 2 + [True] * (MOST - 5)
            for client in begun[2:]:
                client.settimeout(10)
                client.sendall(b"{}")
                assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")

    def test_who_has_only_just_come_is_given_time(self, port: int, tls: bool) -> None:
        """A crowd that comes at once, and speaks a little later, is served in turn."""
        results: list[int] = []

        def ask() -> None:
            with closing(connection_to(port, tls)) as connection:
                connection.connect()
                time.sleep(0.2)
                results.append(call(connection, "GET", "/")[0])

        threads = [threading.Thread(target=ask, name="test-crowd") for _ in range(3 * MOST)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert results == [200] * (3 * MOST)

    def test_a_crowd_that_goes_on_dripping_is_no_obstacle(self, port: int, tls: bool) -> None:
        """Whether of a head or of a body: a byte now and then keeps no connection."""
        begun = b"POST /api HTTP/1.1\r\nHost: localhost\r\n"
        bodies = begun + b"Content-Length: 1000\r\n\r\n"
        ended = threading.Event()
        with ExitStack() as stack:
            slow = [stack.enter_context(connected(port, tls)) for _ in range(MOST)]
            for number, client in enumerate(slow):
                client.sendall(begun if number % 2 else bodies)

            def drip() -> None:
                while not ended.wait(0.1):
                    for client in slow:
                        with suppress(OSError):
                            client.sendall(b"x")

            dripping = threading.Thread(target=drip, name="test-dripping")
            dripping.start()
            try:
                time.sleep(1.2)
                assert [asked(port, tls) < 2 for _ in range(5)] == [True] * 5
            finally:
                ended.set()
                dripping.join(10)


class TestWhoIsIdle:
    @pytest.fixture
    def port(self, app: Application, tls: bool) -> Iterator[int]:
        with serving(app, tls, idle_real_seconds=IDLE) as port:
            yield port

    def test_an_ordinary_client_keeps_its_connection_for_two_minutes(self) -> None:
        assert IDLE_REAL_SECONDS > 120

    @pytest.mark.parametrize("sent", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
    def test_its_connection_is_closed_in_time(self, sent: bytes, port: int, tls: bool) -> None:
        with connected(port, tls) as client:
            began = time.monotonic()
            client.sendall(sent)
            while client.recv(65536):
                pass
            assert IDLE * 0.9 < time.monotonic() - began < 5 * IDLE

    def test_a_handshake_that_does_not_get_on_is_ended(self, port: int, tls: bool) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"\x16\x03\x01\x02" if tls else b"G")
            assert client.recv(1) == b""

    def test_a_request_that_drips_is_ended(self, port: int, tls: bool) -> None:
        with connected(port, tls) as client:
            deadline = time.monotonic() + 5 * IDLE
            while is_open(client) and time.monotonic() < deadline:
                with suppress(OSError):
                    client.sendall(b"G")
            assert not is_open(client)

    def test_who_asks_now_and_then_is_kept(self, port: int, tls: bool) -> None:
        with closing(connection_to(port, tls)) as connection:
            connection.connect()
            own = connection.sock.getsockname()
            for _ in range(4):
                time.sleep(IDLE * 0.4)
                assert call(connection, "GET", "/")[0] == 200
                assert connection.sock.getsockname() == own

    def test_a_request_that_begins_late_has_all_the_time_again(self, port: int, tls: bool) -> None:
        with connected(port, tls) as client:
            time.sleep(IDLE * 0.6)
            client.sendall(HEAD + b"{")
            time.sleep(IDLE * 0.6)
            client.sendall(b"}")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")

    def test_an_answer_may_take_longer(self, port: int, app: Application, tls: bool) -> None:
        with closing(connection_to(port, tls)) as connection:
            connection.request("GET", "/wait")
            assert app.entered.acquire(timeout=5)
            time.sleep(1.5 * IDLE + 0.5)
            app.goes_on.set()
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"{}")
            assert call(connection, "GET", "/")[0] == 200

    def test_what_is_pipelined_may_take_longer(
        self, port: int, app: Application, tls: bool
    ) -> None:
        with connected(port, tls) as client:
            both = b"GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
            client.sendall(both)
            assert app.entered.acquire(timeout=5)
            time.sleep(1.5 * IDLE + 0.5)
            app.goes_on.set()
            received = b""
            while received.count(b"{}") < 2:
                piece = client.recv(65536)
                assert piece, received
                received += piece

    def test_an_answer_may_be_read_slowly(self, port: int, tls: bool) -> None:
        with closing(connection_to(port, tls)) as connection:
            connection.request("GET", "/large")
            answer = connection.getresponse()
            received = 0
            began = time.monotonic()
            while piece := answer.read(LARGE // 25):
                received += len(piece)
                time.sleep(IDLE / 15)
            assert time.monotonic() - began > 1.5 * IDLE
            assert received == LARGE

    def test_an_answer_that_nobody_reads_is_given_up(
        self, port: int, app: Application, tls: bool
    ) -> None:
        with closing(connection_to(port, tls)) as connection:
            connection.request("GET", "/large")
            assert app.given_up.wait(5 * IDLE)

    def test_a_jump_of_frozen_time_ends_nothing(self, app: Application, tls: bool) -> None:
        with (
            serving(app, tls) as port,
            freezegun.freeze_time("2020-01-01") as frozen,
            closing(connection_to(port, tls)) as connection,
        ):
            call(connection, "GET", "/")
            own = connection.sock.getsockname()
            frozen.tick(36_000)
            time.sleep(1.5)
            assert is_open(connection.sock)
            connection.sock.settimeout(10)
            assert call(connection, "GET", "/")[0] == 200
            assert connection.sock.getsockname() == own


class TestWhoDoesNotRead:
    """More of them than there are workers, each with more to read than the server keeps."""

    @pytest.fixture
    def port(self, app: Application, tls: bool) -> Iterator[int]:
        with serving(app, tls) as port:
            yield port

    @pytest.mark.parametrize("path", ["/api", "/other"])
    def test_others_are_answered(self, path: str, port: int, tls: bool) -> None:
        asked_for = "0123456789"
        one = "GET {}?{} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        sent = "".join(one.format(path, character) for character in asked_for).encode()
        with ExitStack() as stack:
            clients = [stack.enter_context(connected(port, tls)) for _ in range(20)]
            for client in clients:
                client.sendall(sent)
            time.sleep(1)
            for _ in range(3):
                began = time.perf_counter()
                for other in ("/api", "/other"):
                    with closing(connection_to(port, tls)) as connection:
                        assert call(connection, "GET", other)[0] == 200
                assert time.perf_counter() - began < 5
            for client in clients[:2]:
                self._read(client, asked_for)

    def _read(self, client: socket.socket, asked_for: str) -> None:
        with client.makefile("rb") as received:
            for character in asked_for:
                assert received.readline() == b"HTTP/1.1 200 OK\r\n"
                while received.readline() != b"\r\n":
                    pass
                assert received.read(PIECE) == character.encode() * PIECE

    def test_an_urgent_byte_keeps_nobody_busy(self) -> None:
        with served_apart() as served:
            address = ("127.0.0.1", served.port)
            with ExitStack() as stack:
                for _ in range(3):
                    client = stack.enter_context(socket.create_connection(address, timeout=10))
                    client.send(b"!", socket.MSG_OOB)
                with served.using_less_than(0.1):
                    time.sleep(1)
                assert asked(served.port, tls=False) < 1
