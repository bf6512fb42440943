"""Describes the machine and how busy it was, so that readers can judge a figure."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from benchmarks.processes import can_pin

_TICKS = Path("/proc/stat")


def machine() -> str:
    """Return the machine in a line."""
    pinned = "servers and loads pinned to a core each" if can_pin() else "nothing pinned"
    return (
        f"{os.cpu_count()} cores, {platform.python_implementation()} "
        f"{platform.python_version()}, {platform.system()} {platform.machine()}, {pinned}"
    )


class Bystanders:
    """Watches how much of the processors goes to processes that are not ours.

    What is measured beside others says little: ask at the end of a run, when all children
    have ended.
    """

    def __init__(self) -> None:
        self._before = _processor_seconds()

    def share(self) -> str:
        """Return what others took since the beginning, in words."""
        before, now = self._before, _processor_seconds()
        if before is None or now is None:
            return "other processes not watched"
        total, busy, ours = (after - earlier for after, earlier in zip(now, before, strict=True))
        share = max(0.0, busy - ours) / total if total else 0.0
        return f"other processes took {share:.0%} of the processors"


def _processor_seconds() -> tuple[float, float, float] | None:
    """Return what all cores had, what was used of it, and what we used of that."""
    try:
        first = _TICKS.read_text().partition("\n")[0]
    except OSError:
        return None
    # user, nice, system, idle, iowait, irq, softirq, steal; what guests take is in user.
    ticks = [int(field) / os.sysconf("SC_CLK_TCK") for field in first.split()[1:9]]
    waiting = ticks[3] + ticks[4]
    own = os.times()
    ours = own.user + own.system + own.children_user + own.children_system
    return sum(ticks), sum(ticks) - waiting, ours
