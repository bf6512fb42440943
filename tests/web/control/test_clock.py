"""The clock as the control API moves it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.durations import parse_duration
from mockserver.time.clocks import RunningClock
from mockserver.web.app import create_app
from tests.web.answers import ok, refused


def test_the_clock_is_advanced_through_every_retry(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("503*9,200")
    ok(client.post("/_sandbox/events", json={"name": "email.click"}))
    clock = ok(client.get("/_sandbox/clock"))
    assert clock["mode"] == "manual"
    assert clock["pending"] == 1
    assert clock["next_due"] == "2026-01-01T01:00:00Z"
    step = ok(client.post("/_sandbox/clock/advance", json={"until": "next"}))
    assert (step["from"], step["now"]) == ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")
    assert [attempt["number"] for attempt in step["attempts"]] == [2]
    step = ok(client.post("/_sandbox/clock/advance", json={"by": "PT2H"}))
    assert [attempt["offset_hours"] for attempt in step["attempts"]] == [3]
    rest = ok(client.post("/_sandbox/clock/advance", json={"until": "idle"}))
    assert rest["complete"] is True
    assert rest["next_due"] is None
    assert [a["offset_hours"] for a in rest["attempts"]] == [7, 15, 25, 35, 45, 55, 65]
    assert rest["attempts"][-1]["status"] == 200
    delivery = ok(client.get("/_sandbox/deliveries/1"))
    assert delivery["state"] == "delivered"
    assert len(delivery["attempts"]) == 10


def test_an_advance_is_cut_by_its_budget_and_goes_on(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("503")
    ok(client.post("/_sandbox/events", json={"name": "email.click"}))
    made = 0
    while True:
        step = ok(client.post("/_sandbox/clock/advance", json={"until": "idle", "budget": 4}))
        made += len(step["attempts"])
        if step["complete"]:
            break
        assert len(step["attempts"]) == 4
    assert made == 9
    assert ok(client.get("/_sandbox/deliveries/1"))["state"] == "lost"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid-value"),
        ({"by": "10h", "until": "idle"}, "invalid-value"),
        ({"by": "ten"}, "invalid-value"),
        ({"until": "later"}, "invalid-value"),
        ({"to": "2026-01-02T00:00:00"}, "invalid-value"),
        ({"to": "soon"}, "invalid-value"),
        ({"to": "2020-01-01T00:00:00Z"}, "clock-cannot-go-back"),
        ({"until": "idle", "budget": 0}, "invalid-value"),
        ({"forward": "10h"}, "invalid-value"),
        ([], "invalid-value"),
    ],
)
def test_an_advance_that_makes_no_sense_is_refused(
    body: Any, code: str, client: FlaskClient, sandbox: Sandbox
) -> None:
    before_at = sandbox.now()
    refused(client.post("/_sandbox/clock/advance", json=body), 400, code)
    assert sandbox.now() == before_at


@pytest.mark.parametrize("by", ["0s", "0.000001s", "1ms", "10h"])
def test_a_duration_counts_from_where_a_running_clock_is_stopped(by: str) -> None:
    """It runs on between the request and that."""
    with Sandbox(clock=RunningClock(DEFAULT_START_AT, rate=1_000_000)) as sandbox:
        client = create_app(sandbox).test_client()
        done = ok(client.post("/_sandbox/clock/advance", json={"by": by}))
    gone = datetime.fromisoformat(done["now"]) - datetime.fromisoformat(done["from"])
    assert gone == parse_duration(by)


def test_an_advance_to_an_instant(client: FlaskClient, sandbox: Sandbox) -> None:
    target = "2026-03-01T12:00:00+02:00"
    assert ok(client.post("/_sandbox/clock/advance", json={"to": target}))["now"] == (
        "2026-03-01T10:00:00Z"
    )
    assert sandbox.now() == datetime.fromisoformat(target)


def test_whoever_watches_hears_that_the_clock_has_moved(
    client: FlaskClient, sandbox: Sandbox
) -> None:
    ok(client.post("/_sandbox/clock/advance", json={"by": "1h"}))
    ok(client.post("/_sandbox/clock/advance", json={"by": "0s"}))
    (told,) = ok(client.get("/_sandbox/feed"))["happenings"]
    assert told["kind"] == "clock"
    assert told["facts"] == {"from": "2026-01-01T00:00:00Z", "now": "2026-01-01T01:00:00Z"}
