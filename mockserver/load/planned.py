"""Counts what a load will send, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from mockserver.core.errors import InvalidConfig
from mockserver.load.arrival import Stream
from mockserver.load.capacity import Step

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a load will send.

    Attributes:
        total: How many postbacks.
        lasts: Until the last of them.
        peak: The most in one second.
        whole: How many the stream has in all, if it is cut.
    """

    total: int
    lasts: timedelta
    peak: int
    whole: int


def planned(stream: Stream, until: timedelta | None = None) -> Planned:
    """Return what will be sent of a stream.

    Args:
        stream: What is made.
        until: What is planned from here on is not sent; None for all.
    """
    if until is None or until > stream.lasts:
        peak = max(stream.counts(_SECOND).values(), default=0)
        return Planned(stream.total, stream.lasts, peak, stream.total)
    # A slice ends exactly where the load does.
    total = stream.counts(until).get(0, 0)
    seconds = stream.counts(_SECOND)
    last = until // _SECOND
    peak = max((each for second, each in seconds.items() if second <= last), default=0)
    return Planned(total, until, min(peak, total), stream.total)


def steps_of(stream: Mapping[str, Any]) -> list[Step]:
    """Return the steps of a stream that is given as JSON; none if its shape is another.

    Raises:
        InvalidConfig: They do not last whole seconds.
    """
    if stream.get("shape") != "steps":
        return []
    found, begins = [], 0
    for microseconds, rate, _ in stream["stretches"]:
        seconds, rest = divmod(int(microseconds), 1_000_000)
        if rest:
            raise InvalidConfig(
                "a step of a load lasts whole seconds, because its answers are counted by the "
                "second; give --step-duration like 30s"
            )
        found.append(Step(begins, seconds, float(Fraction(rate))))
        begins += seconds
    return found
