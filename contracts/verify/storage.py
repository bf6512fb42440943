"""Waits until an endpoint has stored what it accepted, and then tells what is stored.

An endpoint may put events into a queue and answer at once. What it stores late must not be counted
for the next postback, and what it stores twice must be found even if the second copy is late.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.verify.postbacks import Postback
from contracts.verify.probe import Probe
from contracts.verify.stored import Stored

#: How long an endpoint may take to have stored what it has accepted, in real seconds.
SETTLING_REAL_SECONDS = 3.0
_POLL_REAL_SECONDS = 0.1


@dataclass
class StorageDelay:
    """How much later than it answers an endpoint was seen to store.

    Attributes:
        real_seconds: The most so far; None if nothing is known yet.
    """

    real_seconds: float | None = None

    def learn(self, real_seconds: float) -> None:
        """Take this for the most if it is."""
        self.real_seconds = max(self.real_seconds or 0.0, real_seconds)


@dataclass(frozen=True, slots=True)
class Storage:
    """What an endpoint stores, seen through a probe.

    Attributes:
        probe: Tells what is stored.
        prefix: What the run's ids begin with.
        delay: What is known of how late it stores; learned from what is seen.
        patience_real_seconds: How long is waited at most.
        was_sent: Whether anything was sent that may still come.
    """

    probe: Probe
    prefix: str
    delay: StorageDelay
    patience_real_seconds: float
    was_sent: bool = True

    def found(self, postbacks: Sequence[Postback], *, times: int = 1, count: int = 0) -> Stored:
        """Return what is stored, as soon as all is there that is waited for.

        Args:
            postbacks: What was accepted.
            times: How many entries each of them should have.
            count: How many events there should be if the probe only counts.

        Raises:
            ProbeFailed: It cannot be told.
        """
        began = time.monotonic()
        stored = self._ask()
        while _is_missing(stored, postbacks, times, count):
            if time.monotonic() >= began + self.patience_real_seconds:
                return stored
            time.sleep(_POLL_REAL_SECONDS)
            stored = self._ask()
            if not _is_missing(stored, postbacks, times, count):
                self.delay.learn(time.monotonic() - began)
        return stored

    def at_rest(
        self, postbacks: Sequence[Postback] = (), *, times: int = 1, count: int = 0
    ) -> Stored:
        """Return what is stored, when nothing more is to be expected; see `found`."""
        stored = self.found(postbacks, times=times, count=count)
        quiet = self._quiet_real_seconds(stored)
        began = changed = time.monotonic()
        while time.monotonic() < min(changed + quiet, began + self.patience_real_seconds):
            time.sleep(_POLL_REAL_SECONDS)
            again = self._ask()
            if again.count != stored.count:
                changed = time.monotonic()
            stored = again
        if quiet:
            self.delay.learn(changed - began)
        return stored

    def _quiet_real_seconds(self, stored: Stored) -> float:
        """Return how long nothing must have come for nothing to be expected."""
        if self.delay.real_seconds:
            return self.delay.real_seconds + 2 * _POLL_REAL_SECONDS
        # Entries tell themselves whose they are. A number has to be watched, once.
        is_unknown = self.delay.real_seconds is None and stored.entries is None and self.was_sent
        return self.patience_real_seconds if is_unknown else 0.0

    def _ask(self) -> Stored:
        return self.probe.ask(self.prefix)


def _is_missing(stored: Stored, postbacks: Sequence[Postback], times: int, count: int) -> bool:
    if stored.entries is None:
        return stored.count < count
    return any(postback.key and len(stored.of(postback)) < times for postback in postbacks)
