"""Inboxes as the control API scripts and reads them."""

from __future__ import annotations

from flask.testing import FlaskClient

from mockserver import Sandbox
from tests.web.answers import ok, refused


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
    assert got == {"inbox": "crm", "requests": [], "evicted": 0, "complete": False}


def test_a_behaviour_that_does_not_exist_is_refused(client: FlaskClient) -> None:
    path = "/_sandbox/inboxes/crm/behaviour"
    detail = refused(client.put(path, json={"behaviour": "503,bang"}), 400, "invalid-behaviour")
    assert "item 2 of the script, 'bang'" in detail
    refused(client.put(path, json={"behaviour": []}), 400, "invalid-behaviour")
    refused(client.put(path, json={"behaviour": [{"kind": "bang"}]}), 400, "invalid-value")
    refused(client.put("/_sandbox/inboxes/a b/behaviour", json={"behaviour": "200"}), 400,
            "invalid-value")  # fmt: skip
