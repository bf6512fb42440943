"""Learns the schedule of a fake's retries, for cases that are about other things than the schedule.

Documented are nine retries with exponential backoff, from 1 hour up to 10 hours. Several schedules
obey that, and a case about restarts has nothing to say against any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate, pairwise

from contracts.conformance.target import Target

#: The pauses as the fake reads the documentation: doubling.
PROMISED = tuple(timedelta(hours=hours) for hours in (1, 2, 4, 8, 10, 10, 10, 10, 10))
_FIRST, _LONGEST = timedelta(hours=1), timedelta(hours=10)


def is_documented(pauses: Sequence[timedelta]) -> bool:
    """Return whether there are nine, from 1 hour up to 10 hours, that grow by one factor."""
    if len(pauses) != len(PROMISED) or pauses[0] != _FIRST or max(pauses) != _LONGEST:
        return False
    growing = [later / earlier for earlier, later in pairwise(pauses) if later < _LONGEST]
    if not all(later >= earlier for earlier, later in pairwise(pauses)):
        return False
    return not growing or (min(growing) > 1 and max(growing) - min(growing) < 0.01)


def pauses_of(target: Target) -> tuple[timedelta, ...]:
    """Return the pauses of a delivery that fails to the end, if they are as documented.

    Otherwise those that this project's fake promises are returned: what obeys nothing documented is
    no measure. It is found out once for each case.
    """
    if target.pauses is None:
        app = target.another_app()
        app.add(target.inbox("503").url)
        delivery = app.trigger_one("push.open")
        target.until_idle()
        attempts = target.delivery(delivery.id).attempts
        seen = tuple(later.started_at - earlier.ended_at for earlier, later in pairwise(attempts))
        target.pauses = seen if is_documented(seen) else PROMISED
    return target.pauses


def offsets_of(pauses: Sequence[timedelta]) -> list[timedelta]:
    """Return when each attempt is made, counted from the first, if none takes any time."""
    return list(accumulate(pauses, initial=timedelta()))
