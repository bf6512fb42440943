"""Makes what is due on a clock that stands, as soon as a store that was away takes something again.

A running clock has a thread that does so anyway.
"""

from __future__ import annotations

import logging
import threading

from mockserver.core.errors import LedgerUnusable
from mockserver.delivery.engine import Engine
from mockserver.delivery.unwritten import AGAIN_REAL_SECONDS

_log = logging.getLogger("mockserver.delivery.settling_later")


class SettlingLater:
    """Settles an engine once the ledger lets it, on a thread that is there only until then.

    Args:
        engine: Makes what is due.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._is_asked = False
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Have it settled as soon as that is possible."""
        with self._lock:
            self._is_asked = True
            if self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(
                    target=self._run, name="postbacks-settling-later", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End the thread, if there is one; the engine must have been stopped before."""
        self._stopped.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(AGAIN_REAL_SECONDS):
            with self._lock:
                self._is_asked = False
            is_away = False
            try:
                self._engine.settle()
            except LedgerUnusable:
                is_away = True
            except Exception:
                _log.exception("what is due could not be made; the next call that does so tries it")
            with self._lock:
                if not (is_away or self._is_asked):
                    self._thread = None
                    return
