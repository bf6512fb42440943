"""Adds up what came of the postbacks of a load, so that the sums of all workers can be added.

Two totals added are what one worker would have counted, to the last postback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

from mockserver.load.histogram import COARSE_BITS, Histogram

#: Shares beyond these are told: a user's patience, that of most clients, and Leanplum's.
LIMITS = (timedelta(seconds=1), timedelta(seconds=10), timedelta(seconds=30))
DELIVERED = "2xx"


@dataclass(slots=True)
class Second:
    """A second of a load.

    What is planned in it: `planned`, `unsent`, `ends` and `latency`, whenever it came out. What
    happens in it: `sent`, `reached` and `to_retry`, whatever was planned.

    Attributes:
        planned: How many postbacks were to be sent.
        unsent: How many of those were not, because no connection was free in time.
        ends: What came of those, by class of status (`2xx`) or kind of error (`timeout`).
        latency: How long those took, from their planned instants.
        sent: How many were sent.
        reached: How many were answered 2xx.
        to_retry: How many failed so that Leanplum would try them again.
    """

    planned: int = 0
    unsent: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    latency: Histogram = field(default_factory=lambda: Histogram(COARSE_BITS))
    sent: int = 0
    reached: int = 0
    to_retry: int = 0

    @property
    def ended(self) -> int:
        """Return how many of those planned in it have an outcome."""
        return sum(self.ends.values())

    @property
    def failed(self) -> int:
        """Return how many of those planned in it were not sent, or not answered 2xx."""
        return self.unsent + self.ended - self.ends.get(DELIVERED, 0)

    def add(self, other: Second) -> None:
        """Add what another worker, or the same one later, has counted of this second."""
        self.planned += other.planned
        self.unsent += other.unsent
        self.sent += other.sent
        self.reached += other.reached
        self.to_retry += other.to_retry
        _add(self.ends, other.ends)
        self.latency.add(other.latency)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "planned": self.planned,
            "unsent": self.unsent,
            "ends": dict(self.ends),
            "latency": self.latency.as_json(),
            "sent": self.sent,
            "reached": self.reached,
            "to_retry": self.to_retry,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Second:
        """Return what `as_json` wrote."""
        latency = Histogram.from_json(document["latency"], COARSE_BITS)
        return cls(**{**document, "ends": dict(document["ends"]), "latency": latency})


@dataclass(slots=True)
class Totals:
    """What came of a load, or of a part of it.

    Attributes:
        seconds: By the number of the second, from the beginning of the load.
        latency: How long postbacks took from their planned instants to the end of the answer's
            head, or until they were given up.
        service: The same from the instant at which they were sent.
        lag: How long after their planned instants they were sent.
        statuses: How many answers had each status.
        errors: How many had no answer, by kind.
        beyond: How many took longer than each of `LIMITS`, from their planned instants.
        unsent: How many were not sent, by the reason.
        cut: How many were under way when the load was ended.
        slow: How many were sent late although a connection was free: the worker was too slow.
        examples: What was said of the first error of each kind.
    """

    seconds: dict[int, Second] = field(default_factory=dict)
    latency: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)
    statuses: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    beyond: list[int] = field(default_factory=lambda: [0] * len(LIMITS))
    unsent: dict[str, int] = field(default_factory=dict)
    cut: int = 0
    slow: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def planned(self) -> int:
        """Return how many postbacks came to their planned instant."""
        return sum(second.planned for second in self.seconds.values())

    @property
    def sent(self) -> int:
        """Return how many were sent."""
        return sum(second.sent for second in self.seconds.values())

    @property
    def ended(self) -> int:
        """Return how many of those have an outcome."""
        return sum(self.statuses.values()) + sum(self.errors.values())

    @property
    def delivered(self) -> int:
        """Return how many were answered 2xx."""
        return sum(second.reached for second in self.seconds.values())

    @property
    def failed(self) -> int:
        """Return how many were sent and not answered 2xx."""
        return self.ended - self.delivered

    @property
    def to_retry(self) -> int:
        """Return how many failed so that Leanplum would try them again."""
        return sum(second.to_retry for second in self.seconds.values())

    def second(self, number: int) -> Second:
        """Return a second, which begins with nothing."""
        found = self.seconds.get(number)
        if found is None:
            found = self.seconds[number] = Second()
        return found

    def add(self, other: Totals) -> None:
        """Add what another worker, or the same one later, has counted."""
        for number, second in other.seconds.items():
            self.second(number).add(second)
        self.latency.add(other.latency)
        self.service.add(other.service)
        self.lag.add(other.lag)
        _add(self.statuses, other.statuses)
        _add(self.errors, other.errors)
        _add(self.unsent, other.unsent)
        self.beyond = [one + more for one, more in zip(self.beyond, other.beyond, strict=True)]
        self.cut += other.cut
        self.slow += other.slow
        self.examples = other.examples | self.examples

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        document: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in _HISTOGRAMS:
            document[name] = document[name].as_json()
        document["seconds"] = [[number, each.as_json()] for number, each in self.seconds.items()]
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Totals:
        """Return what `as_json` wrote."""
        values = dict(document)
        for name in _HISTOGRAMS:
            values[name] = Histogram.from_json(values[name])
        values["seconds"] = {number: Second.from_json(each) for number, each in values["seconds"]}
        return cls(**values)


_HISTOGRAMS = ("latency", "service", "lag")


def _add(counts: dict[str, int], others: Mapping[str, int]) -> None:
    for name, number in others.items():
        counts[name] = counts.get(name, 0) + number
