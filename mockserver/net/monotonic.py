"""Counts real seconds for those who must go on while a test has frozen the time."""

from __future__ import annotations

import time
from pathlib import Path

_BOOT_ID = "/proc/sys/kernel/random/boot_id"


def real_seconds() -> float:
    """Return a count of real seconds that goes on while `time.monotonic` is frozen."""
    # freezegun and time-machine replace `time.monotonic` and leave this one alone.
    if hasattr(time, "clock_gettime"):
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


def boot_seconds() -> float:
    """Return the real seconds since the machine was started, its sleep included.

    Nobody can set this clock. Where the system has none that goes on while it sleeps, it is
    `real_seconds`; that of macOS does.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return real_seconds()


def this_boot() -> str:
    """Return what this start of the machine is called; empty where that is not known.

    Counts of `boot_seconds` can be compared if they are of the same start.
    """
    try:
        return Path(_BOOT_ID).read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
