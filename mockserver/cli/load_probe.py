"""Asks a probe before a load and after it, and says what became of the postbacks."""

from __future__ import annotations

import time
from collections.abc import Callable

from mockserver.client.probe import Probe
from mockserver.client.probe_answer import ProbeFailed, Stored
from mockserver.core.errors import InvalidConfig
from mockserver.load.outcomes import Totals
from mockserver.load.stored_load import StoredLoad, counted, listed

#: An endpoint may store later than it answers: asked so often, with such pauses, in real seconds.
ASKED_AT_MOST, PAUSE = 20, 0.5
#: What has not grown for so many questions is all there is.
_UNCHANGED = 3


class LoadProbe:
    """What a user has given to find out what is stored.

    Args:
        probe: Answers it.
        prefix: What the user ids of the run begin with.
        one_each: Whether every user has one event.
        sleep: Waits for so many real seconds.
    """

    def __init__(
        self,
        probe: Probe,
        prefix: str,
        *,
        one_each: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._probe = probe
        self._prefix = prefix
        self._one_each = one_each
        self._sleep = sleep
        self._before = 0

    def begin(self) -> None:
        """Ask once before anything is sent: its faults must not be the endpoint's.

        Raises:
            InvalidConfig: It cannot be used.
        """
        try:
            self._before = self._probe.ask(self._prefix).count
        except ProbeFailed as error:
            raise InvalidConfig(f"{error} (--probe; nothing was sent)") from None

    def found(self, totals: Totals) -> StoredLoad:
        """Return what is stored, once it does not grow any more.

        Raises:
            ProbeFailed: It does not answer any more.
        """
        found = self._judged(self._probe.ask(self._prefix), totals)
        unchanged = 0
        for _ in range(ASKED_AT_MOST):
            if not found.lost or unchanged == _UNCHANGED:
                break
            self._sleep(PAUSE)
            before, found = found, self._judged(self._probe.ask(self._prefix), totals)
            unchanged = unchanged + 1 if found == before else 0
        return found

    def _judged(self, stored: Stored, totals: Totals) -> StoredLoad:
        if stored.entries is None:
            return counted(self._before, stored.count, totals)
        return listed(stored.entries, self._prefix, totals, one_each=self._one_each)
