"""Says what would follow a load that was sent: its retries, and their echo at what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.retry import DEFAULT_RETRY_POLICY
from mockserver.load.arrival import Stream
from mockserver.load.calendar import retry_calendar
from mockserver.load.capacity import Capacity
from mockserver.load.endpoint import Endpoint
from mockserver.load.plan import QUEUE_SECONDS, document, make_plan
from mockserver.load.result import LoadResult
from mockserver.load.verdicts import jitter_named, sentences

_HOUR = timedelta(hours=1)


def calendar_of(result: LoadResult) -> list[dict[str, Any]]:
    """Return the hours in which Leanplum would send again what has failed, if it goes on failing.

    An hour is counted from the beginning of the load; those without an attempt are left out.
    """
    failures = {number: each.to_retry for number, each in result.totals.seconds.items()}
    began_at = result.began_at or DEFAULT_START_AT
    return [
        {
            "hour": (hour.begins_at - began_at) // _HOUR,
            "begins_at": hour.begins_at.isoformat(),
            "attempts": hour.attempts,
        }
        for hour in retry_calendar(failures, DEFAULT_RETRY_POLICY, began_at)
        if hour.attempts
    ]


def echo_of(
    stream: Stream,
    capacity: Capacity | None,
    outages: Sequence[tuple[timedelta, timedelta]],
    jitter: Fraction,
) -> dict[str, Any] | None:
    """Return what becomes of the same load and its retries at an endpoint of the capacity found.

    Args:
        stream: The load.
        capacity: What was found; None if that was not looked for.
        outages: When the endpoint is down.
        jitter: By which share pauses may differ, shown beside none.
    """
    if capacity is None or capacity.highest is None:
        return None
    rate = Fraction(capacity.highest)
    endpoint = Endpoint(rate, -int(-rate * QUEUE_SECONDS // 1), tuple(outages))
    made = make_plan(stream, endpoint, jitter=jitter)
    return {
        "capacity": capacity.highest,
        "said": [
            {"jitter": jitter_named(each), "sentences": list(sentences(made, each))}
            for each in made.outcomes
        ],
        "plan": document(made),
    }
