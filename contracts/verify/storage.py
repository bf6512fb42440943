"""Waits until an endpoint has stored what it accepted, and returns what is stored.

An endpoint may put events into a queue and answer at once. An event that is stored late must not be
counted for the next postback, and a second copy must be found even if it is stored late.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.verify.postbacks import Postback
from contracts.verify.probe import Probe
from contracts.verify.sight import ProbeSight
from contracts.verify.stored import Stored

#: How long an endpoint may take to have stored what it has accepted, in real seconds.
SETTLING_REAL_SECONDS = 3.0
_POLL_REAL_SECONDS = 0.1


@dataclass
class StorageDelay:
    """How long after its answer an endpoint still stores something.

    Attributes:
        real_seconds: The longest delay seen so far; None if none was measured yet.
    """

    real_seconds: float | None = None

    def learn(self, real_seconds: float) -> None:
        """Keep a measured delay if it is the longest so far."""
        self.real_seconds = max(self.real_seconds or 0.0, real_seconds)


@dataclass(frozen=True, slots=True)
class Storage:
    """What an endpoint stores, seen through a probe.

    Attributes:
        probe: Asks what is stored.
        prefix: The beginning of all ids of the run.
        delay: The longest delay seen so far; waiting updates it.
        patience_real_seconds: The longest time to wait.
        was_sent: Whether the run has sent something that may still be on its way into the store.
        sight: What the probe has shown so far; asking updates it.
    """

    probe: Probe
    prefix: str
    delay: StorageDelay
    patience_real_seconds: float
    was_sent: bool = True
    sight: ProbeSight = field(default_factory=ProbeSight)

    def found(self, postbacks: Sequence[Postback], *, times: int = 1, count: int = 0) -> Stored:
        """Wait until the expected events are stored, or patience is over; return what is stored.

        Args:
            postbacks: What was accepted.
            times: How many entries each of them should have.
            count: How many events there should be in all, for a probe that only counts.

        Raises:
            ProbeFailed: The probe did not answer.
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

    def until(self, is_done: Callable[[Stored], bool]) -> Stored:
        """Wait until what is stored is right, or patience is over; return what is stored."""
        ends = time.monotonic() + self.patience_real_seconds
        stored = self._ask()
        while not is_done(stored) and time.monotonic() < ends:
            time.sleep(_POLL_REAL_SECONDS)
            stored = self._ask()
        return stored

    def at_rest(
        self, postbacks: Sequence[Postback] = (), *, times: int = 1, count: int = 0
    ) -> Stored:
        """Wait like `found`, then until nothing more can arrive; return what is stored."""
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
        """Return how long nothing new must appear before waiting can end."""
        if self.delay.real_seconds:
            return self.delay.real_seconds + 2 * _POLL_REAL_SECONDS
        # An entry shows whose it is, so late ones do no harm. A number does not: it is watched for
        # the whole time, until a delay is known.
        is_unknown = self.delay.real_seconds is None and stored.entries is None and self.was_sent
        return self.patience_real_seconds if is_unknown else 0.0

    def _ask(self) -> Stored:
        stored = self.probe.ask(self.prefix)
        self.sight.look(stored, self.prefix)
        return stored


def _is_missing(stored: Stored, postbacks: Sequence[Postback], times: int, count: int) -> bool:
    if stored.entries is None:
        return stored.count < count
    return any(postback.key and len(stored.of(postback)) < times for postback in postbacks)
