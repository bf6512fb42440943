"""A wire: the same request through a socket and in the process, and what no answer becomes."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import HttpWire, Wire, WsgiWire
from mockserver.core.errors import InvalidValue, ServerUnreachable
from mockserver.delivery.wiring import SocketOptions
from mockserver.sandbox import Sandbox
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.certificates import ca_file_in, server_context


@pytest.fixture(params=["socket", "tls", "process"])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    with Sandbox() as sandbox:
        app = create_app(sandbox)
        if request.param == "process":
            yield WsgiWire(app.wsgi_app)
            return
        server = ApiServer(app, tls_context=server_context() if request.param == "tls" else None)
        server.start()
        try:
            yield HttpWire(server.url, ca_file=ca_file_in(tmp_path))
        finally:
            server.stop()


def test_an_answer_is_the_same_through_every_wire(wire: Wire) -> None:
    reply = wire.send("GET", "/_sandbox/apps/no%20app", {"Accept": "application/json"}, None)
    assert reply.status == 404
    assert dict(reply.headers)["Content-Type"] == "application/problem+json"
    assert b"unknown app 'no app'" in reply.body


def test_a_body_and_a_query_arrive(wire: Wire) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = wire.send("POST", "/api?action=addPostback", form, b"appId=nobody&clientKey=x")
    assert reply.status == 400
    assert b"apiVersion" in reply.body


def test_the_typed_client_speaks_through_any_wire(wire: Wire) -> None:
    client = SandboxClient(wire=wire)
    assert client.url == wire.url
    assert client.health().app_ids == ["YOUR_APP_ID"]
    postback_id = client.add_postback("YOUR_APP_ID", "https://example.com/{{User ID}}")
    assert [rule.postback_id for rule in client.app("YOUR_APP_ID").rules] == [postback_id]


def test_what_the_application_raises_is_passed_on_and_its_answer_is_closed() -> None:
    closed: list[bool] = []

    class Chunks(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def answering(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("204 No Content", [("X-Path", environ["PATH_INFO"])])
        return Chunks()

    assert WsgiWire(answering).send("GET", "/a%20b?c", {}, None).headers == [("X-Path", "/a b")]
    assert closed == [True]

    def failing(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        raise RuntimeError(environ["QUERY_STRING"])

    with pytest.raises(RuntimeError, match="a=1"):
        WsgiWire(failing).send("GET", "/?a=1", {}, None)


@pytest.mark.parametrize("url", ["", "localhost:80", "ftp://localhost", "http://", "http://a b"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="write it like"):
        HttpWire(url)


def test_nobody_there_is_said_with_the_address() -> None:
    with pytest.raises(ServerUnreachable, match=r"no sandbox answers at http://127\.0\.0\.1:1"):
        HttpWire("http://127.0.0.1:1").send("GET", "/", {}, None)


@pytest.fixture
def tls_server() -> Iterator[ApiServer]:
    with Sandbox() as sandbox:
        server = ApiServer(create_app(sandbox), tls_context=server_context())
        server.start()
        yield server
        server.stop()


def test_who_may_be_trusted_can_be_told_by_the_environment(
    tls_server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file_in(tmp_path)))
    assert SandboxClient(tls_server.url).health().app_ids == ["YOUR_APP_ID"]


def test_a_certificate_that_is_not_trusted_is_told(tls_server: ApiServer) -> None:
    with pytest.raises(ServerUnreachable, match=r"certificate of https://.* not believed.*ca_file"):
        HttpWire(tls_server.url).send("GET", "/", {}, None)


def test_a_certificate_for_another_name_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.2", 0)) as listener:
        port = listener.getsockname()[1]
        accepting = threading.Thread(target=_shake_hands_once, args=(listener,))
        accepting.start()
        url = f"https://127.0.0.2:{port}"
        with pytest.raises(ServerUnreachable, match=r"not valid for '127\.0\.0\.2'"):
            HttpWire(url, ca_file=ca_file_in(tmp_path)).send("GET", "/", {}, None)
        accepting.join(timeout=5)


def _shake_hands_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    try:
        server_context().wrap_socket(connection, server_side=True).close()
    except (ssl.SSLError, OSError):
        connection.close()


def test_who_speaks_no_tls_is_told() -> None:
    # The receiver answers at once to what it cannot read.
    with Sandbox(sockets=SocketOptions()) as sandbox:
        url = sandbox.receiver_url.replace("http:", "https:")
        with pytest.raises(ServerUnreachable, match=r"does not speak TLS.*http://"):
            HttpWire(url).send("GET", "/", {}, None)


def test_who_speaks_tls_only_is_told(tls_server: ApiServer) -> None:
    with pytest.raises(ServerUnreachable, match=r"no sandbox answers at http://.*https://\?"):
        HttpWire(tls_server.url.replace("https:", "http:")).send("GET", "/", {}, None)


def test_who_never_answers_to_the_handshake_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(ServerUnreachable, match=r"took longer than 0\.05 s"):
            HttpWire(url, timeout_real_seconds=0.05).send("GET", "/", {}, None)


def test_a_file_without_certificates_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"missing\.pem' cannot be used"):
        SandboxClient("https://127.0.0.1:1", ca_file=tmp_path / "missing.pem")
