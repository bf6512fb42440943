"""The server as a process sees it: real sockets, waitress, start and stop."""

from __future__ import annotations

import http.client
import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from waitress.channel import HTTPChannel

from mockserver import Sandbox, SocketOptions
from mockserver.core.errors import AddressUnavailable
from mockserver.core.retry import DeliveryState
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer, listen_at


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(sockets=SocketOptions()) as sandbox:
        yield sandbox


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[ApiServer]:
    server = ApiServer(create_app(sandbox))
    server.start()
    yield server
    server.stop()


def call(server: ApiServer, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
    try:
        connection.request(method, path, raw, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_postback_goes_over_real_sockets_all_the_way(server: ApiServer, sandbox: Sandbox) -> None:
    inbox = sandbox.inbox("crm")
    rule = {
        "appId": "YOUR_APP_ID",
        "clientKey": "YOUR_DATA_EXPORT_KEY",
        "apiVersion": "1.0.6",
        "type": "messageEvents",
        "postbackUrl": inbox.url + "?user={{User ID}}",
    }
    assert call(server, "POST", "/api?action=addPostback", rule)[0] == 200
    event = {"name": "email.click", "user_id": "a+b é"}
    status, body = call(server, "POST", "/_sandbox/events", event)
    assert status == 200
    assert json.loads(body)["deliveries"][0]["state"] == "delivered"
    (request,) = inbox.requests
    assert request.query == {"user": "a+b é"}
    assert request.attempt == (1, 1)
    assert request.request_line == b"POST /inbox/crm?user=a%2Bb%20%C3%A9 HTTP/1.1"
    assert request.body == b""
    assert {name.lower() for name, _ in request.headers} <= {b"host", b"accept", b"content-length"}


@pytest.mark.parametrize("path", ["/api?action=listPostbacks", "/_sandbox/clock"])
def test_an_answer_is_sent_as_one_piece(
    path: str, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    send = HTTPChannel.send

    def noted(channel: HTTPChannel, data: bytes, do_close: bool = True) -> int:
        sent.append(bytes(data))
        return send(channel, data, do_close)  # type: ignore[no-any-return]

    monkeypatch.setattr(HTTPChannel, "send", noted)
    body = call(server, "GET", path)[1]
    (piece,) = sent
    assert piece.startswith(b"HTTP/1.1 ")
    assert piece.endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize("path", ["/", "/_sandbox/health", "/api?action=listPostbacks"])
def test_who_names_no_host_is_answered(server: ApiServer, path: str) -> None:
    """HTTP/1.0 has no need of one: `ab`, and the checks of load balancers."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split()[1] == (b"400" if "api?" in path else b"200")
    assert b"invalid:" not in answer


def test_a_chunked_body_is_read(server: ApiServer) -> None:
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    pieces = iter([b'{"action": ', b'"addPost"}'])
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with closing(connection):
        connection.request("POST", "/api", pieces, headers, encode_chunked=True)
        assert b"unknown action 'addPost'" in connection.getresponse().read()


def test_a_long_poll_does_not_keep_others_waiting(server: ApiServer) -> None:
    path = "/_sandbox/inboxes/a/requests?wait_for=1&timeout=5"
    waiting = threading.Thread(target=call, args=(server, "GET", path))
    waiting.start()
    began = time.perf_counter()
    assert call(server, "GET", "/_sandbox/health")[0] == 200
    assert time.perf_counter() - began < 2
    inboxes = "/_sandbox/inboxes/a/behaviour"
    assert call(server, "PUT", inboxes, {"behaviour": "200"})[0] == 200
    connection = http.client.HTTPConnection("127.0.0.1", _receiver_port(server), timeout=5)
    connection.request("POST", "/inbox/a")
    connection.getresponse().read()
    connection.close()
    waiting.join(timeout=3)
    assert not waiting.is_alive()


def _receiver_port(server: ApiServer) -> int:
    health = json.loads(call(server, "GET", "/_sandbox/health")[1])
    return int(health["receiver_url"].rpartition(":")[2])


def test_too_large_a_body_is_refused(server: ApiServer) -> None:
    status, body = call(server, "POST", "/api?action=addPostback", b"x" * (1024 * 1024 + 1))
    assert status == 413
    assert b"bytes at most" in body


def test_an_advance_within_an_attempt_is_refused_and_the_clock_can_be_read(
    server: ApiServer, sandbox: Sandbox
) -> None:
    """A receiver that looks at the clock while it is called sees the due instant."""
    seen: list[tuple[int, bytes]] = []
    arrived = sandbox.inboxes.journal.arrived

    def looking(*values: object, **named: object) -> object:
        request = arrived(*values, **named)  # type: ignore[arg-type]
        seen.append(call(server, "GET", "/_sandbox/clock"))
        seen.append(call(server, "POST", "/_sandbox/clock/advance", {"by": "1h"}))
        return request

    inbox = sandbox.inbox("a")
    inbox.behave("503,200")
    sandbox.add_postback(inbox.url)
    sandbox.trigger("email.open")
    sandbox.inboxes.journal.arrived = looking  # type: ignore[method-assign, assignment]
    sandbox.advance(hours=5)
    assert json.loads(seen[0][1])["now"] == "2026-01-01T01:00:00Z"
    assert seen[1][0] == 409
    assert b"advance-in-progress" in seen[1][1]


def test_starting_and_stopping_is_quick_and_frees_the_port(sandbox: Sandbox) -> None:
    first = ApiServer(create_app(sandbox))
    first.start()
    assert call(first, "GET", "/")[0] == 200
    with pytest.raises(AddressUnavailable, match=f"port {first.port}"):
        ApiServer(create_app(sandbox), port=first.port)
    began = time.perf_counter()
    first.stop()
    assert time.perf_counter() - began < 2
    again = ApiServer(create_app(sandbox), port=first.port)
    again.start()
    assert call(again, "GET", "/_sandbox/health")[0] == 200
    again.stop()


def test_who_listens_already_knows_the_port_before_there_is_a_server(sandbox: Sandbox) -> None:
    listener = listen_at("127.0.0.1", 0)
    port = listener.getsockname()[1]
    with pytest.raises(AddressUnavailable, match=f"port {port}"):
        listen_at("127.0.0.1", port)
    server = ApiServer(create_app(sandbox), listener=listener)
    server.start()
    assert (server.port, server.url) == (port, f"http://127.0.0.1:{port}")
    assert call(server, "GET", "/_sandbox/health")[0] == 200
    server.stop()
    assert listener.fileno() == -1
    listen_at("127.0.0.1", port).close()


def test_a_postback_cannot_control_a_sandbox_that_does_not_know_its_port(
    server: ApiServer, sandbox: Sandbox
) -> None:
    """Whoever puts sandbox and server together by hand: the address is no obstacle there."""
    inbox = sandbox.inbox("crm")
    sandbox.add_postback(inbox.url)
    sandbox.add_postback(f"{server.url}/_sandbox/reset")
    sandbox.add_postback(f"{server.url}/_sandbox/deliveries/1/resend")
    first, *others = sandbox.trigger("email.open").deliveries
    assert first.state is DeliveryState.DELIVERED
    for delivery in others:
        (attempt,) = delivery.attempts
        assert (delivery.state, attempt.outcome.status) == (DeliveryState.REJECTED, 400)
        assert b"Content-Type: application/json" in attempt.outcome.body
    assert (len(sandbox.postbacks()), len(sandbox.deliveries)) == (3, 3)
    assert len(inbox.requests) == 1


def test_a_server_that_was_never_started_can_be_stopped(sandbox: Sandbox) -> None:
    ApiServer(create_app(sandbox)).stop()


def test_a_worker_that_ends_after_the_server_writes_to_nobody() -> None:
    """The descriptor by which it would wake the server is somebody else's by then."""
    entered, goes_on = threading.Event(), threading.Event()

    def breaking(environ: dict[str, Any], start: Any) -> list[bytes]:
        entered.set()
        goes_on.wait(10)
        raise SystemExit

    before = set(threading.enumerate())
    server = ApiServer(breaking)
    server.start()
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.request("GET", "/other")
        assert entered.wait(5)
        server.stop()
    # Whatever number it was, it is one of these now; what is written to one arrives at its peer.
    sockets = [each for _ in range(40) for each in socket.socketpair()]
    try:
        goes_on.set()
        for left in set(threading.enumerate()) - before:
            left.join(5)
            assert not left.is_alive()
        assert select.select(sockets, [], [], 0)[0] == []
    finally:
        for each in sockets:
            each.close()
