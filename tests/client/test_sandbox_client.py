"""The typed client: what its calls become, and what failures become."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest.mock import ANY

import pytest

from mockserver import App, Sandbox, SocketOptions
from mockserver.client.sandbox_client import Refused, SandboxClient
from mockserver.client.wire import Reply
from mockserver.core.errors import (
    InvalidEvent,
    InvalidValue,
    PostbacksError,
    ServerUnreachable,
    UnknownApp,
    UnknownDelivery,
)
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from mockserver.web.shapes import AdvanceRequest, AppRequest, EventRequest, KeysJson

URL = "http://127.0.0.1:9/in?user={{User ID}}"


@contextmanager
def served(sandbox: Sandbox, token: str | None = None) -> Iterator[str]:
    server = ApiServer(create_app(sandbox, token=token))
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(sockets=SocketOptions()) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[SandboxClient]:
    with served(sandbox) as url:
        yield SandboxClient(f"{url}/")


@contextmanager
def stranger(status: int, body: bytes, headers: dict[str, str] | None = None) -> Iterator[str]:
    """A server that is no sandbox."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_whole_story(sandbox: Sandbox, client: SandboxClient) -> None:
    assert client.health().app_ids == ["YOUR_APP_ID"]
    inbox = client.behave("crm", "503,200")
    assert inbox.behaviour == "503,200"
    postback_id = client.add_postback("YOUR_APP_ID", f"{inbox.url}?user={{{{User ID}}}}")
    assert [rule.postback_id for rule in client.app("YOUR_APP_ID").rules] == [postback_id]

    triggered = client.trigger(EventRequest("email.click", user_id="ada"))
    assert triggered.deliveries[0].state == "pending"
    answers = list(client.advances(AdvanceRequest(until="idle")))
    assert [attempt.status for attempt in answers[0].attempts] == [200]
    assert client.clock().now == answers[-1].now

    delivery = client.delivery(triggered.deliveries[0].id)
    assert [attempt.offset_hours for attempt in delivery.attempts] == [0.0, 1.0]
    assert client.deliveries(state="delivered", limit=1).deliveries == [delivery]
    assert len(client.resend(delivery.id).attempts) == 3
    got = client.requests("crm", wait_for=3, timeout_real_seconds=5)
    assert [request.query for request in got.requests] == [{"user": "ada"}] * 3
    assert client.inboxes() == ["crm"]
    client.clear_inbox("crm")
    assert client.requests("crm").requests == []

    assert client.delete_postback("YOUR_APP_ID", postback_id) is None
    warning = client.delete_postback("YOUR_APP_ID", postback_id)
    assert warning is not None
    assert str(postback_id) in warning
    assert client.feed(-1).last == client.feed(0).happenings[-1].sequence
    assert client.reset().deliveries == 1
    assert client.fidelity().facts
    assert client.openapi()["openapi"].startswith("3.1")
    assert client.event_kinds()[0].name == "push.send"
    assert client.behaviour("crm").behaviour == "200"


def test_whatever_changes_something_has_a_json_body() -> None:
    class Kept:
        """Keeps what is sent, and answers what no call of the client expects."""

        def __init__(self) -> None:
            self.url = "http://kept.test"
            self.sent: list[tuple[str, str, str | None, bytes | None]] = []

        def send(
            self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
        ) -> Reply:
            self.sent.append((method, target, headers.get("Content-Type"), content))
            return Reply(500, [], b"")

    kept = Kept()
    client = SandboxClient(wire=kept)
    for act in (
        client.reset,
        lambda: client.resend(7),
        lambda: client.behave("a", "200"),
        lambda: client.advance(AdvanceRequest(until="idle")),
        lambda: client.clear_inbox("a"),
        client.health,
    ):
        with pytest.raises(ServerUnreachable):
            act()
    assert kept.sent == [
        ("POST", "/_sandbox/reset", "application/json", b"{}"),
        ("POST", "/_sandbox/deliveries/7/resend", "application/json", b"{}"),
        ("PUT", "/_sandbox/inboxes/a/behaviour", "application/json", b'{"behaviour":"200"}'),
        ("POST", "/_sandbox/clock/advance", "application/json", ANY),
        ("DELETE", "/_sandbox/inboxes/a", None, None),
        ("GET", "/_sandbox/health", None, None),
    ]


