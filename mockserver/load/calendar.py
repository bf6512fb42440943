"""Says when that which has just failed is sent again, hour by hour, if it goes on failing.

Exact for pauses and timeouts of whole seconds, which those of Leanplum are: the attempts of a
calendar are those that the engine makes in virtual time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mockserver.core.retry import RetryPolicy

_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class RetryHour:
    """What is due in one hour.

    Attributes:
        begins_at: When the hour begins, aware UTC.
        attempts: How many attempts are due before it ends.
        by_number: How many of them are the second of their deliveries, the third, and so on.
    """

    begins_at: datetime
    attempts: int = 0
    by_number: Mapping[int, int] = field(default_factory=dict)


def retry_calendar(
    failures_by_second: Mapping[int, int],
    policy: RetryPolicy,
    started_at: datetime,
    each_takes: timedelta = timedelta(0),
) -> tuple[RetryHour, ...]:
    """Return the hours from the first retry to the last, also those without any.

    Args:
        failures_by_second: How many first attempts ended in each second since the start with
            something that is tried again. A timeout ends 30 seconds after it began.
        policy: When it is tried again.
        started_at: When the load began, aware UTC; hours are counted from there.
        each_takes: How long a retry takes until it fails again; the timeout if all time out.
    """
    hours: dict[int, dict[int, int]] = {}
    for second, failures in failures_by_second.items():
        if failures:
            for number, after in retry_instants(second * _SECOND, policy, each_takes):
                hour = hours.setdefault(after // _HOUR, {})
                hour[number] = hour.get(number, 0) + failures
    if not hours:
        return ()
    return tuple(
        RetryHour(
            started_at + number * _HOUR,
            sum(hours.get(number, {}).values()),
            dict(sorted(hours.get(number, {}).items())),
        )
        for number in range(min(hours), max(hours) + 1)
    )


def retry_instants(
    ended: timedelta, policy: RetryPolicy, each_takes: timedelta = timedelta(0)
) -> Iterator[tuple[int, timedelta]]:
    """Yield number and instant of every further attempt after a first one that failed.

    Args:
        ended: When the first attempt ended; instants are counted from the same beginning.
        policy: Has the pauses.
        each_takes: How long a retry takes until it fails again.
    """
    for number, delay in enumerate(policy.delays, 2):
        ended += delay
        yield number, ended
        ended += each_takes
