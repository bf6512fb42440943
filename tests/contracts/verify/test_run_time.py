"""A run takes no longer than it says, and goes on only while somebody answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.suite.recorder import Untestable
from contracts.verify.run_time import RunTime
from mockserver.core.outcome import Outcome, OutcomeKind

LATE, ANSWER = Outcome(OutcomeKind.TIMEOUT), Outcome(OutcomeKind.RESPONSE, status=500)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_nothing_is_begun_that_could_end_too_late() -> None:
    clock = Clock()
    run = RunTime(timedelta(minutes=10), clock)
    run.check()
    clock.seconds = 555
    run.check()
    clock.seconds = 556
    with pytest.raises(Untestable, match=r"used up its time, 10m; see --max-time"):
        run.check()


def test_time_in_which_it_waits_for_somebody_does_not_count() -> None:
    clock = Clock()
    run = RunTime(timedelta(minutes=10), clock)
    run.extend(5)
    run.check()
    clock.seconds = 900
    run.extend(400)
    run.check()


def test_without_a_limit_it_goes_on() -> None:
    clock = Clock()
    run = RunTime(now=clock)
    run.check()
    clock.seconds = 1e9
    run.check()


@pytest.mark.parametrize(
    ("outcomes", "goes_on"),
    [
        ([LATE], True),
        ([LATE, LATE], False),
        ([LATE, ANSWER, LATE, LATE, LATE], True),
        ([LATE, ANSWER, LATE, LATE, LATE, LATE], False),
        ([ANSWER, LATE, LATE, LATE, ANSWER, LATE], True),
    ],
)
def test_who_does_not_answer_in_a_row_is_sent_nothing_more(
    outcomes: list[Outcome], goes_on: bool
) -> None:
    run = RunTime()
    for outcome in outcomes:
        run.learn([outcome])
    assert (run.problem == "") is goes_on


def test_while_it_is_down_no_answer_is_no_surprise() -> None:
    run = RunTime()
    run.is_down = True
    run.learn([LATE] * 9)
    assert run.problem == ""
