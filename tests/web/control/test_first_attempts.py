"""An attempt is told with the start of its delivery's first one, looked up once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mockserver import Sandbox
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import Attempt
from mockserver.web.control.first_attempts import FirstAttempts

HOUR = timedelta(hours=1)


@pytest.fixture
def attempts(sandbox: Sandbox, rule: int) -> list[Attempt]:
    """The attempts of two deliveries, the second an hour after the first."""
    sandbox.inbox("crm").behave("503")
    sandbox.trigger("email.open")
    sandbox.advance(hours=1)
    sandbox.trigger("email.open")
    sandbox.run_until_idle()
    return list(sandbox.attempts)


def test_every_attempt_has_the_start_of_its_own_delivery(
    sandbox: Sandbox, attempts: list[Attempt]
) -> None:
    first_at = FirstAttempts(sandbox)
    assert {(attempt.delivery_id, first_at(attempt)) for attempt in attempts} == {
        (1, DEFAULT_START_AT),
        (2, DEFAULT_START_AT + HOUR),
    }


def test_a_delivery_is_looked_up_once(
    sandbox: Sandbox, attempts: list[Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[int] = []
    look_up = sandbox.ledger.attempts

    def count(delivery_id: int) -> list[Attempt]:
        looked_up.append(delivery_id)
        return look_up(delivery_id)

    monkeypatch.setattr(sandbox.ledger, "attempts", count)
    first_at = FirstAttempts(sandbox)
    for attempt in attempts:
        first_at(attempt)
    assert sorted(looked_up) == [1, 2]


def test_an_attempt_that_the_ledger_has_forgotten_is_its_own_first(
    sandbox: Sandbox, attempts: list[Attempt]
) -> None:
    sandbox.reset()
    last: datetime = attempts[-1].started_at
    assert FirstAttempts(sandbox)(replace(attempts[-1], delivery_id=99)) == last
