"""What the fake imitates, as the control API tells it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.web.answers import ok


@pytest.mark.parametrize("path", ["fidelity", "contract"])
def test_the_fidelity_tells_the_source_of_everything(path: str, client: FlaskClient) -> None:
    facts = ok(client.get(f"/_sandbox/{path}"))["facts"]
    assert len({fact["id"] for fact in facts}) == len(facts) > 50
    assert {fact["source"] for fact in facts} == {"documented", "observed", "assumed"}
