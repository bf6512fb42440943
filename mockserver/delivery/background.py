"""The thread that makes due attempts by themselves while a clock runs.

Decides: when to look again. Place in the flow: beside the engine, on running clocks only;
on every other clock attempts are made by whoever moves it. Must not import: the web,
receivers, transports.
"""

from __future__ import annotations

import logging
import threading

from mockserver.delivery.engine import Engine
from mockserver.ledger.protocol import Ledger
from mockserver.time.clocks import RunningClock

#: The longest nap: an advance made elsewhere may bring the next due instant nearer.
LONGEST_WAIT_REAL_SECONDS = 1.0

_log = logging.getLogger("mockserver.delivery.background")


class BackgroundEngine:
    """Settles the engine whenever something falls due on a running clock."""

    def __init__(self, engine: Engine, ledger: Ledger, clock: RunningClock) -> None:
        self._engine = engine
        self._ledger = ledger
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="postbacks-background", daemon=True)

    def start(self) -> None:
        """Begin to look after what is due."""
        self._thread.start()

    def wake(self) -> None:
        """Look now: something was added or the clock was moved."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread; attempts under way must have been ended before."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            # In this order, so that a stop in between is not slept over.
            self._wake.clear()
            if self._stopping:
                return
            try:
                self._engine.settle()
                wait_real_seconds = self._until_next()
            except Exception:
                # The thread is the only one who would ever make these attempts again.
                _log.exception("an attempt could not be made; trying again in a second")
                wait_real_seconds = LONGEST_WAIT_REAL_SECONDS
            self._wake.wait(wait_real_seconds)

    def _until_next(self) -> float:
        due_at = self._ledger.next_due_at()
        if due_at is None:
            return LONGEST_WAIT_REAL_SECONDS
        return min(self._clock.real_seconds_until(due_at), LONGEST_WAIT_REAL_SECONDS)
