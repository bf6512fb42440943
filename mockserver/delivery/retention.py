"""Removes old deliveries from a sandbox that is left running, a few at a time so that nobody waits.

Only those go that are not pending any more, the oldest first, with their attempts and events.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mockserver.core.durations import format_duration
from mockserver.core.errors import InvalidValue
from mockserver.delivery.feed import Feed
from mockserver.ledger.protocol import Ledger

if TYPE_CHECKING:
    from logging import Logger

#: How many are removed in one transaction: some milliseconds.
PORTION = 250

#: How often the thread looks.
LOOK_EVERY_REAL_SECONDS = 10.0

#: Between two portions, so that whoever waits for the ledger gets it.
_PAUSE_REAL_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Keep:
    """Which finished deliveries stay; pending ones always do.

    Attributes:
        age: Those that were created at most so long ago, in sandbox time; None for any.
        deliveries: Only so many of the latest; None for any number.

    Raises:
        InvalidValue: One of the two is not greater than 0.
    """

    age: timedelta | None = None
    deliveries: int | None = None

    def __post_init__(self) -> None:
        if self.age is not None and self.age <= timedelta(0):
            raise InvalidValue(f"what is kept must be kept for some time, got {self.age}")
        if self.deliveries is not None and self.deliveries < 1:
            raise InvalidValue(f"at least 1 delivery must be kept, got {self.deliveries}")

    def __bool__(self) -> bool:
        """Return whether anything ever goes."""
        return self.age is not None or self.deliveries is not None

    def __str__(self) -> str:
        """Return in words what stays."""
        parts = []
        if self.age is not None:
            parts.append(f"those of the last {format_duration(self.age)}")
        if self.deliveries is not None:
            parts.append(f"the latest {self.deliveries}")
        return " and of these ".join(parts) or "all"


class Retention:
    """Removes from one ledger what is not to be kept.

    Args:
        ledger: What is kept.
        now: The clock of the sandbox.
        keep: What is to be kept.
        feed: Told how many were removed.
    """

    def __init__(self, ledger: Ledger, now: Callable[[], datetime], keep: Keep, feed: Feed) -> None:
        self._ledger = ledger
        self._now = now
        self._keep = keep
        self._feed = feed
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Remove what is too old now, and look again every few seconds, on a thread."""
        self._thread = threading.Thread(target=self._run, name="postbacks-retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the portion under way."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def remove(self) -> int:
        """Remove what is not to be kept at this moment; return how many deliveries that was."""
        removed = 0
        if self._keep.age is not None:
            try:
                created_before_at = self._now() - self._keep.age
            except OverflowError:
                # As old as that nothing can be.
                created_before_at = None
            if created_before_at is not None:
                removed += self._remove(None, created_before_at)
        if self._keep.deliveries is not None:
            removed += self._remove(self._ledger.finished_count() - self._keep.deliveries, None)
        if removed:
            self._feed.add("retention", {"removed": removed})
            _log().info("removed %d deliveries; kept are %s", removed, self._keep)
        return removed

    def _remove(self, surplus: int | None, created_before_at: datetime | None) -> int:
        removed = 0
        while surplus is None or removed < surplus:
            limit = PORTION if surplus is None else min(PORTION, surplus - removed)
            portion = self._ledger.remove_finished(limit, created_before_at)
            removed += portion
            if portion < limit or self._stopped.wait(_PAUSE_REAL_SECONDS):
                break
        return removed

    def _run(self) -> None:
        failure = ""
        while not self._stopped.is_set():
            try:
                self.remove()
                if failure:
                    _log().warning("old deliveries can be removed again")
                failure = ""
            except Exception as error:
                reason = str(error) or type(error).__name__
                # It is tried every few seconds, and a disk may be full for days.
                if reason != failure:
                    _log().warning("old deliveries cannot be removed, trying again: %s", reason)
                failure = reason
            self._stopped.wait(LOOK_EVERY_REAL_SECONDS)


def _log() -> Logger:
    # Imported when there is something to say: most processes that import this never say anything.
    from logging import getLogger

    return getLogger("mockserver.delivery.retention")
