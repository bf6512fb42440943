"""Says what a transport is: the engine hands over attempts and gets their outcomes.

Whatever goes wrong at the other end is an outcome, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome

if TYPE_CHECKING:
    from typing_extensions import TypeIs

#: Hands out up to so many claimed attempts; an empty answer means that none is due now. What it
#: raises ends the exchange at once, so a transport without a free place asks for none now and then.
Pull = Callable[[int], Sequence[DueAttempt]]

#: Takes back attempts that were pulled and not begun; they are handed out again, in their order.
GiveBack = Callable[[Sequence[DueAttempt]], None]


class ExchangeStopped(Exception):
    """Raised by a `pull` to end an exchange at once; transports let it pass."""


class Transport(Protocol):
    """Sends one postback at a time, to code in this process.

    Attributes:
        batch: How many attempts may be made before their results are recorded together. It is
            1 where the code that is called may look at the ledger, or outlives the process.
    """

    @property
    def batch(self) -> int:
        """Return the attribute of this name; it may change."""

    def send(self, attempt: DueAttempt) -> Outcome:
        """POST to `attempt.url` with an empty body and return what came of it."""


class ConcurrentTransport(Protocol):
    """Sends many postbacks at once, to other processes.

    Attributes:
        capacity: How many may be under way at a time.
    """

    capacity: int

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        """POST everything that `pull` hands out, yielding groups as they finish.

        It pulls at most as many as it can begin at once. It goes on pulling when places become
        free, and from time to time while it waits. It ends when nothing is under way and `pull`
        returns nothing. The caller records each group before it asks for the next.
        """

    def close(self) -> None:
        """Close the connections it keeps."""


class BatchingTransport(ConcurrentTransport, Protocol):
    """A concurrent transport some of whose attempts may be claimed and recorded together."""

    def exchange_batches(
        self, pull: Pull, give_back: GiveBack
    ) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        """Do what `exchange` does, but pull more at a time, and give back what is too much.

        More are pulled only as long as all go to code in this process that lets them be batched.
        """


def is_concurrent(transport: Transport | ConcurrentTransport) -> TypeIs[ConcurrentTransport]:
    """Return whether a transport sends many postbacks at once."""
    # Not `isinstance` with a protocol: that takes longer than all else a sandbox is made of.
    return hasattr(transport, "exchange")


def is_batching(transport: ConcurrentTransport) -> TypeIs[BatchingTransport]:
    """Return whether some of its attempts may be claimed and recorded together."""
    return hasattr(transport, "exchange_batches")


def end_exchange(groups: Iterator[object]) -> None:
    """Drop what an exchange has under way, now and not when it is garbage collected."""
    close = getattr(groups, "close", None)
    if close is not None:
        close()
