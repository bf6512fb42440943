"""The nouns: ids, defaults, and what is derived from an attempt."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from mockserver.core import models
from mockserver.core.models import App, Attempt, KeyClass, postback_id_of
from mockserver.core.outcome import Outcome, OutcomeKind


def test_postback_ids_have_sixteen_digits_and_are_exact_in_a_float() -> None:
    for sequence in (0, 1, 2, 3, 1_000, 10**9, models._ID_RANGE - 1):
        postback_id = postback_id_of(sequence)
        assert len(str(postback_id)) == 16
        assert int(float(postback_id)) == postback_id
        assert postback_id < 2**53
    assert models._ID_FLOOR + models._ID_RANGE - 1 < 2**53


def test_no_two_rules_share_an_id() -> None:
    assert len({postback_id_of(sequence) for sequence in range(100_000)}) == 100_000
    # The reason why it holds for the whole range, and not only for the first of it.
    assert math.gcd(models._ID_STEP, models._ID_RANGE) == 1


def test_postback_ids_are_in_no_order() -> None:
    ids = [postback_id_of(sequence) for sequence in range(1, 11)]
    assert ids != sorted(ids)
    assert ids != sorted(ids, reverse=True)


def test_an_app_has_the_keys_of_the_documentation_and_three_places() -> None:
    app = App()
    assert app.app_id == "YOUR_APP_ID"
    assert app.keys[KeyClass.DATA_EXPORT] == "YOUR_DATA_EXPORT_KEY"
    assert set(app.keys) == set(KeyClass)
    assert app.rule_limit == 3
    assert app.parameters_encoding == "once"


@pytest.mark.parametrize(("number", "manual"), [(1, False), (10, False), (None, True)])
def test_an_attempt_knows_whether_it_was_asked_for_and_when_it_ended(
    number: int | None, manual: bool
) -> None:
    started_at = datetime(2026, 1, 1, tzinfo=UTC)
    outcome = Outcome(OutcomeKind.TIMEOUT, timedelta(seconds=30))
    attempt = Attempt(1, number, started_at, outcome)
    assert attempt.manual is manual
    assert attempt.ended_at == started_at + timedelta(seconds=30)


def test_an_outcome_is_summed_up_in_a_word() -> None:
    assert Outcome(OutcomeKind.RESPONSE, status=503).summary == "503"
    assert Outcome(OutcomeKind.TIMEOUT).summary == "timeout"
    assert {Outcome(kind, status=200).summary for kind in OutcomeKind} == {
        "200",
        "timeout",
        "refused",
        "reset",
        "dns",
        "tls",
        "blocked",
    }
