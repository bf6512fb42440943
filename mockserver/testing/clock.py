"""Keeps the time of a test: it stands still, or follows freezegun or time-machine.

Neither of the two is imported here. They are looked for among what is imported already.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Literal

from mockserver.core.clock import ManualClock
from mockserver.time.clocks import AmbientClock, Freezer


class FollowingClock:
    """A manual clock that follows freezegun or time-machine while one of them freezes the time.

    A decorator of a test freezes the time after the fixtures were made. So every call looks
    whether it is frozen.

    Args:
        start_at: Where it stands at first, aware; a fixed instant unless told.
    """

    is_running = False

    def __init__(self, start_at: datetime | None = None) -> None:
        self._own = ManualClock() if start_at is None else ManualClock(start_at)
        self._freezer: Freezer | None = None
        self._ambient = AmbientClock()
        self._frozen_at: datetime | None = None

    @property
    def mode(self) -> Literal["manual", "running", "ambient"]:
        """Return `ambient` while the time is frozen, else `manual`."""
        return self._followed().mode

    @property
    def can_rewind(self) -> bool:
        """Return whether it may be moved back; only frozen time may, so that a test can replay."""
        return self._followed().can_rewind

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        clock = self._followed()
        now_at = clock.now()
        if clock is self._ambient:
            self._frozen_at = now_at
        return now_at

    def move_to(self, instant_at: datetime) -> None:
        """Move to `instant_at`, aware, in UTC."""
        clock = self._followed()
        clock.move_to(instant_at)
        if clock is self._ambient:
            self._frozen_at = instant_at

    def start_over(self) -> None:
        """Go back to the start; while the time is frozen, stay: it is the freezer's."""
        self._followed().start_over()

    def _followed(self) -> ManualClock | AmbientClock:
        freezer = active_freezer()
        if freezer is None:
            if self._frozen_at is not None:
                # No longer frozen: what is pending goes on from where the frozen time stood.
                self._own.move_to(max(self._own.now(), self._frozen_at))
                self._frozen_at = None
            return self._own
        if freezer is not self._freezer:
            self._freezer, self._ambient = freezer, AmbientClock(freezer)
        return self._ambient


def active_freezer() -> Freezer | None:
    """Return what freezes the time now; None if nothing does."""
    freezegun = sys.modules.get("freezegun.api")
    factories = getattr(freezegun, "freeze_factories", None)
    if factories:
        newest: Freezer = factories[-1]
        return newest
    time_machine = sys.modules.get("time_machine")
    # The first name is that of time-machine 3, the second that of earlier versions.
    travelling = getattr(time_machine, "traveller_stack", None) or getattr(
        time_machine, "coordinates_stack", None
    )
    if travelling:
        latest: Freezer = travelling[-1]
        return latest
    return None