def test_apps_are_put_and_keep_strange_names(client: SandboxClient) -> None:
    app_id = "app ü?#%"
    put = client.put_app(app_id, AppRequest(KeysJson("secret")))
    assert put.app_id == app_id
    client.add_postback(app_id, URL, "messageEvents", ["Email"])
    assert [rule.channels for rule in client.app(app_id).rules] == [["Email"]]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda client: client.delivery(99), UnknownDelivery),
        (lambda client: client.app("nope"), UnknownApp),
        (lambda client: client.trigger(EventRequest("email.clik")), InvalidEvent),
        (lambda client: client.advance(AdvanceRequest()), InvalidValue),
        (lambda client: client.add_postback("YOUR_APP_ID", "http://h/{{x}}"), Refused),
    ],
)
def test_a_refusal_is_the_error_it_was_over_there(
    client: SandboxClient,
    call: Callable[[SandboxClient], object],
    expected: type[PostbacksError],
) -> None:
    with pytest.raises(expected):
        call(client)


def test_a_token_that_cannot_be_sent_is_refused_at_once() -> None:
    with pytest.raises(InvalidValue, match="a token has visible ASCII characters only"):
        SandboxClient(token="schl\xfcssel")


def test_a_token_is_sent(sandbox: Sandbox) -> None:
    with served(sandbox, token="secret") as url:
        assert SandboxClient(url, "secret").health().status == "ok"
        with pytest.raises(Refused) as refused:
            SandboxClient(url).health()
        assert refused.value.code == "token-needed"
        assert refused.value.http_status == 401
        assert "--token" in str(refused.value)


def test_an_advance_by_a_duration_ends_where_it_would_have_in_one(
    sandbox: Sandbox, client: SandboxClient
) -> None:
    inbox = client.behave("crm", "503")
    client.add_postback("YOUR_APP_ID", f"{inbox.url}?u={{{{User ID}}}}")
    client.trigger([EventRequest("email.click"), EventRequest("email.open")])
    answers = list(client.advances(AdvanceRequest(by="4h", budget=1)))
    assert [answer.complete for answer in answers] == [False] * (len(answers) - 1) + [True]
    assert sum(len(answer.attempts) for answer in answers) == 4
    assert (answers[-1].now - answers[0].from_at).total_seconds() == 4 * 3600


def test_nobody_there() -> None:
    with pytest.raises(ServerUnreachable, match=r"^no sandbox answers at http://127\.0\.0\.1:1; "):
        SandboxClient("http://127.0.0.1:1").health()


def test_somebody_who_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ServerUnreachable, match=r"took longer than 0\.05 s"):
            SandboxClient(url, timeout_real_seconds=0.05).health()


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"response": []}', b"\xff"])
def test_somebody_else(status: int, body: bytes) -> None:
    with (
        stranger(status, body) as url,
        pytest.raises(ServerUnreachable, match="is no sandbox of this version"),
    ):
        SandboxClient(url).health()


def test_redirects_are_not_followed() -> None:
    with (
        stranger(302, b"", {"Location": "http://127.0.0.1:1/"}) as url,
        pytest.raises(ServerUnreachable, match="is no sandbox"),
    ):
        SandboxClient(url, "secret").health()


def test_proxies_of_the_environment_are_not_used(
    client: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert SandboxClient(client.url).health().status == "ok"


@pytest.mark.parametrize(
    "url", ["", "localhost:8780", "http://", "ftp://h", "http://h:port", "http://h/ x", "http://[:"]
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(InvalidValue, match="is no URL of a sandbox"):
        SandboxClient(url)


def test_a_problem_of_a_later_version_keeps_its_code() -> None:
    problem = {
        "type": "urn:postbacks:problem:some-new-thing",
        "title": "Some new thing",
        "status": 418,
        "detail": "explained",
        "more": 1,
    }
    with stranger(418, json.dumps(problem).encode()) as url, pytest.raises(Refused) as refused:
        SandboxClient(url).health()
    assert (refused.value.code, refused.value.http_status) == ("some-new-thing", 418)
    assert str(refused.value) == "explained"


def test_several_apps_have_keys_of_their_own(sandbox: Sandbox, client: SandboxClient) -> None:
    sandbox.put_app(App("second"))
    client.add_postback("second", URL)
    assert client.app("YOUR_APP_ID").rules == []
