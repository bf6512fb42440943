"""A request that an inbox got is sent once more: as it was, to where it may go, and in time."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import trustme
from flask.testing import FlaskClient

from mockserver import Sandbox, SocketOptions
from mockserver.client.sandbox_client import SandboxClient
from mockserver.delivery.reach import Reach
from mockserver.live import LiveSandbox
from mockserver.web import replaying
from mockserver.web.app import create_app
from tests.certificates import ca_file_in, server_context
from tests.web.answers import ok, refused


@pytest.fixture
def client(sandbox: Sandbox) -> FlaskClient:
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


def with_a_request(**options: Any) -> tuple[Sandbox, FlaskClient]:
    """Return a sandbox that sends as these options say, with a request in an inbox."""
    sandbox = Sandbox(sockets=SocketOptions(**options))
    sandbox.add_postback(sandbox.inbox("crm").url + "?user={{User ID}}")
    sandbox.trigger("email.click")
    return sandbox, create_app(sandbox).test_client()


@pytest.fixture
def closed() -> Iterator[FlaskClient]:
    """Return a client of a sandbox that sends as `serve` does unless told."""
    sandbox, client = with_a_request(send_to=())
    with sandbox:
        yield client


@pytest.mark.parametrize(
    "url",
    ["http://127.1/", "http://0x7f.1/", "http://[::2", "ftp://127.0.0.1/", "127.0.0.1:5000", "",
     "http://127.0.0.1:5000/?a=b", "http://127.0.0.1:5000/#x", "http://127.0.0.1:0/",
     "http://a:b@127.0.0.1:5000/", "http://localhost:80/", "http://127.0.0.2:80/", "https://localhost:80/",
     "http://shop.example/", "http://192.168.1.5:5000/", "http://10.0.0.1/", "http://203.0.113.7/",
     "https://shop.example/", "http://localhost.evil.example/", "http://127.0.0.1@evil.example/",
     "http://[::2]/", "http://0.0.0.0:5000/"],
)  # fmt: skip
def test_nothing_leaves_for_elsewhere_or_for_the_sandbox_itself(
    url: str, closed: FlaskClient
) -> None:
    """The client of this test calls port 80. What is not named is not even looked up."""
    with (
        mock.patch.object(socket, "create_connection", side_effect=AssertionError),
        mock.patch.object(socket, "getaddrinfo", wraps=socket.getaddrinfo) as looked_up,
    ):
        refused(closed.post(path(), json={"url": url}), 400, "invalid-value")
    assert looked_up.call_count == 0


def test_it_is_said_what_to_name(closed: FlaskClient) -> None:
    said = refused(
        closed.post(path(), json={"url": "http://shop.example/in"}), 400, "invalid-value"
    )
    assert "--send-to shop.example" in said


#: What is named, the URL, the address of its host, and whether it is sent there.
NAMED = [
    (("shop.example",), "http://shop.example/in", "203.0.113.7", True),
    (("shop.example",), "https://shop.example/in", "203.0.113.7", True),
    (("shop.example:8443",), "http://shop.example/in", "203.0.113.7", False),
    (("shop.example:8443",), "http://shop.example:8443/in", "203.0.113.7", True),
    (("*.shop.example",), "http://a.shop.example/in", "10.0.0.7", True),
    (("shop.example",), "http://shop.example.evil.example/", "203.0.113.7", False),
    # Postbacks go there unasked; a request that somebody else has sent does not.
    ((), "http://192.168.1.5:5000/", "192.168.1.5", False),
    (("192.168.1.5",), "http://192.168.1.5:5000/", "192.168.1.5", True),
    (("203.0.113.0/24",), "http://shop.example/", "203.0.113.7", True),
    (("203.0.113.0/24",), "http://shop.example/", "203.0.114.7", False),
    # A name of a stranger that was pointed at this machine is a stranger's.
    ((), "http://evil.example:5000/", "127.0.0.1", False),
    (("other.example",), "http://evil.example:5000/", "127.0.0.1", False),
    # Addresses to which nothing is ever sent, whoever is named.
    (("shop.example",), "http://shop.example/", "169.254.169.254", False),
    (None, "http://shop.example/", "203.0.113.7", True),
    (None, "http://shop.example/", "169.254.169.254", False),
]


@pytest.mark.parametrize(("named", "url", "address", "is_sent"), NAMED)
def test_hosts_that_are_named_for_postbacks_are_sent_to(
    named: tuple[str, ...] | None, url: str, address: str, is_sent: bool
) -> None:
    sandbox, client = with_a_request(send_to=named)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 1))]
    with (
        sandbox,
        mock.patch.object(socket, "getaddrinfo", return_value=found),
        mock.patch.object(socket, "create_connection", side_effect=OSError("dialled")) as dialled,
    ):
        answer = client.post(path(), json={"url": url})
    if not is_sent:
        refused(answer, 400, "invalid-value")
        assert dialled.call_count == 0
        return
    assert ok(answer)["error"] == "dialled"
    # What was judged is what is connected to, whatever the name resolves to by then.
    assert dialled.call_args.args[0][0] == address


def test_a_shared_sandbox_sends_nothing_to_its_own_machine() -> None:
    sandbox, client = with_a_request(send_to=None)
    with sandbox:
        public = dataclasses.replace(sandbox.reach.guard, policy="public")
        with (
            mock.patch.object(socket, "create_connection", side_effect=AssertionError),
            mock.patch.object(Sandbox, "reach", Reach(public)),
        ):
            body = {"url": "http://127.0.0.1:5000/"}
            assert "public" in refused(client.post(path(), json=body), 400, "invalid-value")


def test_a_name_that_nobody_knows_is_no_answer() -> None:
    sandbox, client = with_a_request(send_to=("nobody.invalid",))
    with sandbox:
        found = ok(client.post(path(), json={"url": "http://nobody.invalid/"}))
    assert found["status"] is None
    assert found["error"]


@pytest.mark.parametrize("trusts", [True, False])
def test_over_https_certificates_count_as_they_do_for_postbacks(
    trusts: bool, tmp_path: Path
) -> None:
    other = trustme.CA()
    file = tmp_path / "other.pem"
    other.cert_pem.write_to_path(str(file))
    ca_file = ca_file_in(tmp_path) if trusts else file
    sandbox, client = with_a_request(ca_file=ca_file)
    with sandbox, LiveSandbox(tls_context=server_context(), ca_file=ca_file_in(tmp_path)) as there:
        url = there.sandbox.inbox("there").url
        assert url.startswith("https:")
        found = ok(client.post(path(), json={"url": url}))
        assert (found["status"] == 200) is trusts
        assert len(there.sandbox.inbox("there").requests) == int(trusts)
    assert trusts or "certificate" in found["error"]


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
