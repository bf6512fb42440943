"""The highest step that an endpoint takes, and where it bends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver.load.capacity import Capacity, FailedStep, Step, capacity_of, result_of
from mockserver.load.outcomes import Second

STEPS = [Step(3 * n, 3, 100.0 * (n + 1)) for n in range(5)]


def seconds(
    step: Step, *, took: float = 0.02, failed: int = 0, reached: float = 1.0
) -> dict[int, Second]:
    found = {}
    for number in range(step.begins, step.ends):
        planned = int(step.rate)
        bad = failed if number == step.begins else 0
        second = Second(
            planned=planned, ends={"2xx": planned - bad, "5xx": bad}, reached=int(planned * reached)
        )
        second.latency.record(int(took * 1e6), planned)
        found[number] = second
    return found


def found(*steps: dict[int, Second]) -> Capacity:
    together: dict[int, Second] = {}
    for each in steps:
        together |= each
    return capacity_of(STEPS, together)


def test_the_highest_before_the_first_that_is_not_passed() -> None:
    capacity = found(
        seconds(STEPS[0]), seconds(STEPS[1]), seconds(STEPS[2], failed=50), seconds(STEPS[3])
    )
    assert (capacity.highest, capacity.is_bounded) == (200.0, True)
    assert [each.is_passed for each in capacity.steps] == [True, True, False, True]
    assert "failed" in capacity.steps[2].why_not


def test_without_a_step_that_fails_there_may_be_more() -> None:
    capacity = found(*map(seconds, STEPS))
    assert (capacity.highest, capacity.is_bounded, capacity.knee) == (500.0, False, 500.0)


def test_not_even_the_first() -> None:
    capacity = found(seconds(STEPS[0], took=2))
    assert (capacity.highest, capacity.is_bounded, capacity.knee) == (None, True, None)
    assert capacity.steps[0].why_not.startswith("p99 ")


def test_nothing_at_all() -> None:
    assert found() == Capacity((), None, False, None)


@pytest.mark.parametrize(("took", "passed"), [(0.96, True), (1.0, False), (1.1, False)])
def test_the_limit_of_p99(took: float, passed: bool) -> None:
    assert result_of(STEPS[0], seconds(STEPS[0], took=took)).is_passed is passed


@pytest.mark.parametrize(("failed", "passed"), [(0, True), (1, True), (2, False)])
def test_the_limit_of_failures(failed: int, passed: bool) -> None:
    # Of 1,500 postbacks fewer than 0.1 % are one.
    assert result_of(STEPS[4], seconds(STEPS[4], failed=failed)).is_passed is passed


def test_what_has_no_answer_yet_has_failed() -> None:
    some = seconds(STEPS[0])
    some[0].planned += 10
    assert result_of(STEPS[0], some).failed == 10


@pytest.mark.parametrize(
    ("bent", "knee"),
    [({"took": 0.3}, 200.0), ({"reached": 0.9}, 200.0), ({"took": 0.04}, 500.0)],
)
def test_the_knee_comes_before_the_end(bent: dict[str, float], knee: float) -> None:
    steps = [seconds(STEPS[0]), seconds(STEPS[1]), *(seconds(each, **bent) for each in STEPS[2:])]  # type: ignore[arg-type]
    capacity = found(*steps)
    assert (capacity.highest, capacity.knee) == (500.0, knee)


def test_a_load_ends_when_a_step_was_not_passed_and_its_answers_were_due() -> None:
    ending = FailedStep(STEPS)
    bad = seconds(STEPS[0]) | seconds(STEPS[1], failed=50) | {6: Second(planned=1)}
    assert not ending.is_met(bad, 7.9)
    assert ending.is_met(bad, 8.0)
    assert not ending.is_met(seconds(STEPS[0]), 100.0)
    assert not ending.is_met({}, 100.0)
    assert ending.is_goal


def test_a_step_that_was_not_tried_to_its_end_says_nothing() -> None:
    half = seconds(STEPS[0]) | {3: seconds(STEPS[1], failed=90)[3]}
    assert [each.step for each in found(half).steps] == [STEPS[0]]
    assert result_of(STEPS[0], half).p50 <= timedelta(milliseconds=21)
