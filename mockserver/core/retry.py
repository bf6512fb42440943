"""Decides what follows an attempt: another one, and when, or the end of the delivery.

Sources: nine more attempts on 5xx with exponential backoff from 1 to 10 hours, a timeout of
30 seconds, and loss after ten failures are documented. The delays themselves (doubling,
capped), counting them from the end of the failed attempt, no jitter, and treating a failed
connection like a 5xx are assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from mockserver.core.errors import InvalidValue
from mockserver.core.outcome import Outcome, OutcomeKind

#: Doubling from one hour, capped at ten: 65 hours from the first attempt to the last.
DEFAULT_DELAYS: tuple[timedelta, ...] = tuple(
    timedelta(hours=hours) for hours in (1, 2, 4, 8, 10, 10, 10, 10, 10)
)

#: What is retried unless told: server errors (documented), failed connections (assumed).
DEFAULT_RETRY_ON: frozenset[str] = frozenset({"5xx", "timeout", "refused", "reset", "dns", "tls"})

DEFAULT_TIMEOUT = timedelta(seconds=30)

#: How long the schedule of a policy may be, from the first attempt to the end of the last.
LONGEST_SCHEDULE = timedelta(days=3650)

#: How many attempts it may have after the first.
MOST_DELAYS = 1000


class DeliveryState(StrEnum):
    """Where a delivery stands; all but `pending` are final."""

    PENDING = "pending"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    LOST = "lost"


class Decision(NamedTuple):
    """What follows an attempt; `delay` counts from its end and is set while pending only."""

    state: DeliveryState
    delay: timedelta | None = None


_DELIVERED = Decision(DeliveryState.DELIVERED)
_REJECTED = Decision(DeliveryState.REJECTED)
_LOST = Decision(DeliveryState.LOST)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The schedule, as data.

    Attributes:
        delays: The pause after the first, second, ... failed attempt; as many retries as
            there are delays.
        retry_on: Kinds of outcome (`timeout`, `dns`, ...) and statuses (`5xx`, `429`) that
            are worth another attempt. Anything else that is not a 2xx is rejected at once.
        timeout: How long an attempt may take, from connecting to the end of the response
            head.

    Raises:
        InvalidValue: A delay is negative, the timeout is not positive, or `retry_on` names
            something that is no outcome.
    """

    delays: tuple[timedelta, ...] = DEFAULT_DELAYS
    retry_on: frozenset[str] = DEFAULT_RETRY_ON
    timeout: timedelta = DEFAULT_TIMEOUT

    # With defaults, so that a policy can be read from a document that has neither.
    _retries: tuple[Decision, ...] = field(default=(), init=False, repr=False, compare=False)
    _retried_statuses: frozenset[int] = field(
        default=frozenset(), init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Check the values, and work out once what deciding would work out every time."""
        for delay in self.delays:
            if delay < timedelta(0):
                raise InvalidValue(f"a retry delay cannot be negative, got {delay}")
        if self.timeout <= timedelta(0):
            raise InvalidValue(f"the timeout must be longer than nothing, got {self.timeout}")
        _check_retry_on(self.retry_on)
        retries = tuple(Decision(DeliveryState.PENDING, delay) for delay in self.delays)
        object.__setattr__(self, "_retries", retries)
        object.__setattr__(self, "_retried_statuses", _statuses_in(frozenset(self.retry_on)))

    def check_length(self) -> None:
        """Check that a delivery ends some time; for those who take in apps.

        Raises:
            InvalidValue: All delays and timeouts together are longer than `LONGEST_SCHEDULE`, or
                there are more than `MOST_DELAYS`.
        """
        if len(self.delays) > MOST_DELAYS:
            raise InvalidValue(f"there are {len(self.delays)} delays; {MOST_DELAYS} are allowed")
        try:
            longest = sum(self.delays, self.timeout * self.attempt_limit)
        except OverflowError:
            longest = timedelta.max
        if longest > LONGEST_SCHEDULE:
            raise InvalidValue(
                "all delays and timeouts together may take "
                f"{LONGEST_SCHEDULE // timedelta(hours=1)}h (ten years), these take "
                f"{longest // timedelta(hours=1)}h"
            )

    @property
    def attempt_limit(self) -> int:
        """Return how many scheduled attempts are made before the data is lost."""
        return len(self.delays) + 1

    def decide(self, number: int, outcome: Outcome) -> Decision:
        """Return what follows attempt `number` (counted from 1)."""
        status = outcome.status
        if outcome.kind is OutcomeKind.RESPONSE and status is not None:
            if 200 <= status < 300:
                return _DELIVERED
            if status not in self._retried_statuses:
                return _REJECTED
        elif outcome.kind.value not in self.retry_on:
            return _REJECTED
        return self._retries[number - 1] if number <= len(self._retries) else _LOST


@lru_cache(maxsize=64)
def _statuses_in(names: frozenset[str]) -> frozenset[int]:
    # Remembered, because a test suite makes the same few policies over and over.
    return frozenset(status for status in range(100, 600) if _names(status) & names)


def _names(status: int) -> set[str]:
    return {str(status), f"{status // 100}xx"}


_RETRYABLE_KINDS = tuple(kind.value for kind in OutcomeKind if kind is not OutcomeKind.RESPONSE)
_STATUS_PATTERN = re.compile(r"[1-5](?:xx|\d\d)")


def _check_retry_on(names: Iterable[str]) -> None:
    for name in names:
        if name not in _RETRYABLE_KINDS and not _STATUS_PATTERN.fullmatch(name):
            raise InvalidValue(
                f"retry_on does not know {name!r}; it takes statuses like 5xx or 429 and: "
                + ", ".join(_RETRYABLE_KINDS)
            )


DEFAULT_RETRY_POLICY = RetryPolicy()
