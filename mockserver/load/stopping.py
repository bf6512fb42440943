"""Ends a load early when an endpoint does what its user does not want to watch.

A condition is asked about the postbacks that were planned in the last seconds, not about all of
them: otherwise an endpoint that fails after an hour would go on failing for minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import floor
from typing import ClassVar, Protocol

from mockserver.core.durations import format_duration, parse_duration
from mockserver.core.errors import InvalidConfig, InvalidValue
from mockserver.load.outcomes import Second

#: How many seconds of the load a condition looks at.
WINDOW = 5
#: So long after something has happened it is known here at the latest, in real seconds.
REPORTED = 1.0
#: Fewer postbacks say nothing.
FEWEST = 20

_EXPECTED = "--stop-when takes a condition like errors>1%, unsent>0 or p99>5s"
_FORM = re.compile(r"\s*(errors|unsent|p\d{1,2}(?:\.\d+)?)\s*>\s*(\S+)\s*", re.IGNORECASE)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%?")


class Ending(Protocol):
    """Something that ends a load.

    Attributes:
        is_goal: Whether the load has done then what it was for.
    """

    is_goal: ClassVar[bool]

    @property
    def why(self) -> str:
        """Return why it ends, in a line."""

    def is_met(self, seconds: Mapping[int, Second], elapsed: float) -> bool:
        """Return whether the load is to end.

        Args:
            seconds: What was counted so far.
            elapsed: The real seconds since the load has begun.
        """


@dataclass(frozen=True, slots=True)
class Condition(Ending):
    """What a user does not want to watch.

    Attributes:
        text: As it was written.
        what: `errors`, `unsent`, or a percentile like `p99`.
        share: The share that is too much, from 0 to 1: of errors, or of those beyond `limit`.
        limit: How long a postback may take, from its planned instant; None for shares.
    """

    text: str
    what: str
    share: float
    limit: timedelta | None = None
    is_goal = False

    @property
    def why(self) -> str:
        return f"{self.text} (--stop-when)"

    def is_met(self, seconds: Mapping[int, Second], elapsed: float) -> bool:
        # A second is decided once everything planned in it is longer ago than the limit.
        patience = 0.0 if self.limit is None else self.limit.total_seconds()
        last = floor(elapsed - patience - REPORTED - 1)
        window = [seconds[n] for n in range(last - WINDOW + 1, last + 1) if n in seconds]
        decided = sum(map(self._decided, window))
        if decided < FEWEST:
            return False
        return sum(map(self._counted, window)) / decided > self.share

    def _decided(self, second: Second) -> int:
        return second.ended + second.unsent if self.what == "errors" else second.planned

    def _counted(self, second: Second) -> int:
        if self.what == "errors":
            return second.failed
        if self.what == "unsent":
            return second.unsent
        assert self.limit is not None
        # What has not come yet takes longer than that as well.
        return second.latency.beyond(self.limit) + second.planned - second.ended


def condition_of(text: str) -> Condition:
    """Return the condition that a user means.

    Raises:
        InvalidConfig: It is none.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise InvalidConfig(f"{_EXPECTED}, got {text!r}")
    what, value = found[1].lower(), found[2]
    if what[0] == "p" and what[1:2].isdigit():
        percentile = float(what[1:])
        try:
            limit = parse_duration(value)
        except InvalidValue as error:
            raise InvalidConfig(f"{_EXPECTED}, got {text!r}: {error}") from None
        if not 0 < percentile < 100 or limit <= timedelta(0):
            raise InvalidConfig(
                f"{_EXPECTED}, with a percentile between 0 and 100 and a time, got {text!r}"
            )
        return Condition(f"{what}>{format_duration(limit)}", what, 1 - percentile / 100, limit)
    share = _SHARE.fullmatch(value)
    if share is None or float(share[1]) >= 100 or (value[-1] != "%" and float(share[1]) >= 1):
        raise InvalidConfig(f"{_EXPECTED}: a share below 100%, or below 1; got {text!r}")
    part = float(share[1])
    return Condition(f"{what}>{value}", what, part / 100 if value[-1] == "%" else part)


def first_met(
    conditions: Iterable[Ending], seconds: Mapping[int, Second], elapsed: float
) -> Ending | None:
    """Return the first condition that is met, if any is."""
    return next((each for each in conditions if each.is_met(seconds, elapsed)), None)
