"""Checks that a clock went where it was to go: otherwise what is missed may only not be due yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contracts.suite.recorder import Untestable
from mockserver.core.durations import parse_duration
from mockserver.web.shapes import AdvanceAnswer


def check_it_moved(
    answers: Sequence[AdvanceAnswer], by: str | None, to: datetime | None, until: str | None
) -> None:
    """Look at the answers to one advance of a clock that nobody else moves.

    Raises:
        Untestable: It did not get there.
    """
    last = answers[-1]
    goal = to if by is None else answers[0].from_at + parse_duration(by)
    if goal is not None and last.now != goal:
        raise Untestable(f"the clock was to move to {goal}, and stands at {last.now}")
    made = sum(answer.attempts_made for answer in answers)
    if until is not None and last.next_due is not None and (until == "idle" or not made):
        raise Untestable(
            f"the clock was to move until {until}; it stands at {last.now}, {made} attempts were "
            f"made, and the next one is due at {last.next_due}"
        )
