"""Tells the feed, and whoever collects them for a while, which attempts were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mockserver.core.models import Attempt
from mockserver.delivery.collected import CollectedAttempts
from mockserver.delivery.feed import Feed
from mockserver.ledger.protocol import Result


class MadeAttempts:
    """Called by the engine with every group of results after it was recorded.

    Attributes:
        listeners: Are called with every attempt.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._collectors: list[CollectedAttempts] = []
        self.listeners: list[Callable[[Attempt], None]] = []

    def __call__(self, results: Sequence[Result]) -> None:
        """Pass on what was made."""
        made = self._feed.add_attempts(results)
        for collected in self._collectors:
            for attempt in made:
                collected.add(attempt)
        for listener in self.listeners:
            for attempt in made:
                listener(attempt)

    @contextmanager
    def collecting(self, listed: int | None = None) -> Iterator[CollectedAttempts]:
        """Lend a list that gets the attempts made meanwhile, `listed` of them at most."""
        collected = CollectedAttempts(listed)
        self._collectors.append(collected)
        try:
            yield collected
        finally:
            # Compared by identity: another list may be equal to it.
            self._collectors = [other for other in self._collectors if other is not collected]
