"""Starts the threads that work for a sandbox beside its callers, and stops them with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.core.clock import MovableClock
from mockserver.delivery.engine import Engine
from mockserver.delivery.feed import Feed
from mockserver.delivery.retention import Keep, Retention
from mockserver.ledger.protocol import Ledger
from mockserver.time.clocks import RunningClock

if TYPE_CHECKING:
    from mockserver.delivery.background import BackgroundEngine
    from mockserver.delivery.settling_later import SettlingLater


class WorkBeside:
    """What goes on by itself in one sandbox.

    Args:
        engine: What makes attempts.
        ledger: Where they stand.
        clock: If it runs, attempts are made as they fall due.
        feed: What is told of what was removed.
        keep: Which finished deliveries stay; those that do not are removed.
        is_served: Whether the sandbox serves others: it makes what it has promised them.

    Attributes:
        background: Makes attempts as they fall due; None on a clock that stands still.
        settling_later: Makes those that could not be made at once; None where nothing happens by
            itself.
    """

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        clock: MovableClock,
        feed: Feed,
        keep: Keep,
        *,
        is_served: bool,
    ) -> None:
        self.background: BackgroundEngine | None = None
        self.settling_later: SettlingLater | None = None
        if isinstance(clock, RunningClock):
            # A test's clock stands still: it need not import the thread and its log.
            from mockserver.delivery.background import BackgroundEngine

            self.background = BackgroundEngine(engine, ledger, clock)
            self.background.start()
        elif is_served:
            from mockserver.delivery.settling_later import SettlingLater

            self.settling_later = SettlingLater(engine)
        self._retention = Retention(ledger, clock.now, keep, feed) if keep else None
        if self._retention is not None:
            self._retention.start()

    def stop(self) -> None:
        """End what goes on."""
        for helper in (self.background, self.settling_later, self._retention):
            if helper is not None:
                helper.stop()
