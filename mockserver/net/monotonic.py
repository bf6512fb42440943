"""Counts real seconds for those who must go on while a test has frozen the time."""

from __future__ import annotations

import time


def real_seconds() -> float:
    """Return a count of real seconds that goes on while `time.monotonic` is frozen."""
    # freezegun and time-machine replace `time.monotonic` and leave this one alone.
    if hasattr(time, "clock_gettime"):
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()
