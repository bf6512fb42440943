"""Collects the attempts that are made while an advance lasts, for whoever asked for it."""

from __future__ import annotations

from collections import Counter

from mockserver.core.models import Attempt


class CollectedAttempts(list[Attempt]):
    """The first attempts that were made, and a count of all.

    Args:
        listed: How many to keep; all unless given.

    Attributes:
        outcomes: How many had which outcome, by its word: a status, or e.g. `timeout`.
    """

    def __init__(self, listed: int | None = None) -> None:
        super().__init__()
        self.outcomes: Counter[str] = Counter()
        self._listed = listed

    def add(self, attempt: Attempt) -> None:
        """Count an attempt, and keep it if there is room."""
        self.outcomes[attempt.outcome.summary] += 1
        if self._listed is None or len(self) < self._listed:
            self.append(attempt)

    @property
    def total(self) -> int:
        """Return how many there are, those that were not kept included."""
        return self.outcomes.total()
