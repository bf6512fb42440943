"""Holds what is due again, second by second: at exact instants, or spread by jitter.

It counts postbacks that share everything, where the engine has one delivery each; without jitter
the counts are those of the engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heappop, heappush
from typing import NamedTuple, Protocol


class Due(NamedTuple):
    """Some postbacks that are due at the same time.

    Attributes:
        campaign: Which campaign they are of, from 0.
        number: Which attempt this is, from 1.
        many: How many.
    """

    campaign: int
    number: int
    many: int


class Schedule(Protocol):
    """What is due again."""

    def add(self, due: Due, ended: int, delay: int) -> None:
        """Have some postbacks due again, `delay` seconds after the second in which they ended."""

    def next_second(self) -> int | None:
        """Return the next second in which something may be due; None if nothing ever is."""

    def take(self, second: int) -> list[Due]:
        """Return what is due in a second, in order; it must be the next one."""


class ExactSchedule(Schedule):
    """Everything is due again at its exact second, in the order in which it was added."""

    def __init__(self) -> None:
        self._due: dict[int, list[Due]] = {}
        self._seconds: list[int] = []

    def add(self, due: Due, ended: int, delay: int) -> None:
        second = ended + delay
        if second not in self._due:
            self._due[second] = []
            heappush(self._seconds, second)
        self._due[second].append(due)

    def next_second(self) -> int | None:
        return self._seconds[0] if self._seconds else None

    def take(self, second: int) -> list[Due]:
        if not self._seconds or self._seconds[0] != second:
            return []
        heappop(self._seconds)
        return self._due.pop(second)


@dataclass(slots=True)
class _Spread:
    """What is spread evenly over a window behind the seconds in which it ended."""

    first: int
    last: int
    ended: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    begins: int = 0
    ends: int = -1
    in_window: int = 0
    rest: int = 0
    done: int = -1

    @property
    def width(self) -> int:
        return self.last - self.first + 1

    def add(self, ended: int, count: int) -> None:
        begins = ended + self.first
        if self.done >= self.ends:
            # Whatever was spread before has been due.
            self.ended.clear()
            self.in_window, self.begins, self.ends = 0, begins, begins
        self.begins = min(self.begins, begins)
        self.ends = max(self.ends, ended + self.last)
        self.ended[ended] += count

    def take(self, second: int) -> int:
        """Return how many are due in a second; what is left of a whole one is due later."""
        self.done = second
        self.in_window += self.ended.get(second - self.first, 0)
        self.in_window -= self.ended.pop(second - self.last - 1, 0)
        count, self.rest = divmod(self.rest + self.in_window, self.width)
        return count

    def next_second(self) -> int | None:
        return None if self.done >= self.ends else max(self.begins, self.done + 1)


class SpreadSchedule(Schedule):
    """Each pause is longer or shorter by luck; as many postbacks are due as on the average.

    Args:
        jitter: By which share of itself a pause is shorter or longer at most.
    """

    def __init__(self, jitter: Fraction) -> None:
        self._jitter = jitter
        self._spreads: dict[tuple[int, int, int], _Spread] = {}
        self._order: list[tuple[tuple[int, int], _Spread]] = []

    def add(self, due: Due, ended: int, delay: int) -> None:
        # A pause of its own for each attempt, so that a policy may have any.
        key = (due.campaign, due.number, delay)
        if key not in self._spreads:
            first, last = delay * (1 - self._jitter), delay * (1 + self._jitter)
            self._spreads[key] = _Spread(max(1, int(first)), max(1, int(last)))
            self._order = [
                ((campaign, number), spread)
                for (campaign, number, _), spread in sorted(
                    self._spreads.items(), key=lambda item: (-item[0][1], item[0])
                )
            ]
        self._spreads[key].add(ended, due.many)

    def next_second(self) -> int | None:
        seconds = [spread.next_second() for _, spread in self._order]
        return min((second for second in seconds if second is not None), default=None)

    def take(self, second: int) -> list[Due]:
        found = []
        for (campaign, number), spread in self._order:
            if spread.next_second() == second:
                count = spread.take(second)
                if count:
                    found.append(Due(campaign, number, count))
        return found


def in_seconds(arrivals: Mapping[int, int], shift: int = 0) -> dict[int, int]:
    """Return arrivals by second, shifted, without seconds that have none, in order."""
    return {second + shift: count for second, count in sorted(arrivals.items()) if count}
