from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction

import pytest

from mockserver.load.plan import Plan
from mockserver.load.verdicts import jitter_named, sentences
from tests.load.plans import ALWAYS, HOUR, plan_of

SECOND = timedelta(seconds=1)


def said(plan: Plan) -> str:
    return " ".join(sentences(plan, plan.outcomes[0]))


def test_where_nothing_fails_there_is_little_to_say() -> None:
    assert said(plan_of(20)) == "0 of 1,200 postbacks fail at first (0.0%). Nothing is lost."


def test_what_comes_back_is_said_with_its_peak_against_the_capacity() -> None:
    text = said(plan_of(10, ((0 * HOUR, HOUR),)))
    assert "1,200 of 1,200 postbacks fail at first (100.0%)." in text
    assert "They come back from +1h to +1h59s, 20/s at the peak (2 times what" in text
    assert re.search(r"; \d+ fail again\.", text)
    assert "Drained at +" in text
    assert "Nothing is lost." in text


def test_what_is_lost_is_said_first_of_all_in_capitals() -> None:
    text = said(plan_of(20, ALWAYS))
    assert "LOST: 1,200 postbacks, after 10 attempts." in text
    assert "Drained at +65h59s" in text
    assert "Nothing is lost" not in text


@pytest.mark.parametrize(
    ("next_after", "meets"),
    [
        (HOUR - 61 * SECOND, True),
        (HOUR, True),
        (HOUR + 59 * SECOND, True),
        (HOUR + 60 * SECOND, False),
        (24 * HOUR, False),
    ],
)
def test_whether_the_first_wave_meets_the_next_campaign(next_after: timedelta, meets: bool) -> None:
    text = said(plan_of(20, ((0 * HOUR, 60 * SECOND),), next_after))
    assert ("Retries meet the next campaign" in text) == meets
    assert ("No retry meets the next campaign" in text) == (not meets)
    if meets:
        assert "wave 1 (the first wave is one of them)" in text
    if next_after == HOUR:
        assert re.search(r"first attempts ([\d,]+) fail, 0 if it came alone \(\+\1\)", text)


def test_a_later_wave_may_meet_it_alone() -> None:
    text = said(plan_of(20, ((0 * HOUR, 2 * HOUR),), 3 * HOUR))
    assert "wave 2 (the first wave is not)" in text


def test_never_again_is_nothing_to_say() -> None:
    assert "campaign" not in said(plan_of(20, ((0 * HOUR, HOUR),), None))


def test_a_load_that_lasts_meets_its_own_retries() -> None:
    text = said(plan_of(20, ((0 * HOUR, 60 * SECOND),), None, seconds=3700))
    assert "That wave meets the load itself: 2,000 of its postbacks come meanwhile." in text
    assert "meets the load itself" not in said(plan_of(20, ((0 * HOUR, HOUR),)))


def test_slow_answers_are_said() -> None:
    plan = plan_of(19)
    assert re.search(r"waited: \d+ for 1 s or longer", said(plan))


def test_jitter_is_named() -> None:
    without, with_jitter = plan_of(jitter=Fraction(1, 40)).outcomes
    assert jitter_named(without) == "without jitter"
    assert jitter_named(with_jitter) == "with jitter of ±2.5%"
