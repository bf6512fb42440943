"""The check of a scenario over HTTP."""

from __future__ import annotations

from flask.testing import FlaskClient

from mockserver import Sandbox
from tests.web.answers import ok


def test_what_a_scenario_says(client: FlaskClient, sandbox: Sandbox) -> None:
    text = '{"event": "email.click", "at": "1h", "expect": "lost"}\n{"at": "idle"}'
    answer = ok(client.post("/_sandbox/scenarios/check", json={"text": text}))
    assert answer == {
        "steps": [
            {"line": 1, "at_seconds": 3600, "event": "email.click", "values": {}, "expect": "lost"},
            {"line": 2, "at_seconds": None, "event": None, "values": {}, "expect": None},
        ],
        "problem": None,
    }
    assert sandbox.feed.last == 0


def test_what_is_wrong_with_one(client: FlaskClient) -> None:
    answer = ok(client.post("/_sandbox/scenarios/check", json={"text": '{"at": "1h"}\n{}'}))
    assert answer["steps"] == []
    assert answer["problem"].startswith("scenario:2: it has neither an event nor at")
