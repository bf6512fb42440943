"""Apps as the control API reads and puts them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
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
