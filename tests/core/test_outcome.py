"""What is kept of an attempt, and what nobody set."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from mockserver.core.outcome import KEPT_BODY_BYTES, NO_TIME, Outcome, OutcomeKind, timeout_outcome


def test_an_outcome_that_nobody_filled_took_no_time_and_holds_nothing() -> None:
    outcome = Outcome(OutcomeKind.RESET)
    assert dataclasses.astuple(outcome) == (
        OutcomeKind.RESET,
        timedelta(0),
        0.0,
        None,
        (),
        b"",
        None,
        None,
    )
    assert timedelta(0) == NO_TIME
    assert KEPT_BODY_BYTES == 65_536


def test_an_outcome_in_a_word() -> None:
    assert Outcome(OutcomeKind.RESPONSE, status=503).summary == "503"
    assert Outcome(OutcomeKind.RESET, status=102).summary == "reset"
    assert {kind.value for kind in OutcomeKind} == {
        "response",
        "timeout",
        "refused",
        "reset",
        "dns",
        "tls",
        "blocked",
    }


def test_a_timeout_takes_all_the_time_there_is() -> None:
    outcome = timeout_outcome(timedelta(seconds=1.5), request_id=7)
    assert (outcome.kind, outcome.elapsed) == (OutcomeKind.TIMEOUT, timedelta(seconds=1.5))
    assert (outcome.elapsed_real_seconds, outcome.request_id) == (0.0, 7)
    assert outcome.error == "no answer within 1.5 s of sandbox time"


def test_an_outcome_does_not_change() -> None:
    outcome = Outcome(OutcomeKind.DNS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        outcome.status = 200  # type: ignore[misc]
    assert not hasattr(outcome, "__dict__")
