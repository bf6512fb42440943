"""Makes due attempts by themselves, on a thread, while a clock runs."""

from __future__ import annotations

import logging
import threading

from mockserver.core.errors import LedgerUnusable
from mockserver.delivery.engine import Engine
from mockserver.delivery.unwritten import AGAIN_REAL_SECONDS
from mockserver.ledger.protocol import Ledger
from mockserver.time.clocks import RunningClock

#: The longest wait; an advance made elsewhere may bring the next due instant nearer.
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
        self._failure = ""
        #: What the ledger says, and how many attempts it had taken by then.
        self._away: tuple[str, int] | None = None
        self._thread = threading.Thread(target=self._run, name="postbacks-background", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Look for due attempts now, because one was added or the clock was moved."""
        self._wake.set()

    @property
    def problem(self) -> str | None:
        """Return why no attempts are made now, in words; None if they are."""
        away = self._away
        return away[0] if away is not None and away[1] == self._engine.recorded else None

    def stop(self) -> None:
        """End the thread; the engine must have been stopped before."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            # In this order, so that a stop in between ends the wait below.
            self._wake.clear()
            if self._stopping:
                return
            try:
                self._engine.settle()
                wait_real_seconds = self._until_next()
                self._say_that_it_is_back()
                self._failure = ""
            except LedgerUnusable as error:
                self._say_that_it_is_away(error)
                wait_real_seconds = AGAIN_REAL_SECONDS
            except Exception as error:
                # Nobody but this thread would ever make these attempts again.
                self._say_what_failed(error)
                wait_real_seconds = LONGEST_WAIT_REAL_SECONDS
            self._wake.wait(wait_real_seconds)

    def _say_that_it_is_away(self, error: LedgerUnusable) -> None:
        if self._away is None:
            _log.warning("%s. No attempts are made until it can be used again", error)
        self._away = str(error), self._engine.recorded

    def _say_that_it_is_back(self) -> None:
        if self._away is not None:
            self._away = None
            _log.warning("the ledger can be used again; attempts are made")

    def _say_what_failed(self, error: Exception) -> None:
        """Log an error with its traceback, unless it is that of a second ago."""
        failure = f"{type(error).__name__}: {error}"
        if failure != self._failure:
            _log.exception("an attempt could not be made; trying again every second")
        self._failure = failure

    def _until_next(self) -> float:
        due_at = self._ledger.next_due_at()
        if due_at is None:
            return LONGEST_WAIT_REAL_SECONDS
        return min(self._clock.real_seconds_until(due_at), LONGEST_WAIT_REAL_SECONDS)
