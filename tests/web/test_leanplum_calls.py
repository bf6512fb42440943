"""Calls are answered as the API was told to, and each is kept in the log."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox, SocketOptions
from mockserver.live import LiveSandbox
from mockserver.web.app import create_app
from mockserver.web.server import WAITING_FOR_NOTHING, ApiServer
from tests.certificates import ca_file_in, server_context
from tests.testing.test_told_answers import wait_until

KEY = {"appId": "YOUR_APP_ID", "clientKey": "YOUR_DATA_EXPORT_KEY", "apiVersion": "1.0.6"}
LIST = {**KEY, "action": "listPostbacks"}
RULE = {**KEY, "action": "addPostback", "type": "messageEvents", "postbackUrl": "https://x.y/"}


JSON = "application/json"


# The log


def test_a_call_is_kept_with_its_keys_masked(client: FlaskClient, sandbox: Sandbox) -> None:
    client.post("/api", json=RULE | {"channels": ["Email"]})
    (call,) = sandbox.api.calls
    assert (call.number, call.called_at) == (1, sandbox.now())
    assert (call.method, call.action, call.app_id) == ("POST", "addPostback", "YOUR_APP_ID")
    assert call.arguments == {
        **RULE, "clientKey": "***", "channels": '["Email"]'
    }  # fmt: skip
    assert (call.status, call.end, call.refused, call.behaviour) == (200, "answered", None, "")
    assert json.loads(call.answer)["response"][0]["success"] is True


@pytest.mark.parametrize(
    ("send", "status", "refused"),
    [
        (lambda client: client.get("/api"), 400, "missing argument action"),
        (lambda client: client.put("/api"), 405, "cannot be asked with PUT"),
        (lambda client: client.post("/api", json=LIST | {"clientKey": "no"}), 403, "Invalid"),
        (lambda client: client.post("/api", data=b"{", content_type=JSON), 400, "JSON"),
        (lambda client: client.post("/api", data=b"x" * 1_100_000), 413, "bytes at most"),
        (lambda client: client.get("/api?action=%ff"), 400, "UTF-8"),
    ],
)  # fmt: skip
def test_whatever_is_refused_is_kept_and_says_why(
    send: Callable[[FlaskClient], Any],
    status: int,
    refused: str,
    client: FlaskClient,
    sandbox: Sandbox,
) -> None:
    send(client)
    (call,) = sandbox.api.calls
    assert call.status == status
    assert refused in (call.refused or "")


def test_no_key_is_kept_where_arguments_are_mixed_up(client: FlaskClient, sandbox: Sandbox) -> None:
    swapped = LIST | {"appId": KEY["clientKey"], "clientKey": KEY["appId"]}
    client.get("/api", query_string=swapped)
    (call,) = sandbox.api.calls
    assert "YOUR_DATA_EXPORT_KEY" not in repr(call)
    assert (call.app_id, call.arguments["clientKey"]) == ("***", "***")
    happening = sandbox.feed.after(0)[-1]
    assert happening.kind == "call"
    assert "YOUR_DATA_EXPORT_KEY" not in repr(happening)


def test_what_is_kept_out_is_no_call(client: FlaskClient, sandbox: Sandbox) -> None:
    client.get("/api", query_string=LIST, headers={"Origin": "https://evil.example"})
    client.get("/_sandbox/health")
    client.get("/nothing")
    assert sandbox.api.calls == []


def test_a_failure_of_our_own_is_kept(
    client: FlaskClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "postbacks", lambda app_id: 1 / 0)
    client.get("/api", query_string=LIST)
    (call,) = sandbox.api.calls
    assert (call.status, call.action) == (500, "listPostbacks")


# Told to answer otherwise


def test_the_script_is_walked_and_then_as_usual(client: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.api.behave("503*2,200")
    statuses = [client.get("/api", query_string=LIST).status_code for _ in range(4)]
    assert statuses == [503, 503, 200, 200]
    assert [call.behaviour for call in sandbox.api.calls] == ["503", "503", "200", "200"]
    assert {call.refused for call in sandbox.api.calls} == {None}


def test_what_is_answered_in_its_place_is_not_carried_out(
    client: FlaskClient, sandbox: Sandbox
) -> None:
    sandbox.api.behave("retry-after:9,html,error:408 Too Many Requests.,201")
    answers = [client.post("/api", json=RULE) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 502, 408, 201]
    assert answers[0].headers["Retry-After"] == "9"
    assert answers[1].mimetype == "text/html"
    error = {"success": False, "error": {"message": "Too Many Requests."}}
    assert answers[2].get_json() == {"response": [error]}
    assert "Content-Type" not in answers[3].headers
    assert sandbox.postbacks() == []


def test_a_call_that_cannot_be_read_follows_the_script_too(
    client: FlaskClient, sandbox: Sandbox
) -> None:
    sandbox.api.behave("503,200")
    broken: dict[str, Any] = {"data": b"{", "content_type": "application/json"}
    assert client.post("/api", **broken).status_code == 503
    assert client.post("/api", **broken).status_code == 400


def test_a_server_that_cannot_do_it_says_so(client: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.api.behave("hang")
    answer = client.get("/api", query_string=LIST)
    assert answer.status_code == 501
    assert "cannot answer with 'hang'" in answer.get_json()["response"][0]["error"]["message"]


# Over sockets


@pytest.fixture(params=["in memory", "with workers", "over TLS"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Sandbox, Any]]:
    """A sandbox behind a server of each kind, and what opens a connection to it."""
    context = server_context() if request.param == "over TLS" else None
    trusted = None
    if context is not None:
        trusted = ssl.create_default_context(cafile=str(ca_file_in(tmp_path)))
    with Sandbox(sockets=SocketOptions()) as sandbox:
        quick = {"quick_paths": WAITING_FOR_NOTHING} if request.param == "with workers" else {}
        server = ApiServer(create_app(sandbox), tls_context=context, **quick)
        server.start()

        def connect() -> socket.socket:
            client = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            return (
                client
                if trusted is None
                else trusted.wrap_socket(client, server_hostname="127.0.0.1")
            )

        yield sandbox, connect
        server.stop()


REQUEST = (
    b"GET /api?action=listPostbacks&appId=YOUR_APP_ID&clientKey=YOUR_DATA_EXPORT_KEY"
    b"&apiVersion=1.0.6 HTTP/1.1\r\nHost: localhost\r\n\r\n"
)


def all_of(client: socket.socket) -> bytes:
    data = b""
    while piece := client.recv(65_536):
        data += piece
    return data


def test_what_came_before_is_sent_before(served: tuple[Sandbox, Any]) -> None:
    sandbox, connect = served
    sandbox.api.behave("200*3,200@50ms")
    with closing(connect()) as client:
        # In one piece: the fourth is handed over while others may wait to be sent.
        client.sendall(REQUEST * 5)
        answers = all_of(client)
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 4
    assert answers.count(b'{"response": [{"success": true, "postbacks": []}]}') == 4
    assert answers.count(b"Connection: close") == 1
    wait_until(lambda: sandbox.api.calls[-1].end == "answered")
    assert len(sandbox.api.calls) == 4


def test_a_hang_keeps_nobody_else_waiting(served: tuple[Sandbox, Any]) -> None:
    sandbox, connect = served
    sandbox.api.behave("hang*40,200")
    hanging = [connect() for _ in range(40)]
    for client in hanging:
        client.sendall(REQUEST)
    wait_until(lambda: len(sandbox.api.calls) == 40)
    with closing(connect()) as client:
        client.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert b'"success": true' in all_of(client)
    assert {call.end for call in sandbox.api.calls[:40]} == {None}
    # A reset ends them, as it ends what hangs at the receiver.
    threads = threading.active_count()
    calls = sandbox.api.calls[:40]
    sandbox.reset()
    assert {call.end for call in calls} == {"cancelled"}
    for client in hanging:
        with closing(client), suppress(ConnectionResetError):
            assert client.recv(1) == b""
    assert threading.active_count() <= threads
    assert sandbox.api.calls == []


def test_a_stop_ends_what_hangs() -> None:
    with LiveSandbox() as live:
        live.sandbox.api.behave("hang")
        host, port = live.url.removeprefix("http://").split(":")
        client = socket.create_connection((host, int(port)), timeout=5)
        client.sendall(REQUEST)
        wait_until(lambda: len(live.sandbox.api.calls) == 1)
    with closing(client), suppress(ConnectionResetError):
        assert client.recv(1) == b""


# What is odd


@pytest.mark.parametrize("way", ["query", "json", "form"])
@pytest.mark.parametrize("name", ["channels[]", "channels[0]", "Channels", "channel", "devMode"])
def test_an_argument_that_no_method_knows_is_ignored_and_told(
    name: str, way: str, client: FlaskClient, sandbox: Sandbox
) -> None:
    given = RULE | {name: "Email"}
    # Encoded, all of it: werkzeug's client leaves a URL as it is.
    written = urlencode(given)
    places: dict[str, dict[str, Any]] = {
        "query": {"query_string": written},
        "json": {"json": given},
        "form": {"data": written, "content_type": "application/x-www-form-urlencoded"},
    }
    answer = client.post("/api", **places[way])
    (rule,) = sandbox.postbacks()
    # A warning in the answer would mean that the rule was not added.
    assert answer.get_json() == {"response": [{"success": True, "postbackId": rule.postback_id}]}
    (call,) = sandbox.api.calls
    assert call.ignored == (name,)
    (warning,) = call.warnings
    assert repr(name) in warning
    assert ("every channel" in warning) == (name != "devMode")
    assert sandbox.feed.after(0)[-1].payload["warnings"] == [warning]


@pytest.mark.parametrize("action", ["listPostbacks", "deletePostback"])
def test_so_it_is_for_every_method(action: str, client: FlaskClient, sandbox: Sandbox) -> None:
    client.post("/api", json=KEY | {"action": action, "postbackId": 1, "postbackid": 2})
    (call,) = sandbox.api.calls
    assert call.ignored == ("postbackid",)
    assert "(did you mean 'postbackId'?)" in call.warnings[0]


def test_what_is_known_is_not_odd(client: FlaskClient, sandbox: Sandbox) -> None:
    client.post("/api", json=RULE | {"channels": ["Email"]})
    client.post("/api?channels=Email&channels=Push+Notification", json=RULE)
    assert [(call.ignored, call.warnings) for call in sandbox.api.calls] == [((), ())] * 2


def test_many_are_counted_and_secrets_stay_out(client: FlaskClient, sandbox: Sandbox) -> None:
    client.post("/api", json=RULE | {f"odd{number}": 1 for number in range(25)})
    client.post("/api", json=LIST | {"YOUR_DATA_EXPORT_KEY": 1})
    many, secret = sandbox.api.calls
    assert len(many.warnings) == 11
    assert many.warnings[-1] == "15 more arguments were ignored"
    assert "YOUR_DATA_EXPORT_KEY" not in repr(secret)


def test_what_was_answered_in_its_place_was_not_looked_at(
    client: FlaskClient, sandbox: Sandbox
) -> None:
    sandbox.api.behave("503")
    client.post("/api", json=RULE | {"channel": "Email"})
    assert (sandbox.api.calls[0].ignored, sandbox.api.calls[0].warnings) == ((), ())


def test_a_template_with_encoded_separators_is_told(client: FlaskClient, sandbox: Sandbox) -> None:
    client.post("/api", json=RULE | {"postbackUrl": "https://x.y/?u={{User ID}}%26d={{Device ID}}"})
    (call,) = sandbox.api.calls
    assert call.ignored == ()
    assert "'%26d={{Device ID}}'" in call.warnings[0]
    assert len(sandbox.postbacks()) == 1
