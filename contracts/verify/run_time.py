"""Keeps a run within the time that its banner names, and ends it early if nothing is answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from contracts.suite.recorder import Untestable
from mockserver.core.durations import format_duration
from mockserver.core.outcome import Outcome, OutcomeKind

#: The longest time that a run takes, beyond what its rate needs.
USUAL = timedelta(minutes=10)
#: The shortest that can be kept: nothing is begun in the last part of it.
SHORTEST = timedelta(minutes=2)
#: How long the longest step of a run takes: an attempt that is not answered, and a probe.
_LONGEST_STEP = timedelta(seconds=45)
#: So many postbacks in a row without an answer say enough, at the beginning and later.
_FIRST, _LATER = 2, 4


class RunTime:
    """The time that a run has left.

    Args:
        most: The longest it may take; None for no limit.
        now: The real seconds that have gone by since some instant.

    Attributes:
        most: The same.
        is_down: Whether the endpoint is taken down, so that no answer is what is expected.
    """

    def __init__(
        self, most: timedelta | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.most = most
        self.is_down = False
        self._now = now
        self._began: float | None = None
        self._has_answered = False
        self._unanswered = 0

    def begin(self) -> None:
        """Begin to count, unless that was done."""
        if self._began is None:
            self._began = self._now()

    def extend(self, real_seconds: float) -> None:
        """Leave out a time in which the run waited for somebody."""
        if self._began is not None:
            self._began += real_seconds

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of what came of postbacks that were sent one after the other."""
        for outcome in outcomes:
            if self.is_down:
                continue
            is_timeout = outcome.kind is OutcomeKind.TIMEOUT
            self._unanswered = self._unanswered + 1 if is_timeout else 0
            self._has_answered = self._has_answered or not is_timeout

    @property
    def problem(self) -> str:
        """Return why nothing more can be sent; empty if it can."""
        if self._unanswered >= (_LATER if self._has_answered else _FIRST):
            which = "last" if self._has_answered else "first"
            return (
                f"the {which} {self._unanswered} postbacks in a row were not answered in time, so "
                "nothing more is sent; see the cases that fail"
            )
        if self.most is None or self._began is None:
            return ""
        if timedelta(seconds=self._now() - self._began) > self.most - _LONGEST_STEP:
            return f"the run has used up its time, {format_duration(self.most)}; see --max-time"
        return ""

    def check(self) -> None:
        """Go on only if more may be sent.

        Raises:
            Untestable: It may not.
        """
        self.begin()
        if self.problem:
            raise Untestable(self.problem)
