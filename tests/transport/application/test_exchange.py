"""Tests how long an attempt takes that an application answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.outcome import OutcomeKind
from mockserver.transport.application import exchange


@pytest.mark.parametrize(
    ("real", "spent", "is_late"),
    [
        (29.9, 0, False),
        (30, 0, True),
        (31, 0, True),
        (0, 29.9, False),
        (0, 30, True),
        (29, 29, False),
    ],
)
def test_real_time_counts_as_much_as_time_that_is_spent(
    monkeypatch: pytest.MonkeyPatch, real: float, spent: float, is_late: bool
) -> None:
    seconds = [1000.0]
    monkeypatch.setattr(exchange, "real_seconds", lambda: seconds[0])
    tried = exchange.ApplicationExchange(lambda: DEFAULT_START_AT, timedelta(seconds=30))
    seconds[0] += real
    tried.spend(timedelta(seconds=spent))
    tried.begin(204, ())
    tried.end()
    # What is done after the answer is nobody's delay.
    seconds[0] += 100
    outcome = tried.outcome()
    if is_late:
        assert outcome.kind is OutcomeKind.TIMEOUT
        assert outcome.elapsed == timedelta(seconds=30)
    else:
        assert (outcome.kind, outcome.status) == (OutcomeKind.RESPONSE, 204)
        assert outcome.elapsed == timedelta(seconds=spent), "the clock of the sandbox is exact"


def test_who_takes_real_time_is_told_how_to_take_sandbox_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = [1000.0]
    monkeypatch.setattr(exchange, "real_seconds", lambda: seconds[0])
    tried = exchange.ApplicationExchange(lambda: DEFAULT_START_AT, timedelta(seconds=30))
    seconds[0] += 31
    tried.fail(LookupError("late"))
    error = tried.outcome().error
    assert error is not None
    assert "31.0 real seconds" in error
    assert "spend(" in error
