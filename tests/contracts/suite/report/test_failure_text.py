"""A result in plain text."""

from __future__ import annotations

import msgspec
import pytest

from contracts.suite.report.failure_text import BODY_LIMIT, first_line, place, tell

from . import samples


def told_of(case: samples.CaseResult) -> str:
    """Return what is told of a case of the usual run."""
    return tell(case, samples.EVERYTHING.target)


def test_a_failure_is_told_from_the_statement_to_what_to_do() -> None:
    parts = [
        "PB-API-RULES-CAP: A fourth rule is refused\nFAIL, MUST, documented",
        "Statement (addPostback, Limits):\n  An app has at most three",
        "Expected:\n  status 400\n  {",
        "Actual:\n  status 200\n  {",
        "Why: The app had three rules already",
        "Exchange: POST http://127.0.0.1:8765/api?action=addPostback -> 200 (0.004 s)\n",
        "  sent Content-Type: application/json\n",
        "  answered body:\n    {",
        "Again with curl:\n  curl -X POST",
        "How to fix: Count the rules",
        "Again: postbacks contracts replay FILE#PB-API-RULES-CAP\n",
    ]
    told = told_of(msgspec.structs.replace(samples.FAILED, exchanges=[samples.FOURTH_RULE]))
    places = [told.index(part) for part in parts]
    assert places == sorted(places)


def test_a_deviation_of_a_property_is_told_step_by_step() -> None:
    told = told_of(samples.FAILED_PROPERTY)
    assert "Steps:\n  add a rule for Email\n  the receiver answers 500, 6 times\n" in told
    assert "event=Send -> no answer within 30 s (30.000 s)" in told


@pytest.mark.parametrize("case", [samples.PASSED, samples.SKIPPED], ids=lambda case: case.id)
def test_what_was_not_tried_or_passed_is_not_tried_again(case: samples.CaseResult) -> None:
    assert "replay" not in told_of(case)


def test_a_long_body_is_cut() -> None:
    exchange = msgspec.structs.replace(samples.FOURTH_RULE, answer_body="x" * (BODY_LIMIT + 5))
    told = told_of(msgspec.structs.replace(samples.FAILED, exchanges=[exchange]))
    assert "x … (5 more characters)" in told


def test_an_exchange_without_an_answer_says_why() -> None:
    assert first_line(samples.NO_ANSWER).endswith("-> no answer within 30 s")
    silent = msgspec.structs.replace(samples.NO_ANSWER, error=None)
    assert first_line(silent).endswith("-> no answer")


def test_a_place_is_page_and_section() -> None:
    assert place(samples.RULES_CAP) == "addPostback, Limits"
    assert place(samples.PARAMETERS) == "captured postback"


def test_a_case_about_an_endpoint_is_tried_again_by_asking_it() -> None:
    told = tell(samples.REFUSED, samples.ENDPOINT.target)
    assert "Again: postbacks verify 'https://partner.test:8443/in/'" in told
    assert told.endswith("--case PB-VALUES-CHARACTERS\n")
