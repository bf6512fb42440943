"""How long a run is said to take, and that it is not longer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.verify.likely_time import after_answers, before_a_run, in_words, likely_time

NONE = timedelta(0)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("requests", "pause", "answer", "expected"),
    [
        (0, 0, 0, 3),
        (600, 0, 0, 3),
        (600, 0, 0.001, 4),
        (600, 0, 0.02, 15),
        (600, 0, 0.1, 65),
        (600, 0, 0.5, 360),
        # A pause goes by while an answer is waited for.
        (600, 0.2, 0, 180),
        (600, 0.2, 0.19, 180),
        (600, 0.2, 0.4, 300),
    ],
)
def test_requests_one_after_the_other(
    requests: int, pause: float, answer: float, expected: float
) -> None:
    took = likely_time(requests, seconds(pause), seconds(answer))
    assert took == seconds(expected)


@pytest.mark.parametrize("number", [0, 1, 7, 10, 11, 59, 61, 119, 120, 121, 3_601])
def test_it_is_rather_too_long_than_too_short(number: int) -> None:
    took = likely_time(number, seconds(1))
    exact = 3 + number
    assert exact <= took / seconds(1) <= exact + max(1, 0.5 * exact)


def test_in_words() -> None:
    assert in_words(seconds(4)) == "4 s"
    assert in_words(seconds(115)) == "115 s"
    assert in_words(seconds(120)) == "2 min"
    assert in_words(seconds(3600)) == "60 min"


def test_before_a_run_both_a_quick_and_a_slow_endpoint_are_told() -> None:
    words = before_a_run(587, NONE)
    assert words == "likely done in 3 s, or in 65 s if it takes 0.1 s for an answer"
    words = before_a_run(587, seconds(0.2))
    assert words == "likely done in 3 min, if it answers within 200 ms"


def test_the_usual_one_of_the_first_answers_counts() -> None:
    answers = [seconds(each) for each in (9.0, 0.2, 0.21, 0.19, 0.2)]
    took, words = after_answers(500, NONE, answers)
    assert took == seconds(105)
    assert words == "an answer takes 0.2 s: likely done in 105 s"
