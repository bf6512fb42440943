"""Lets a function answer postbacks, for tests and simulations that want no socket.

No command of this package uses it: it is for the `transport` of a `Sandbox` or an `Engine`.
"""

from __future__ import annotations

from collections.abc import Callable

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome


class CallableTransport:
    """Asks a function for the outcome of every attempt.

    Args:
        answer: Called with each attempt; returns its outcome, also of a failed delivery. What it
            raises is passed on, as a mistake of the program.
        batch: See `Transport.batch`. Leave it at 1 if `answer` looks at the ledger.
    """

    def __init__(self, answer: Callable[[DueAttempt], Outcome], batch: int = 1) -> None:
        self.batch = batch
        self._answer = answer

    def send(self, attempt: DueAttempt) -> Outcome:
        """Return the outcome that the function gives."""
        return self._answer(attempt)
