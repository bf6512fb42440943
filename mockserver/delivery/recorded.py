"""Counts the attempts that were recorded, and tells of them whoever is to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mockserver.delivery.resends import Resends
from mockserver.ledger.protocol import Result


class RecordedAttempts:
    """Called with every group of results after it was recorded.

    Args:
        resends: Knows who has asked for one of them.
        on_results: Called with all of them.

    Attributes:
        count: How many there have been.
    """

    def __init__(
        self, resends: Resends, on_results: Callable[[Sequence[Result]], None] | None
    ) -> None:
        self.count: int = 0
        self._resends = resends
        self._on_results = on_results

    def __call__(self, results: Sequence[Result]) -> None:
        """Count them and tell of them."""
        self.count += len(results)
        self._resends.recorded(results)
        if self._on_results is not None:
            self._on_results(results)
