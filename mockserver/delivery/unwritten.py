"""Keeps the outcomes that the ledger could not take, and writes them as soon as it can.

A disk may be full for a while, or another program may hold the file. What was sent has happened, so
its outcome is kept here, in order, and tried again from time to time. If the process ends first,
the claim on file says that the attempt was under way, and it is repeated and marked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from mockserver.core.errors import LedgerUnusable
from mockserver.core.models import DueAttempt
from mockserver.core.wording import count
from mockserver.ledger.protocol import Ledger, Result

if TYPE_CHECKING:
    from logging import Logger

#: How long to wait between two tries.
AGAIN_REAL_SECONDS = 0.25


class Unwritten:
    """Writes results and gives back claims; what fails is kept and tried again.

    Args:
        ledger: Where to.
        on_results: Called with every group of results after it was recorded.
    """

    def __init__(
        self, ledger: Ledger, on_results: Callable[[Sequence[Result]], None] | None
    ) -> None:
        self._ledger = ledger
        self._on_results = on_results
        # Held while the ledger is written to, so that what is kept is written once and in order.
        self._lock = threading.RLock()
        self._results: list[Result] = []
        self._releases: list[tuple[Sequence[DueAttempt], bool]] = []
        self._doubtful_claim = False
        self._failure = ""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the ledger knows every outcome."""
        return not (self._results or self._releases)

    @property
    def problem(self) -> str | None:
        """Return why outcomes wait to be written, in words; None if none does."""
        waiting = len(self._results)
        if not waiting:
            return None
        return f"{count(waiting, 'outcome')} could not be written: {self._failure}"

    def claim(self, until_at: datetime, limit: int) -> Sequence[DueAttempt]:
        """Claim attempts; if that fails, the claim may be on file all the same.

        Raises:
            LedgerUnusable: The ledger takes no claim now.
        """
        try:
            return self._ledger.claim(until_at, limit)
        except LedgerUnusable:
            self._doubtful_claim = True
            raise

    def record(self, results: Sequence[Result]) -> None:
        """Write results after all that was kept before.

        Raises:
            LedgerUnusable: The ledger does not take them now; they are kept.
        """
        with self._lock:
            if self._results:
                self._results += results
                self.write()
                return
            try:
                self._ledger.record(results)
            except LedgerUnusable as error:
                self._failure = str(error)
                self._results += results
                self._try_again_later()
                raise
        self._publish(results)

    def release(self, attempts: Sequence[DueAttempt], *, begun: bool = False) -> None:
        """Give back claims, now or as soon as the ledger takes that."""
        with self._lock:
            self._releases.append((attempts, begun))
            try:
                self.write()
            except LedgerUnusable:
                self._try_again_later()

    def catch_up(self) -> None:
        """Write all that is kept, and give back a claim of which nobody knows; see `write`.

        To be called while no attempt is under way.
        """
        self.write()
        if self._doubtful_claim:
            self._ledger.recover(begun=False)
            self._doubtful_claim = False

    def write(self) -> None:
        """Write all that is kept.

        Raises:
            LedgerUnusable: The ledger does not take it now.
        """
        if self.is_empty:
            return
        with self._lock:
            written, self._results = self._results, []
            try:
                if written:
                    self._ledger.record(written)
            except BaseException as error:
                self._failure = str(error)
                self._results = written
                raise
            while self._releases:
                attempts, begun = self._releases[0]
                self._ledger.release(attempts, begun=begun)
                del self._releases[0]
        if written:
            self._publish(written)

    def forget(self) -> None:
        """Drop what is kept, after the ledger was reset."""
        with self._lock:
            self._results.clear()
            self._releases.clear()
            self._doubtful_claim = False

    def stop(self) -> None:
        """Write what is kept if that is possible at once, and try no more."""
        self._stopped.set()
        thread = self._thread
        if thread is not None:
            thread.join()
        if not self.is_empty and self._ledger.problem() is None:
            # Else the claims on file say what was under way.
            with suppress(LedgerUnusable):
                self.write()
        if self._results:
            _log().warning(
                "%s could not be written; when a sandbox is started on the ledger again, it makes "
                "these attempts once more and marks them as repeated",
                count(len(self._results), "outcome"),
            )

    def _publish(self, results: Sequence[Result]) -> None:
        if self._on_results is not None:
            self._on_results(results)

    def _try_again_later(self) -> None:
        if self._thread is None and not self._stopped.is_set():
            self._thread = threading.Thread(
                target=self._try_again, name="postbacks-unwritten", daemon=True
            )
            self._thread.start()

    def _try_again(self) -> None:
        while not self._stopped.wait(AGAIN_REAL_SECONDS):
            try:
                self.write()
            except LedgerUnusable:
                continue
            with self._lock:
                if self.is_empty:
                    self._thread = None
                    return


def _log() -> Logger:
    # Imported when there is something to say: most processes that import this never say anything.
    from logging import getLogger

    return getLogger("mockserver.delivery.unwritten")
