"""Inboxes as the control API scripts and reads them."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox, SocketOptions
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import WsgiWire
from mockserver.receiver.faults.registry import all_faults
from mockserver.web.app import create_app
from mockserver.web.control import inboxes
from tests.web.answers import ok, refused

BEHAVIOUR = "/_sandbox/inboxes/crm/behaviour"


def test_inboxes_are_scripted_read_and_cleared(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    path = "/_sandbox/inboxes/crm"
    told = ok(client.put(f"{path}/behaviour", json={"behaviour": "503*9,200"}))
    assert told["behaviour"] == "503*9,200"
    assert [step["times"] for step in told["script"]] == [9, 1]
    again = ok(client.put(f"{path}/behaviour", json={"behaviour": told["script"]}))
    assert again == told
    assert ok(client.get(f"{path}/behaviour")) == told
    sandbox.trigger("email.click")
    got = ok(client.get(f"{path}/requests?wait_for=1&method=post&path_prefix=/inbox/crm"))
    assert got["complete"] is True
    request = got["requests"][0]
    assert request["query"] == {"event": "Click"}
    assert request["status"] == 503
    assert (request["delivery_id"], request["attempt_number"]) == (1, 1)
    assert ok(client.get("/_sandbox/inboxes"))["inboxes"] == ["crm"]
    assert client.delete(path).status_code == 204
    assert ok(client.get(f"{path}/requests"))["requests"] == []
    assert ok(client.get(f"{path}/behaviour"))["behaviour"] == "200"


def test_an_inbox_that_cannot_be_named_has_no_requests(client: FlaskClient) -> None:
    refused(client.get("/_sandbox/inboxes/a b/requests"), 400, "invalid-value")


def test_waiting_for_requests_ends_with_what_there_is(client: FlaskClient) -> None:
    got = ok(client.get("/_sandbox/inboxes/crm/requests?wait_for=1&timeout=0.01"))
    assert got == {
        "inbox": "crm",
        "requests": [],
        "evicted": 0,
        "complete": False,
        "next": None,
    }


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7])
@pytest.mark.parametrize("length", [0, 100_000])
def test_pages_have_every_request_once(
    sandbox: Sandbox, client: FlaskClient, limit: int, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "LONGEST_PAGE", 250_000)
    arrive(sandbox, 6, length)
    seen: list[int] = []
    after: int | None = 0
    while after is not None and len(seen) < limit:
        query = f"after={after}&limit={limit - len(seen)}&whole=true"
        page = ok(client.get(f"/_sandbox/inboxes/crm/requests?{query}"))
        assert 1 <= len(page["requests"]) <= (2 if length else limit)
        seen += [request["id"] for request in page["requests"]]
        after = page["next"]
    assert seen == list(range(1, min(limit, 6) + 1))
    assert after is None or limit < 6


def test_the_client_goes_through_the_pages(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "LONGEST_PAGE", 250_000)
    arrive(sandbox, 9, 100_000)
    client = SandboxClient("http://localhost", wire=WsgiWire(create_app(sandbox)))
    for limit in (1, 2, 3, 8, 9, 10):
        got = client.requests("crm", wait_for=9, limit=limit)
        assert [request.id for request in got.requests] == list(range(1, min(limit, 9) + 1))
        assert got.complete


def arrive(sandbox: Sandbox, count: int, length: int) -> None:
    for _ in range(count):
        sandbox.inboxes.journal.arrived(
            "crm", "POST", "/inbox/crm", b"", (), b"x" * length, ("", 0), "200", answered=200
        )


def test_a_behaviour_that_does_not_exist_is_refused(client: FlaskClient) -> None:
    path = "/_sandbox/inboxes/crm/behaviour"
    detail = refused(client.put(path, json={"behaviour": "503,bang"}), 400, "invalid-behaviour")
    assert "item 2 of the script, 'bang'" in detail
    refused(client.put(path, json={"behaviour": []}), 400, "invalid-behaviour")
    refused(client.put(path, json={"behaviour": [{"kind": "bang"}]}), 400, "invalid-value")
    refused(client.put("/_sandbox/inboxes/a b/behaviour", json={"behaviour": "200"}), 400,
            "invalid-value")  # fmt: skip


def test_everything_that_an_inbox_can_do_is_explained(client: FlaskClient) -> None:
    found = ok(client.get("/_sandbox/faults"))["faults"]
    assert {fault["kind"] for fault in found} == set(all_faults())
    for fault in found:
        assert fault["effect"]
        # The page offers what stands in backticks first.
        sample = re.search(r"`([^`]+)`", fault["shorthand"])
        assert sample is not None, fault
        body = {"behaviour": sample[1]}
        ok(client.put("/_sandbox/inboxes/crm/behaviour", json=body))


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [("http://shop.example/", True), ("http://named.example/", False), ("http://crm/", False)],
)
def test_a_forward_that_may_be_refused_is_told_of(url: str, is_refused: bool) -> None:
    with Sandbox(sockets=SocketOptions(send_to=("named.example",))) as sandbox:
        client = create_app(sandbox).test_client()
        told = ok(client.put(BEHAVIOUR, json={"behaviour": f"503,forward:{url}"}))
        assert (told["refused"] is not None) is is_refused
        assert ok(client.get(BEHAVIOUR)) == told
        if is_refused:
            assert "--send-to shop.example" in told["refused"]
