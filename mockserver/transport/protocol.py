"""What it takes to send a postback.

Decides: the two shapes a transport can have. Place in the flow: the engine hands over
attempts it has claimed and gets outcomes back; failures are outcomes, never exceptions.
Must not import: anything but `core`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome

#: Hands out up to so many claimed attempts; an empty answer means that none is due now.
Pull = Callable[[int], Sequence[DueAttempt]]


class Transport(Protocol):
    """Sends one postback at a time, in this process: nothing of it survives the process.

    Attributes:
        batch: How many attempts may be made before their results are recorded together; 1
            where the code that is called may look at the ledger or outlive the process.
    """

    batch: int

    def send(self, attempt: DueAttempt) -> Outcome:
        """POST to `attempt.url` with an empty body and return what came of it."""


@runtime_checkable
class ConcurrentTransport(Protocol):
    """Sends many postbacks at once, to other processes.

    Attributes:
        capacity: How many may be under way at a time.
    """

    capacity: int

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        """POST everything that `pull` hands out, yielding groups as they finish.

        It pulls at most as many as it can begin at once, goes on pulling as places become
        free and now and then while it waits, and ends when nothing is under way and `pull`
        returns nothing. The caller records each group before it asks for the next.
        """

    def close(self) -> None:
        """Close the connections it keeps."""
