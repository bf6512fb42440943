"""Waits until an endpoint has stored what it accepted, and returns what is stored.

An endpoint may put events into a queue and answer at once. An event that is stored late must not be
counted for the next postback, and a second copy must be found even if it is stored late.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from contracts.verify.postbacks import Postback
from contracts.verify.sight import ProbeSight
from contracts.verify.stored import Stored
from mockserver.client.probe import Probe

#: How long an endpoint may take to have stored what it has accepted, in real seconds.
SETTLING_REAL_SECONDS = 3.0
#: The pauses between two looks, the first and the longest: each is twice as long as the one before.
_FIRST_POLL_REAL_SECONDS, _POLL_REAL_SECONDS = 0.025, 0.1
#: So many of the latest delays tell how busy the endpoint is now.
_LATEST = 5


@dataclass
class StorageDelay:
    """How long after its answer an endpoint still stores something.

    Behind a burst a queue is late, and soon it is not any more.

    Attributes:
        real_seconds: The longest delay seen so far; None if none was measured yet.
    """

    real_seconds: float | None = None

    def __post_init__(self) -> None:
        """Begin with no delay."""
        self._latest: deque[float] = deque(maxlen=_LATEST)

    def learn(self, real_seconds: float) -> None:
        """Take note of a measured delay."""
        self.real_seconds = max(self.real_seconds or 0.0, real_seconds)
        self._latest.append(real_seconds)

    def was_none(self) -> None:
        """Take note that something was stored as soon as anybody looked."""
        self._latest.append(0.0)

    @property
    def lately(self) -> float:
        """Return the longest of the latest delays, in real seconds."""
        return max(self._latest, default=0.0)


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
        if not _is_missing(stored, postbacks, times, count):
            if postbacks:
                self.delay.was_none()
            return stored
        for pause in _pauses():
            if time.monotonic() >= began + self.patience_real_seconds:
                break
            time.sleep(pause)
            stored = self._ask()
            if not _is_missing(stored, postbacks, times, count):
                self.delay.learn(time.monotonic() - began)
                break
        return stored

    def until(self, is_done: Callable[[Stored], bool]) -> Stored:
        """Wait until what is stored is right, or patience is over; return what is stored."""
        ends = time.monotonic() + self.patience_real_seconds
        stored = self._ask()
        for pause in _pauses():
            if is_done(stored) or time.monotonic() >= ends:
                break
            time.sleep(pause)
            stored = self._ask()
        return stored

    def at_rest(
        self, postbacks: Sequence[Postback] = (), *, times: int = 1, count: int = 0
    ) -> Stored:
        """Wait like `found`, then until nothing more can arrive; return what is stored."""
        stored = self.found(postbacks, times=times, count=count)
        quiet = self._quiet_real_seconds(stored)
        began = changed = time.monotonic()
        for pause in _pauses():
            if time.monotonic() >= min(changed + quiet, began + self.patience_real_seconds):
                break
            time.sleep(pause)
            again = self._ask()
            if again.count != stored.count:
                changed = time.monotonic()
            stored = again
        if quiet:
            self.delay.learn(changed - began)
        return stored

    def _quiet_real_seconds(self, stored: Stored) -> float:
        """Return how long nothing new must appear before waiting can end."""
        margin = 2 * _POLL_REAL_SECONDS
        if stored.entries is not None:
            # An entry shows whose it is, so late ones of others do no harm, and one that comes
            # later than this is found when everything is asked for at the end.
            lately = self.delay.lately
            return lately + min(margin, lately + _POLL_REAL_SECONDS / 2) if lately else 0.0
        if self.delay.real_seconds:
            return self.delay.real_seconds + margin
        # A number is watched for the whole time, until a delay is known.
        is_unknown = self.delay.real_seconds is None and self.was_sent
        return self.patience_real_seconds if is_unknown else 0.0

    def _ask(self) -> Stored:
        stored = self.probe.ask(self.prefix)
        self.sight.look(stored, self.prefix)
        return stored


def _pauses() -> Iterator[float]:
    """Yield how long to wait before each look, for ever."""
    pause = _FIRST_POLL_REAL_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, _POLL_REAL_SECONDS)


def _is_missing(stored: Stored, postbacks: Sequence[Postback], times: int, count: int) -> bool:
    if stored.entries is None:
        return stored.count < count
    return any(postback.key and len(stored.of(postback)) < times for postback in postbacks)
