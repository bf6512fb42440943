"""Health, feed and reset of the control API."""

from __future__ import annotations

from flask.testing import FlaskClient

from mockserver import Sandbox
from tests.web.answers import ok


def test_health(client: FlaskClient) -> None:
    health = ok(client.get("/_sandbox/health"))
    assert health["status"] == "ok"
    assert health["app_ids"] == ["YOUR_APP_ID"]


def test_the_feed_tells_what_happened(client: FlaskClient, sandbox: Sandbox, rule: int) -> None:
    last = ok(client.get("/_sandbox/feed?after=-1"))["last"]
    sandbox.trigger("email.click")
    feed = ok(client.get(f"/_sandbox/feed?after={last}&timeout=1"))
    assert [entry["kind"] for entry in feed["happenings"]] == ["event", "attempt"]
    assert feed["happenings"][1]["facts"]["attempt"]["status"] == 200
    sandbox.inbox("crm").behave("503,200")
    sandbox.trigger("email.click")
    sandbox.advance(hours=1)
    retried = ok(client.get("/_sandbox/feed"))["happenings"][-1]["facts"]["attempt"]
    assert retried["offset_hours"] == 1
    last = ok(client.get("/_sandbox/feed?after=-1"))["last"]
    feed["last"] = last
    assert ok(client.get(f"/_sandbox/feed?after={feed['last']}"))["happenings"] == []


def test_a_reset_forgets_but_keeps_apps_and_clock(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("503")
    sandbox.trigger("email.click")
    sandbox.advance(hours=1)
    assert ok(client.post("/_sandbox/reset", json={})) == {"rules": 1, "deliveries": 1}
    assert len(sandbox.deliveries) == 0
    assert sandbox.inbox("crm").requests == []
    assert ok(client.get("/_sandbox/clock"))["now"] == "2026-01-01T01:00:00Z"
    assert ok(client.get("/_sandbox/health"))["app_ids"] == ["YOUR_APP_ID"]
