"""Apps as the control API reads and puts them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import App, Sandbox
from tests.web.answers import ok, refused


def test_apps_are_read_and_put(client: FlaskClient, sandbox: Sandbox) -> None:
    assert ok(client.get("/_sandbox/apps/YOUR_APP_ID"))["keys"]["data_export"] == (
        "YOUR_DATA_EXPORT_KEY"
    )
    refused(client.get("/_sandbox/apps/NONE"), 404, "unknown-app")
    put = {
        "keys": {"data_export": "k"},
        "retry": {"delays": ["1h", "90m"], "retry_on": ["429"], "timeout": "5s"},
        "parameters_encoding": "twice",
        "rule_limit": 1,
    }
    app = ok(client.put("/_sandbox/apps/MINE", json=put))
    assert app["retry"] == {"delays": ["1h", "1h30m"], "retry_on": ["429"], "timeout": "5s"}
    policy = sandbox.app("MINE").retry
    assert policy.delays == (timedelta(hours=1), timedelta(minutes=90))
    assert sandbox.engine.policy_of("MINE") == policy


def test_a_put_is_answered_whoever_deletes_the_app_meanwhile(
    client: FlaskClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_app = sandbox.put_app

    def put_and_lose(app: App) -> None:
        put_app(app)
        sandbox.delete_app(app.app_id)

    monkeypatch.setattr(sandbox, "put_app", put_and_lose)
    answer = ok(client.put("/_sandbox/apps/MINE", json={"keys": {"data_export": "k"}}))
    assert (answer["app_id"], answer["rules"]) == ("MINE", [])


@pytest.mark.parametrize(
    "change",
    [
        {"keys": {}},
        {"retry": {"delays": ["x"]}},
        {"retry": {"retry_on": ["6xx"]}},
        {"retry": {"timeout": "0s"}},
        {"parameters_encoding": "thrice"},
        {"rule_limit": 0},
        {"colour": "red"},
    ],
)
def test_an_app_that_makes_no_sense_is_refused(
    change: dict[str, Any], client: FlaskClient, sandbox: Sandbox
) -> None:
    body = {"keys": {"data_export": "k"}, **change}
    refused(client.put("/_sandbox/apps/MINE", json=body), 400, "invalid-value")
    assert sandbox.ledger.app("MINE") is None
