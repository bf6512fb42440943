"""Counts durations exactly as HdrHistogram does with three digits, so that counts can be added.

Only durations that occur take memory, so a part of a run is small enough to be sent every second.
A duration is kept as the lowest of those that HdrHistogram takes for equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

#: So many bits of a duration are kept, which is three decimal digits.
KEPT_BITS = 11
#: For a slice of a run: an error of less than 2 %, which no chart shows.
COARSE_BITS = 6


class Histogram:
    """How many durations of each length there are, in microseconds.

    Attributes:
        counts: How many there are, by the lowest duration that counts as the same.
        longest: The longest duration, exactly.
    """

    __slots__ = ("_bits", "counts", "longest")

    def __init__(self, bits: int = KEPT_BITS) -> None:
        self.counts: dict[int, int] = {}
        self.longest = 0
        self._bits = bits

    @property
    def total(self) -> int:
        """Return how many durations were counted."""
        return sum(self.counts.values())

    def record(self, microseconds: int, times: int = 1) -> None:
        """Count a duration."""
        if microseconds > self.longest:
            self.longest = microseconds
        lowest = _lowest(microseconds, self._bits)
        self.counts[lowest] = self.counts.get(lowest, 0) + times

    def add(self, other: Histogram) -> None:
        """Count all durations of another histogram as well."""
        counts = self.counts
        for lowest, times in other.counts.items():
            counts[lowest] = counts.get(lowest, 0) + times
        self.longest = max(self.longest, other.longest)

    def at(self, percentile: float) -> timedelta:
        """Return the duration that so many percent of all do not exceed; nothing if there are none.

        As HdrHistogram says it: the longest of those that count as the same, but never more than
        the longest that there was.
        """
        return self.percentiles([percentile])[0]

    def percentiles(self, wanted: Iterable[float]) -> list[timedelta]:
        """Return the durations at several percentiles; see `at`."""
        total = self.total
        ordered = sorted(self.counts.items())
        found: list[timedelta] = []
        for percentile in wanted:
            target = max(1, int(min(percentile, 100.0) * total / 100 + 0.5))
            seen, value = 0, 0
            for lowest, times in ordered:
                seen += times
                if seen >= target:
                    value = min(_highest(lowest, self._bits), self.longest)
                    break
            found.append(timedelta(microseconds=value))
        return found

    def beyond(self, limit: timedelta) -> int:
        """Return how many took longer; those that count as the same as the limit did not."""
        microseconds = limit // timedelta(microseconds=1)
        return sum(
            times
            for lowest, times in self.counts.items()
            if lowest > _lowest(microseconds, self._bits)
        )

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {"longest": self.longest, "counts": [list(each) for each in self.counts.items()]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], bits: int = KEPT_BITS) -> Histogram:
        """Return the histogram that `as_json` wrote."""
        made = cls(bits)
        made.longest = document["longest"]
        made.counts = dict(document["counts"])
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return self.counts == other.counts and self.longest == other.longest

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Histogram of {self.total} up to {self.longest} us>"


def _lowest(microseconds: int, bits: int) -> int:
    dropped = microseconds.bit_length() - bits
    return microseconds if dropped <= 0 else microseconds >> dropped << dropped


def _highest(lowest: int, bits: int) -> int:
    return lowest | ((1 << max(0, lowest.bit_length() - bits)) - 1)
