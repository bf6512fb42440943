"""The demo, as it is promised."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest


@pytest.fixture(scope="module")
def document() -> Any:
    shown = subprocess.run(
        [sys.executable, "-m", "mockserver", "demo", "--json"], capture_output=True, check=True
    )
    assert shown.stderr == b""
    return json.loads(shown.stdout)


def test_the_document_has_what_is_promised_and_nothing_else(document: Any) -> None:
    assert list(document) == ["rules", "refused", "deliveries", "virtual_hours", "real_seconds"]
    assert list(document["refused"]) == ["status", "message"]
    for delivery in document["deliveries"]:
        assert list(delivery) == ["id", "postback_id", "url", "state", "attempts"]
        for attempt in delivery["attempts"]:
            assert list(attempt) == [
                "number",
                "started_at",
                "offset_hours",
                "outcome",
                "elapsed_seconds",
            ]


def test_three_rules_and_the_fourth_refused(document: Any) -> None:
    assert [(rule["type"], rule["channels"]) for rule in document["rules"]] == [
        ("messageEvents", ["Push Notification", "In-app Message"]),
        ("messageEvents", ["Email"]),
        ("abTestEvents", ["Push Notification", "Email", "In-app Message"]),
    ]
    assert document["refused"]["status"] == 400
    assert "3" in document["refused"]["message"]


def test_one_delivery_of_each_fate(document: Any) -> None:
    fates = [
        (delivery["state"], [attempt["outcome"] for attempt in delivery["attempts"]])
        for delivery in document["deliveries"]
    ]
    assert fates == [
        ("delivered", ["200"]),
        ("rejected", ["404"]),
        ("delivered", ["503"] * 9 + ["200"]),
        ("lost", ["timeout"] * 10),
    ]


def test_the_offsets_are_exact(document: Any) -> None:
    attempts = document["deliveries"][2]["attempts"]
    assert [attempt["offset_hours"] for attempt in attempts] == [
        0,
        1,
        3,
        7,
        15,
        25,
        35,
        45,
        55,
        65,
    ]
    assert [attempt["number"] for attempt in attempts] == list(range(1, 11))


def test_a_timeout_takes_thirty_seconds_of_the_sandbox_and_none_of_ours(document: Any) -> None:
    lost = document["deliveries"][3]["attempts"]
    assert {attempt["elapsed_seconds"] for attempt in lost} == {30}
    assert document["virtual_hours"] >= 65
    assert document["real_seconds"] < 30


def test_urls_are_rendered_in_full(document: Any) -> None:
    for delivery in document["deliveries"]:
        assert delivery["url"].startswith("http://127.0.0.1:")
        assert "{{" not in delivery["url"]
    rules = {rule["postback_id"] for rule in document["rules"]}
    assert {delivery["postback_id"] for delivery in document["deliveries"]} == rules
