"""A request that an inbox got is sent once more: as it was, to this machine alone, and in time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.client.sandbox_client import SandboxClient
from mockserver.live import LiveSandbox
from mockserver.web import replaying
from tests.web.answers import ok, refused


@pytest.fixture
def client(sandbox: Sandbox) -> FlaskClient:
    from mockserver.web.app import create_app

    sandbox.add_postback(sandbox.inbox("crm").url + "?user={{User ID}}")
    sandbox.trigger("email.click")
    return create_app(sandbox).test_client()


def path(number: int = 1) -> str:
    return f"/_sandbox/inboxes/crm/requests/{number}/replay"


@contextmanager
def endpoint(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Answer one connection with these bytes, and tell what came."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                got.append(connection.recv(65536))
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1], got
        thread.join(10)


def test_it_arrives_as_it_was(client: FlaskClient) -> None:
    with endpoint(b"HTTP/1.1 422 No\r\nX-Why: because\r\nContent-Length: 4\r\n\r\nnope") as (
        port,
        got,
    ):
        answer = ok(client.post(path(), json={"url": f"http://127.0.0.1:{port}/in"}))
    assert (answer["status"], answer["body"], answer["error"]) == (422, "nope", None)
    assert ["X-Why", "because"] in answer["headers"]
    head = got[0].split(b"\r\n")
    assert head[0] == b"POST /in?user=ada%2Bnews%40example.com HTTP/1.1"
    assert f"Host: 127.0.0.1:{port}".encode() in head


def test_from_inbox_to_inbox_with_body_and_headers() -> None:
    with LiveSandbox() as live:
        client = SandboxClient(live.url)
        first = live.sandbox.inbox("first").url
        with socket.create_connection(("127.0.0.1", int(first.split(":")[2].split("/")[0]))) as one:
            one.sendall(
                b"PUT /inbox/first?a=%20 HTTP/1.1\r\nHost: x\r\nX-Twice: 1\r\nX-Twice: 2\r\n"
                b"Content-Length: 3\r\n\r\n\x00\xff\n"
            )
            one.recv(1000)
        (sent,) = live.sandbox.inbox("first").requests
        assert client.replay("first", sent.id, live.sandbox.inbox("second").url).status == 200
        (got,) = live.sandbox.inbox("second").requests
        assert (got.method, got.body, got.query) == ("PUT", b"\x00\xff\n", {"a": " "})
        assert [value for name, value in got.headers if name == b"X-Twice"] == [b"1", b"2"]
        assert client.replay("first", sent.id, "http://127.0.0.1:9/").error is not None


@pytest.mark.parametrize(
    "url",
    ["http://shop.example/", "http://192.168.1.5:5000/", "http://127.1/", "http://0x7f.1/",
     "http://localhost.evil.example/", "http://127.0.0.1@evil.example/", "http://[::2]/",
     "https://127.0.0.1:5000/", "ftp://127.0.0.1/", "127.0.0.1:5000", "", "http://127.0.0.1:5000/?a=b",
     "http://127.0.0.1:5000/#x", "http://127.0.0.1:0/", "http://0.0.0.0:5000/", "http://localhost:80/",
     "http://127.0.0.2:80/"],
)  # fmt: skip
def test_nothing_leaves_for_elsewhere_or_for_the_sandbox_itself(
    url: str, client: FlaskClient
) -> None:
    """The client of this test calls port 80."""
    with mock.patch.object(replaying, "HTTPConnection", side_effect=AssertionError):
        refused(client.post(path(), json={"url": url}), 400, "invalid-value")


@pytest.mark.parametrize("number", [0, 2, 10**30])
def test_what_is_not_there_is_said(number: int, client: FlaskClient) -> None:
    body = {"url": "http://127.0.0.1:5000/"}
    refused(client.post(path(number), json=body), 404, "unknown-request")


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_no_answer_is_no_error_of_ours(answer: bytes, client: FlaskClient) -> None:
    with endpoint(answer) as (port, _):
        found = ok(client.post(path(), json={"url": f"http://127.0.0.1:{port}/"}))
    assert found["status"] is None or found["status"] == 200
    assert found["error"] or found["body"] == ""


def test_it_ends_in_time_whatever_the_endpoint_does(client: FlaskClient) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        mock.patch.object(replaying, "REAL_SECONDS", 0.2),
    ):
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        found = ok(client.post(path(), json={"url": url}))
    assert found["status"] is None
    assert found["error"]
