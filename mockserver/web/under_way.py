"""Turns the advance and the attempts that are under way into JSON shapes, for the resources."""

from __future__ import annotations

from mockserver.delivery.advances import AdvanceProgress
from mockserver.delivery.under_way import AttemptUnderWay
from mockserver.web.shapes import AdvanceUnderWay, UnderWayJson

#: How many attempts that are under way are listed.
_LISTED = 10


def advance_under_way(progress: AdvanceProgress | None) -> AdvanceUnderWay | None:
    """Return how far an advance is."""
    if progress is None:
        return None
    return AdvanceUnderWay(
        progress.from_at,
        progress.target_at,
        progress.attempts_made,
        round(progress.real_seconds, 3),
        len(progress.under_way),
        [attempt_under_way(attempt) for attempt in progress.under_way[:_LISTED]],
    )


def attempt_under_way(attempt: AttemptUnderWay) -> UnderWayJson:
    """Return an attempt that is being made."""
    return UnderWayJson(
        attempt.delivery_id,
        attempt.number,
        attempt.url,
        attempt.started_at,
        round(attempt.real_seconds, 3),
    )
