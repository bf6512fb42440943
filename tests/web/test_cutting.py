"""Listings of the control API cut long values, say which, and how to get the whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.web.app import create_app
from mockserver.web.control import deliveries as listing
from mockserver.web.cutting import LONGEST_LISTED

LONG = "x" * 100_000


class Talkative:
    batch = 1

    def send(self, attempt: object) -> Outcome:
        headers = (("long", LONG),)
        return Outcome(
            OutcomeKind.RESPONSE, timedelta(0), 0.0, 503, headers, LONG[:60_000].encode()
        )


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox(transport=Talkative())
    sandbox.add_postback("https://a.test/?u={{User ID}}")
    sandbox.add_postback(sandbox.inbox("crm").url + "?u={{User ID}}")
    sandbox.trigger("email.click", user_id=LONG, parameters={"a": [LONG]})
    return sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> FlaskClient:
    return create_app(sandbox).test_client()


def get(client: FlaskClient, path: str) -> Any:
    answer = client.get(f"/_sandbox/{path}")
    assert answer.status_code == 200
    return answer.get_json()


def test_deliveries(client: FlaskClient) -> None:
    first, second = get(client, "deliveries")["deliveries"]
    assert first["cut"] == [
        "url",
        "event.user_id",
        "event.parameters.a[0]",
        "attempts[0].headers[0][1]",
        "attempts[0].body",
    ]
    assert second["cut"] == ["url", "event.user_id", "event.parameters.a[0]"]
    end = "... (cut, 100000 characters; GET deliveries/1 has all)"
    assert first["event"]["user_id"] == LONG[:LONGEST_LISTED] + end
    for path in ("deliveries?whole=true", "deliveries/1"):
        whole = get(client, path)
        whole = whole["deliveries"][0] if "deliveries" in whole else whole
        assert whole["cut"] == []
        assert whole["event"]["user_id"] == LONG
        assert len(whole["attempts"][0]["body"]) == 60_000


def test_requests(client: FlaskClient) -> None:
    (request,) = get(client, "inboxes/crm/requests")["requests"]
    assert request["cut"] == ["target", "query.u", "request_line"]
    assert len(request["query"]["u"]) < LONGEST_LISTED + 100
    (request,) = get(client, "inboxes/crm/requests?whole=true")["requests"]
    assert request["query"] == {"u": LONG}
    assert request["cut"] == []


def test_the_feed(client: FlaskClient) -> None:
    entries = get(client, "feed?after=0")["happenings"]
    assert all(len(str(entry)) < 60_000 for entry in entries)
    assert any("facts.event.user_id" in entry["cut"] for entry in entries)
    entries = get(client, "feed?after=0&whole=true")["happenings"]
    assert any(entry["facts"].get("event", {}).get("user_id") == LONG for entry in entries)


def test_an_advance(client: FlaskClient) -> None:
    answer = client.post("/_sandbox/clock/advance", json={"until": "next"}).get_json()
    assert answer["attempts"][0]["cut"] == ["headers[0][1]", "body"]
    assert answer["attempts"][0]["body"].endswith("GET deliveries/1 has all)")


@pytest.mark.parametrize("length", [LONGEST_LISTED, LONGEST_LISTED + 1])
def test_both_sides_of_the_limit(client: FlaskClient, sandbox: Sandbox, length: int) -> None:
    sandbox.trigger("push.open", user_id="x" * length)
    last = get(client, "deliveries?after=2")["deliveries"][0]
    assert ("event.user_id" in last["cut"]) == (length > LONGEST_LISTED)


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9])
def test_pages_have_every_delivery_once(
    client: FlaskClient, sandbox: Sandbox, at_once: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        sandbox.trigger("push.open")
    monkeypatch.setattr(listing, "_AT_ONCE", at_once)
    for most in (10**9, 150_000):
        monkeypatch.setattr(listing, "_MOST_BYTES", most)
        seen: list[int] = []
        after: int | None = 0
        while after is not None:
            page = get(client, f"deliveries?limit={limit}&after={after}&whole=true")
            assert len(page["deliveries"]) <= limit
            assert page["deliveries"]
            seen += [delivery["id"] for delivery in page["deliveries"]]
            after = page["next"]
        assert seen == list(range(1, 9))


def test_every_page_is_bounded(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_MOST_BYTES", 50_000)
    page = get(client, "deliveries?whole=true")
    assert (len(page["deliveries"]), page["next"]) == (1, 1)
