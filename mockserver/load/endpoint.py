"""Models an endpoint that answers so many postbacks a second, second by second.

It answers in the order in which it gets them. What it cannot answer at once waits in a queue; what
finds the queue full is answered 503 at once. What waits longer than Leanplum does has timed out,
and is worked on all the same: an endpoint does not see that nobody waits any more (assumed).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Literal, NamedTuple, get_args

from mockserver.core.durations import format_duration
from mockserver.core.errors import InvalidValue

#: What an endpoint does in an outage: answers 503 at once, or does not answer.
OutageAnswer = Literal["503", "hang"]

_SECOND = timedelta(seconds=1)

#: Waits that are told apart, in whole seconds.
SLOW = (1, 10)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What an endpoint can do.

    Attributes:
        capacity: How many postbacks it answers a second.
        queue: How many more may wait.
        outages: When it is down, from and until, since the beginning of the load.
        outage_answer: What it does then.

    Raises:
        InvalidValue: It can do nothing, or what was given is nothing of the kind.
    """

    capacity: Fraction
    queue: int
    outages: tuple[tuple[timedelta, timedelta], ...] = ()
    outage_answer: OutageAnswer = "503"

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.capacity <= 0:
            raise InvalidValue(f"the capacity must be more than nothing, got {self.capacity}")
        if self.queue < 0:
            raise InvalidValue(f"a queue has no place at least, got {self.queue}")
        for window in self.outages:
            if any(instant % _SECOND for instant in window) or window[0] >= window[1]:
                raise InvalidValue(
                    "an outage is counted in whole seconds and must end after it begins, got "
                    + "..".join(map(format_duration, window))
                )
        if self.outage_answer not in get_args(OutageAnswer):
            raise InvalidValue(f"an outage answers 503 or hang, got {self.outage_answer!r}")


class Taken(NamedTuple):
    """What became of some postbacks of one second.

    Attributes:
        answered: How many are answered 2xx in time.
        timed_out: How many are not answered in time.
        refused: How many are answered 503 at once.
        slow: How many of those answered wait as long as each of `SLOW`.
    """

    answered: int
    timed_out: int
    refused: int
    slow: tuple[int, ...]


_NONE = (0,) * len(SLOW)


class EndpointAtWork:
    """An endpoint with its queue as it stands; seconds must not go back.

    Args:
        endpoint: What it can do.
        timeout_seconds: How long is waited for it.
    """

    def __init__(self, endpoint: Endpoint, timeout_seconds: int) -> None:
        self._queue = endpoint.queue
        self._hangs = endpoint.outage_answer == "hang"
        self._outages = [(begins // _SECOND, ends // _SECOND) for begins, ends in endpoint.outages]
        self._numerator = endpoint.capacity.numerator
        self._denominator = endpoint.capacity.denominator
        self._timeout_seconds = timeout_seconds
        self._second = 0
        self._waiting = 0
        self._taken = 0

    def waiting(self, second: int) -> int:
        """Return how many wait at the beginning of a second."""
        if second > self._second:
            if self._waiting or self._taken:
                done = self._answers(self._second, second)
                self._waiting = max(0, self._waiting + self._taken - done)
            self._second, self._taken = second, 0
        return self._waiting

    def take(self, second: int, count: int) -> Taken:
        """Return what becomes of `count` postbacks that come in a second, after those before."""
        before = self.waiting(second) + self._taken
        for begins, ends in self._outages:
            if begins <= second < ends:
                return Taken(0, count, 0, _NONE) if self._hangs else Taken(0, 0, count, _NONE)
        at_once = self._answers(second, second + 1)
        if before + count <= at_once:
            # Almost always: nobody has to wait.
            self._taken += count
            return Taken(count, 0, 0, _NONE)
        taken = min(count, max(0, at_once + self._queue - before))
        self._taken += taken
        answered = self._within(second, self._timeout_seconds, before, taken)
        slow = tuple(
            answered - min(answered, self._within(second, wait, before, taken)) for wait in SLOW
        )
        return Taken(answered, taken - answered, count - taken, slow)

    def _within(self, second: int, seconds: int, before: int, taken: int) -> int:
        """Return how many of those taken, behind others, are answered before `seconds` are over."""
        return max(0, min(taken, self._answers(second, second + seconds) - before))

    def _answers(self, first: int, until: int) -> int:
        """Return how many it can answer from the beginning of one second to that of another."""
        numerator, denominator = self._numerator, self._denominator
        return until * numerator // denominator - first * numerator // denominator
