"""A wire: the same request through a socket and in the process, and what no answer becomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from mockserver.client import SandboxClient
from mockserver.core.errors import InvalidValue, ServerUnreachable
from mockserver.sandbox import Sandbox
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from mockserver.wire import HttpWire, Wire, WsgiWire


@pytest.fixture(params=["socket", "process"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    with Sandbox() as sandbox:
        app = create_app(sandbox)
        if request.param == "process":
            yield WsgiWire(app.wsgi_app)
            return
        server = ApiServer(app)
        server.start()
        try:
            yield HttpWire(server.url)
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
