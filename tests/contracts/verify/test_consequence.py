"""What Leanplum does after each answer, and in which words a report says it."""

from __future__ import annotations

import pytest

from contracts.verify.consequence import consequence, is_accepted, is_retried, outcome_text
from mockserver.core.outcome import Outcome, OutcomeKind

RESPONSE = OutcomeKind.RESPONSE


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_2xx_is_taken_for_delivered(status: int) -> None:
    outcome = Outcome(RESPONSE, status=status)
    assert is_accepted(outcome)
    assert not is_retried(outcome)
    assert consequence(outcome) == "Leanplum takes it for delivered"


@pytest.mark.parametrize("status", [199, 300, 302, 400, 404, 429, 499])
def test_what_is_neither_2xx_nor_5xx_loses_the_data_at_once(status: int) -> None:
    outcome = Outcome(RESPONSE, status=status)
    assert not is_accepted(outcome)
    assert not is_retried(outcome)
    assert "drops the data at once" in consequence(outcome)


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(RESPONSE, status=500),
        Outcome(RESPONSE, status=599),
        Outcome(OutcomeKind.TIMEOUT),
        Outcome(OutcomeKind.RESET),
    ],
)
def test_a_5xx_and_a_missing_answer_are_tried_again(outcome: Outcome) -> None:
    assert not is_accepted(outcome)
    assert is_retried(outcome)
    said = consequence(outcome)
    assert said.startswith("Leanplum tries again 1, 3, 7, 15, ... hours after the first attempt")
    assert "if that of 65 hours fails" in said


def test_an_outcome_is_its_status_or_why_there_is_none() -> None:
    assert outcome_text(Outcome(RESPONSE, status=503)) == "503"
    assert outcome_text(Outcome(OutcomeKind.TIMEOUT)) == "timeout"
    assert outcome_text(Outcome(OutcomeKind.RESET, error="closed early")) == "reset (closed early)"
