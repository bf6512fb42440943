"""Waits for the work that applications go on with after they have answered."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mockserver.net.monotonic import real_seconds

if TYPE_CHECKING:
    from mockserver.testing.partner import Partner

_LOOK_EVERY_REAL_SECONDS = 0.002


def wait_for_all(applications: Iterable[Partner], timeout: float) -> None:
    """Return when no application works in the background any more.

    Args:
        applications: Those of a test.
        timeout: How long to wait, in real seconds.

    Raises:
        AssertionError: Something goes on after that.
    """
    __tracebackhide__ = True
    give_up = real_seconds() + timeout
    waiting = tuple(applications)
    was_idle = False
    while True:
        working = [each for one in waiting for each in one.transport.still_working()]
        # A thread of a pool that has just been given work may seem to wait for some.
        if not working and (was_idle or not waiting):
            return
        was_idle = not working
        if working and real_seconds() >= give_up:
            raise AssertionError(
                f"after {timeout:g} real seconds an application still works in the background:\n"
                + "\n".join(f"  {each}" for each in working)
            )
        # Not on a clock that can be frozen.
        time.sleep(_LOOK_EVERY_REAL_SECONDS)
