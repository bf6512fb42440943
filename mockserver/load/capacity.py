"""Finds how many postbacks a second an endpoint takes, from a load whose rate rises in steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mockserver.load.histogram import COARSE_BITS, Histogram
from mockserver.load.outcomes import Second
from mockserver.load.stopping import REPORTED, Ending

#: A step is passed if 99 % are answered within this time, from their planned instants, ...
SLOWEST = timedelta(seconds=1)
#: ... and fewer than this share fail.
MOST_FAILED = 0.001
#: Beyond the knee an endpoint answers a smaller share than this of what comes in a step, ...
_LEAST_REACHED = 0.95
#: ... or its 99th percentile is so many times that of the first step, and no longer short.
_STEEP, _SHORT = 4, timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True)
class Step:
    """Some seconds of a load at one rate.

    Attributes:
        begins: The second in which it begins, from the beginning of the load.
        lasts: How many seconds.
        rate: Postbacks a second.
    """

    begins: int
    lasts: int
    rate: float

    @property
    def ends(self) -> int:
        """Return the first second after it."""
        return self.begins + self.lasts


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of a step.

    Attributes:
        step: Which.
        planned: How many postbacks it has.
        reached: How many a second were answered 2xx while it lasted.
        failed: How many of it failed, were not sent, or have no answer yet.
        p50: The median latency.
        p99: That of 99 %.
    """

    step: Step
    planned: int
    reached: float
    failed: int
    p50: timedelta
    p99: timedelta

    @property
    def is_passed(self) -> bool:
        """Return whether the endpoint takes as much."""
        return self.p99 < SLOWEST and self.failed < MOST_FAILED * self.planned

    @property
    def why_not(self) -> str:
        """Return what was too much, in words; an empty text if it is passed."""
        found = []
        if self.p99 >= SLOWEST:
            found.append(f"p99 {self.p99.total_seconds():.3g} s")
        if self.failed >= MOST_FAILED * self.planned:
            found.append(f"{100 * self.failed / max(1, self.planned):.2g} % failed")
        return " and ".join(found)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an endpoint takes.

    Attributes:
        steps: What came of each step that was tried to its end.
        highest: The highest rate that was passed before the first that was not; None if even the
            first was not.
        is_bounded: Whether a step was not passed, so that there is not more.
        knee: The highest rate before answers grew slow or fell behind; None if even the first was
            beyond.
    """

    steps: tuple[StepResult, ...]
    highest: float | None
    is_bounded: bool
    knee: float | None


@dataclass(frozen=True, slots=True)
class FailedStep(Ending):
    """Ends a load once a step is not passed: more of it would only hurt.

    Attributes:
        steps: All steps of the load.
    """

    steps: Sequence[Step]
    is_goal = True

    @property
    def why(self) -> str:
        return "a step was not passed, so the capacity is known"

    def is_met(self, seconds: Mapping[int, Second], elapsed: float) -> bool:
        # A step is judged once it is over, and all its answers are due.
        due = elapsed - SLOWEST.total_seconds() - REPORTED
        return any(
            not result_of(step, seconds).is_passed
            for step in self.steps
            if step.ends <= due and _is_tried(step, seconds)
        )


def capacity_of(steps: Sequence[Step], seconds: Mapping[int, Second]) -> Capacity:
    """Return what an endpoint takes.

    Args:
        steps: In the order of their rates, which rise.
        seconds: What was counted.
    """
    results = tuple(result_of(step, seconds) for step in steps if _is_tried(step, seconds))
    highest: float | None = None
    is_bounded = False
    for result in results:
        if not result.is_passed:
            is_bounded = True
            break
        highest = result.step.rate
    knee: float | None = None
    for result in results:
        if _is_beyond_the_knee(result, results[0]):
            break
        knee = result.step.rate
    return Capacity(results, highest, is_bounded, knee)


def result_of(step: Step, seconds: Mapping[int, Second]) -> StepResult:
    """Return what came of a step."""
    latency = Histogram(COARSE_BITS)
    planned = delivered = reached = 0
    for number in range(step.begins, step.ends):
        second = seconds.get(number)
        if second is not None:
            latency.add(second.latency)
            planned += second.planned
            delivered += second.ends.get("2xx", 0)
            reached += second.reached
    p50, p99 = latency.percentiles((50, 99))
    return StepResult(step, planned, reached / step.lasts, planned - delivered, p50, p99)


def _is_tried(step: Step, seconds: Mapping[int, Second]) -> bool:
    """Return whether the load has gone through all of a step, or did not get through."""
    last = max(seconds, default=-1)
    return last >= step.ends - 1 and any(
        number in seconds for number in range(step.begins, step.ends)
    )


def _is_beyond_the_knee(result: StepResult, first: StepResult) -> bool:
    asked = result.planned / result.step.lasts
    return (
        not result.is_passed
        or result.reached < _LEAST_REACHED * asked
        or (result.p99 > _STEEP * first.p99 and result.p99 > _SHORT)
    )
