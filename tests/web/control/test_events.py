"""Events as the control API lets them happen."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.core.catalog import event_kinds
from tests.web.answers import ok, refused


def test_events_answer_deliveries_and_reasons(client: FlaskClient, rule: int) -> None:
    answer = ok(client.post("/_sandbox/events", json=[{"name": "email.open"},
                                                      {"name": "push.send"}]))  # fmt: skip
    assert [delivery["state"] for delivery in answer["deliveries"]] == ["delivered"]
    assert answer["mismatches"] == [
        {
            "postback_id": rule,
            "reason": "the rule listens to Email; the event's channel is Push Notification",
        }
    ]
    assert [len(event["deliveries"]) for event in answer["events"]] == [1, 0]


def test_every_event_of_the_catalog_can_be_posted_by_name_and_by_its_parts(
    client: FlaskClient,
) -> None:
    listed = ok(client.get("/_sandbox/events"))["events"]
    assert [kind["name"] for kind in listed] == [kind.name for kind in event_kinds()]
    for kind in listed:
        by_name = ok(client.post("/_sandbox/events", json={"name": kind["name"]}))
        parts = {"type": kind["type"]}
        if kind["channel"]:
            parts |= {"channel": kind["channel"], "event": kind["event"]}
        if kind["template_name"]:
            parts["template_name"] = kind["template_name"]
        by_parts = ok(client.post("/_sandbox/events", json=parts))
        assert by_parts["events"][0]["event"] == by_name["events"][0]["event"]


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        ({"name": "email.klick"}, "invalid-event", "did you mean 'email.click'"),
        ({"name": "email.click", "usr": "x"}, "invalid-value", "unknown field `usr`"),
        ({"name": "email.click", "variant_id": "1"}, "invalid-event", "has no field"),
        ({"name": "email.click", "user_id": 12}, "invalid-value", "Expected `str`"),
        ({"name": "email.click", "triggered_at": "x"}, "invalid-event", "2026-01-01T12:00:00Z"),
        ({"name": "email.click", "app_id": "NONE"}, "unknown-app", "YOUR_APP_ID"),
        ({"channel": "Email"}, "invalid-value", "needs its name"),
        ({"channel": "Email", "event": "Sent"}, "invalid-event", "it has: Send"),
        (
            {"channel": "In-app Message", "event": "Accept", "template_name": "Banner"},
            "invalid-event",
            "it has: View, Held Back, Select",
        ),
        ({}, "invalid-value", "needs its name"),
    ],
)
def test_impossible_events_are_refused_and_nothing_happens(
    body: Any, code: str, named: str, client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    status = 404 if code == "unknown-app" else 400
    response = client.post("/_sandbox/events", json=[{"name": "email.open"}, body])
    assert named in refused(response, status, code)
    assert len(sandbox.deliveries) == 0


def test_a_preview_says_which_rules_would_fire_and_why_not(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    other = sandbox.add_postback("https://h/?v={{Variant ID}}", "abTestEvents").postback_id
    for kind in event_kinds():
        seen = ok(client.post("/_sandbox/events/preview", json={"name": kind.name}))
        happened = sandbox.trigger(kind.name)
        fires = {each["postback_id"]: each for each in seen["rules"]}
        assert set(fires) == {rule, other}
        fired = {delivery.postback_id: delivery.url for delivery in happened.deliveries}
        reasons = {each.rule.postback_id: each.reason for each in happened.mismatches}
        for postback_id, each in fires.items():
            assert each["fires"] is (postback_id in fired)
            assert each["url"] == fired.get(postback_id)
            assert each["reason"] == reasons.get(postback_id)


def test_a_preview_lets_nothing_happen(client: FlaskClient, sandbox: Sandbox, rule: int) -> None:
    last = sandbox.feed.last
    ok(client.post("/_sandbox/events/preview", json={"name": "email.click"}))
    assert (len(sandbox.deliveries), sandbox.feed.last) == (0, last)
    assert sandbox.inbox("crm").requests == []


@pytest.mark.parametrize(
    "body",
    [
        {"name": "email.clik"},
        {"name": "email.click", "ab_test_id": "1"},
        {"name": "email.click", "user_id": "\ud800"},
        {"name": "email.click", "triggered_at": "yesterday"},
        {},
    ],
)
def test_what_cannot_happen_has_no_preview(body: dict[str, Any], client: FlaskClient) -> None:
    seen = client.post("/_sandbox/events/preview", json=body)
    real = client.post("/_sandbox/events", json=body)
    assert seen.status_code == real.status_code == 400
    assert seen.get_json()["detail"] == real.get_json()["detail"]
