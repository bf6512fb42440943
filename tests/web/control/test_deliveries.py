"""Deliveries as the control API shows and resends them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from tests.web.answers import ok, refused


def test_deliveries_are_filtered_and_paged(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("200,404*3,200")
    for _ in range(5):
        sandbox.trigger("email.open")
    rejected = ok(client.get("/_sandbox/deliveries?state=rejected"))
    assert [delivery["id"] for delivery in rejected["deliveries"]] == [2, 3, 4]
    assert rejected["next"] is None
    ids, after = [], 0
    while after is not None:
        page = ok(client.get(f"/_sandbox/deliveries?limit=2&after={after}"))
        ids += [delivery["id"] for delivery in page["deliveries"]]
        after = page["next"]
    assert ids == [1, 2, 3, 4, 5]
    assert ok(client.get("/_sandbox/deliveries?postback_id=1"))["deliveries"] == []
    assert len(ok(client.get(f"/_sandbox/deliveries?postback_id={rule}"))["deliveries"]) == 5
    refused(client.get("/_sandbox/deliveries?app_id=NONE"), 404, "unknown-app")


@pytest.mark.parametrize("query", ["state=gone", "limit=0", "limit=x", "after=-1", "colour=red"])
def test_filters_that_do_not_exist_are_refused(query: str, client: FlaskClient) -> None:
    refused(client.get(f"/_sandbox/deliveries?{query}"), 400, "invalid-value")


def test_a_resend_is_manual_and_outside_the_schedule(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("503*2,200")
    sandbox.trigger("email.open")
    failed = ok(client.post("/_sandbox/deliveries/1/resend", json={}))
    assert failed["state"] == "pending"
    assert failed["due_at"] == "2026-01-01T01:00:00Z"
    assert [attempt["manual"] for attempt in failed["attempts"]] == [False, True]
    done = ok(client.post("/_sandbox/deliveries/1/resend", json={}))
    assert done["state"] == "delivered"
    assert done["due_at"] is None
    assert done["attempts_made"] == 1
    sandbox.advance(hours=100)
    assert len(sandbox.inbox("crm").requests) == 3
    refused(client.post("/_sandbox/deliveries/9/resend", json={}), 404, "unknown-delivery")
