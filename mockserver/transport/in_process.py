"""The smallest transport: a function that answers.

Decides: nothing. Place in the flow: where no socket is wanted, as in properties, simulations
and benchmarks of virtual time. Must not import: anything but `core`.
"""

from __future__ import annotations

from collections.abc import Callable

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome


class CallableTransport:
    """Asks a function for the outcome of every attempt.

    Args:
        answer: Called with each attempt. What it raises is a mistake of the program and is
            passed on; a failed delivery is an outcome that it returns.
        batch: See `Transport.batch`. Leave it at 1 if `answer` looks at the ledger.
    """

    def __init__(self, answer: Callable[[DueAttempt], Outcome], batch: int = 1) -> None:
        self.batch = batch
        self._answer = answer

    def send(self, attempt: DueAttempt) -> Outcome:
        """Return what the function says of `attempt`."""
        return self._answer(attempt)
