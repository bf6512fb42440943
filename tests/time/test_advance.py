"""How far an advance may go: attempts, real time, and the error when it is not enough."""

from __future__ import annotations

import pytest

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import RunawaySchedule
from mockserver.time.advance import DEFAULT_BUDGET, Budget, runaway


def test_a_budget_is_spent_when_its_attempts_are_made() -> None:
    budget = Budget(None, attempts=3)
    assert not budget.is_spent()
    budget.made = 2
    assert not budget.is_spent()
    assert budget.is_spent(started=1), "what is under way counts"
    budget.made = 3
    assert budget.is_spent()


def test_a_budget_is_spent_when_its_real_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    real_seconds = [50.0]
    monkeypatch.setattr("mockserver.net.monotonic.real_seconds", lambda: real_seconds[0])
    budget = Budget(None, attempts=10, real_seconds=2.0)
    real_seconds[0] = 51.9
    assert not budget.is_spent()
    real_seconds[0] = 52.0
    assert budget.is_spent()
    assert not Budget(None, attempts=10).is_spent()


def test_a_budget_is_more_than_any_schedule_of_a_person_needs() -> None:
    assert DEFAULT_BUDGET >= 10_000 * 10


def test_a_runaway_says_how_far_it_came_and_what_to_do() -> None:
    error = runaway(25, DEFAULT_START_AT)
    assert isinstance(error, RunawaySchedule)
    assert str(error).startswith("25 attempts were made up to 2026-01-01T00:00:00+00:00")
    assert "call again" in str(error)
