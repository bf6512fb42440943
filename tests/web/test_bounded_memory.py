"""What clients send is kept up to a number of bytes, and what is over that is refused in words."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import App, Sandbox
from mockserver.core.limits import (
    LONGEST_KEY,
    LONGEST_TEMPLATE,
    LONGEST_URL,
    MOST_OF_SCRIPTS,
    MOST_OF_TEMPLATES,
    MOST_OF_URLS,
    TooMuch,
)
from mockserver.core.models import KeyClass
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.delivery import apps as apps_module
from mockserver.delivery.feed import Feed
from mockserver.live import LiveSandbox
from mockserver.receiver.behaviours import MOST_BEHAVIOURS
from mockserver.receiver.inboxes import Inboxes
from mockserver.receiver.journal import Journal
from mockserver.web.app import create_app

CALL = {"appId": "YOUR_APP_ID", "clientKey": "YOUR_DATA_EXPORT_KEY", "apiVersion": "1.0.6"}
BEGINNING = "https://a.test/"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(apps=[App(rule_limit=1000)])


@pytest.fixture
def client(sandbox: Sandbox) -> FlaskClient:
    return create_app(sandbox).test_client()


def add(client: FlaskClient, url: str) -> tuple[int, Any]:
    rule = {"action": "addPostback", "type": "messageEvents", "postbackUrl": url}
    answer = client.post("/api", json={**CALL, **rule})
    return answer.status_code, answer.get_json()["response"][0]


def padded(length: int, beginning: str = BEGINNING) -> str:
    return beginning + "x" * (length - len(beginning))


def test_apps_have_a_most(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps_module, "MOST_APPS", 3)
    body = {"keys": {"data_export": "k"}}
    for number in range(2):
        assert client.put(f"/_sandbox/apps/{number}", json=body).status_code == 200
    answer = client.put("/_sandbox/apps/more", json=body)
    assert answer.status_code == 413
    assert "3 apps, which is the maximum; delete one first" in answer.get_json()["detail"]
    assert client.put("/_sandbox/apps/0", json=body).status_code == 200
    assert client.delete("/_sandbox/apps/1").status_code == 200
    assert client.put("/_sandbox/apps/more", json=body).status_code == 200


@pytest.mark.parametrize("kind", KeyClass)
def test_a_key_has_a_longest(client: FlaskClient, kind: KeyClass) -> None:
    for length, status in ((LONGEST_KEY, 200), (LONGEST_KEY + 1, 400)):
        keys = {"data_export": "k", kind.value: "k" * length}
        answer = client.put("/_sandbox/apps/mine", json={"keys": keys})
        assert answer.status_code == status
    assert f"keys.{kind.value}" in answer.get_json()["detail"]


def test_an_app_id_has_a_longest(client: FlaskClient) -> None:
    body = {"keys": {"data_export": "k"}}
    assert client.put(f"/_sandbox/apps/{'a' * LONGEST_KEY}", json=body).status_code == 200
    answer = client.put(f"/_sandbox/apps/{'a' * (LONGEST_KEY + 1)}", json=body)
    assert answer.status_code == 400
    assert "app_id must be text of up to 1,000 characters" in answer.get_json()["detail"]


def test_a_url_has_a_longest(client: FlaskClient) -> None:
    assert add(client, padded(LONGEST_TEMPLATE))[0] == 200
    status, answer = add(client, padded(LONGEST_TEMPLATE + 1))
    assert status == 413
    assert answer["error"]["message"] == "postbackUrl has 65537 characters, 65536 are kept at most"


def test_all_urls_together_have_one_too(sandbox: Sandbox) -> None:
    for _ in range(MOST_OF_TEMPLATES // LONGEST_TEMPLATE):
        sandbox.add_postback(padded(LONGEST_TEMPLATE))
    with pytest.raises(TooMuch, match="all postbackUrls together would have"):
        sandbox.add_postback(padded(5_000))
    rule = sandbox.postbacks()[0]
    sandbox.delete_postback(rule.postback_id)
    sandbox.add_postback(padded(5_000))


def test_few_placeholders_make_no_url_without_end(sandbox: Sandbox, client: FlaskClient) -> None:
    for count in (2, 21, 300):
        rule = sandbox.add_postback(BEGINNING + "?" + "{{User ID}}" * count)
        length = (LONGEST_URL - 1_000) // count
        event = {"name": "email.click", "user_id": "x" * length}
        assert client.post("/_sandbox/events", json=event).status_code == 200
        event["user_id"] = "x" * (length + 1_000)
        answer = client.post("/_sandbox/events", json=event)
        assert answer.status_code == 413
        assert "1048576 are sent at most" in answer.get_json()["detail"]
        sandbox.delete_postback(rule.postback_id)


def test_many_small_events_are_not_gigabytes(sandbox: Sandbox, client: FlaskClient) -> None:
    sandbox.add_postback(padded(60_000))
    before = len(sandbox.deliveries)
    fitting = MOST_OF_URLS // 60_000
    answer = client.post("/_sandbox/events", json=[{"name": "push.open"}] * (fitting + 1))
    assert answer.status_code == 413
    assert "send fewer events at once" in answer.get_json()["detail"]
    assert len(sandbox.deliveries) == before


def test_behaviours_have_a_bound_that_clearing_gives_back(client: FlaskClient) -> None:
    script = [{"kind": "status", "body": "x" * 1_000_000}]
    answers = [
        client.put(f"/_sandbox/inboxes/i{number}/behaviour", json={"behaviour": script})
        for number in range(MOST_OF_SCRIPTS // 1_000_000 + 1)
    ]
    assert [answer.status_code for answer in answers] == [200] * (len(answers) - 1) + [413]
    assert "clear inboxes that are not needed" in answers[-1].get_json()["detail"]
    # The same inbox may have another of the same size, and a cleared one gives its place.
    again = client.put("/_sandbox/inboxes/i0/behaviour", json={"behaviour": script})
    assert again.status_code == 200
    client.delete("/_sandbox/inboxes/i0")
    last = client.put("/_sandbox/inboxes/new/behaviour", json={"behaviour": script})
    assert last.status_code == 200
    client.post("/_sandbox/reset", json={})
    for number in range(10):
        path = f"/_sandbox/inboxes/i{number}/behaviour"
        assert client.put(path, json={"behaviour": script}).status_code == 200


def test_a_script_has_so_many_behaviours(client: FlaskClient) -> None:
    path = "/_sandbox/inboxes/a/behaviour"
    fitting = ",".join(["200"] * MOST_BEHAVIOURS)
    assert client.put(path, json={"behaviour": fitting}).status_code == 200
    answer = client.put(path, json={"behaviour": fitting + ",200"})
    assert answer.status_code == 400
    assert "this one has 10001" in answer.get_json()["detail"]


def test_an_inbox_of_ones_own_has_the_bound_it_was_given() -> None:
    inboxes = Inboxes(max_script_bytes=2_000)
    inboxes.inbox("a", "").behave("200,503")
    with pytest.raises(TooMuch, match=r"2000 are kept at most \(behaviour_bytes\)"):
        inboxes.inbox("b", "").behave("200,503,404")


class Talkative:
    batch = 1

    def send(self, attempt: object) -> Outcome:
        headers = tuple((f"name-{number}", "x" * 1_000) for number in range(50))
        return Outcome(OutcomeKind.RESPONSE, timedelta(0), 0.0, 200, headers, b"x" * 60_000)


def test_the_feed_keeps_bytes_and_not_answers() -> None:
    with Sandbox(transport=Talkative(), feed=Feed(kept_bytes=1_000_000)) as sandbox:
        sandbox.add_postback(BEGINNING)
        for _ in range(30):
            sandbox.trigger("email.click")
        kept = sandbox.feed.after(0)
        assert kept[-1].sequence == sandbox.feed.last == 61
        attempts = [item for item in kept if item.kind == "attempt"]
        assert 5 <= len(attempts) <= 9


@pytest.mark.parametrize(
    "payload",
    [{"url": "x" * 10_000}, {"state": "x" * 10_000, "url": "y"}],
    ids=["one text", "among others"],
)
def test_the_latest_happening_is_kept_however_large(payload: dict[str, Any]) -> None:
    feed = Feed(kept_bytes=5_000)
    feed.add("rule", {"added": 1})
    feed.add("rule", payload)
    assert [item.sequence for item in feed.after(0)] == [2]
    for number in range(20):
        feed.add("rule", {"added": number})
    assert len(feed.after(0)) == 5_000 // 500


def test_names_of_inboxes_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.receiver.journal._MOST_COUNTED", 50)
    journal = Journal(max_requests=10)
    for number in range(500):
        journal.arrived(f"i{number}", "GET", "/", b"", (), b"", ("", 0), "200")
        assert len(journal._arrivals) <= 61
        assert len(journal._evicted) <= 61
    assert journal.wait_for("i499", 1, 0)[0].inbox == "i499"


HEAD = b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize("at", ["the API", "the receiver"])
def test_bodies_under_way_are_counted_over_all_connections(
    at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.web.server.request_parser.MOST_UNDER_WAY", 2_500_000)
    monkeypatch.setattr("mockserver.receiver.connection.MOST_UNDER_WAY", 2_500_000)
    path = b"/api" if at == "the API" else b"/inbox/a"
    with LiveSandbox() as live, ExitStack() as stack:
        url = live.url if at == "the API" else live.sandbox.receiver_url
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        held = []
        for _ in range(2):
            held.append(stack.enter_context(socket.create_connection(address, timeout=10)))
            held[-1].sendall(HEAD % path + b"x" * 999_999)
        wait_until(lambda: under_way(live, at) == 2 * 999_999)
        refusal = exchange(address, HEAD % path + b"x" * 999_999)
        assert b" 429 " in refusal
        assert b"2500000 bytes together" in refusal
        # Who is small gets an answer all the same.
        small = exchange(address, b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
        assert small
        assert b" 429 " not in small
        # And so do those who were there first, and everybody when they are done.
        for connection in held:
            connection.sendall(b"x")
            assert b" 429 " not in connection.recv(4_096)
        wait_until(lambda: under_way(live, at) == 0)
        last = exchange(address, HEAD % path + b"x" * 1_000_000)
        assert last
        assert b" 429 " not in last


def under_way(live: LiveSandbox, at: str) -> int:
    if at == "the API":
        assert live._server is not None
        return live._server._server.bytes_under_way()
    receiver = live.sandbox._wiring._receiver
    assert receiver is not None
    return sum(connection.bytes_under_way() for connection in tuple(receiver._connections))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def exchange(address: tuple[str, int], request: bytes) -> bytes:
    with socket.create_connection(address, timeout=10) as connection:
        with suppress(OSError):
            connection.sendall(request)
        with suppress(OSError):
            return connection.recv(4_096)
    return b""
