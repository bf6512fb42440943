"""Limits how much a run may send, and how fast, at what is not the suite's own."""

from __future__ import annotations

import time
from collections.abc import Callable

from mockserver.core.errors import PostbacksError
from mockserver.core.wording import count


class BudgetSpent(PostbacksError):
    """As many requests were sent as a run may send."""

    code = "budget-spent"


class RequestBudget:
    """A budget of requests and the pauses between them.

    Several requests that are to leave at once are let through together; the pause after them is
    as much longer, so that the rate holds on the whole.

    Args:
        most: How many requests may be sent.
        pause_real_seconds: The pause after each; 0 for none.
        sleep: Waits for so many real seconds.
        now: The real seconds that have gone by since some instant.

    Attributes:
        left: How many requests may still be sent.
    """

    def __init__(
        self,
        most: int,
        pause_real_seconds: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self.left = most
        self._pause_real_seconds = pause_real_seconds
        self._sleep = sleep
        self._now = now
        self._next = now()

    @property
    def sent(self) -> int:
        """Return how many requests were let through."""
        return self.most - self.left

    def expect(self, number: int) -> None:
        """Go on only if `number` requests are left.

        Raises:
            BudgetSpent: So many are not left.
        """
        if self.left < number:
            rest = f"; {number} more at once are too many" if self.left else ""
            of = f" of at most {self.most}" if self.left else ", which is the most"
            raise BudgetSpent(f"this run has sent {count(self.sent, 'request')}{of}{rest}")

    def take(self, number: int = 1) -> None:
        """Wait for the turn of `number` requests that leave together.

        Raises:
            BudgetSpent: So many are not left; none of them may be sent.
        """
        self.expect(number)
        self.left -= number
        if not self._pause_real_seconds:
            return
        pause = self._next - self._now()
        if pause > 0:
            self._sleep(pause)
        self._next = self._now() + number * self._pause_real_seconds
