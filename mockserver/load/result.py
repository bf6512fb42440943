"""Holds what came of a load: the sums of all workers, and what became of the workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mockserver.load.outcomes import Totals

#: Why postbacks were not sent that no worker has counted.
ENDED_EARLY = "the load was ended before their instants"
WITH_A_WORKER = "they were a worker's that was lost, or failed, and had not told of them"


class End(StrEnum):
    """The ways a load can end."""

    #: Every part was sent and answered, or is lost.
    DONE = "done"
    #: A condition of its user was met.
    STOPPED = "stopped"
    #: Somebody ended it.
    INTERRUPTED = "interrupted"
    #: It could not begin, or the master was lost.
    FAILED = "failed"


@dataclass(slots=True)
class Worker:
    """One worker of a load.

    Attributes:
        part: Which part it had, from 0.
        host: The name of its machine.
        pid: Its process there.
        state: `sending`, `done` or `lost`.
        trouble: What went wrong in it, if something did.
    """

    part: int
    host: str
    pid: int
    state: str = "sending"
    trouble: str = ""


@dataclass(slots=True)
class LoadResult:
    """What came of a load.

    Attributes:
        expected: How many postbacks it had in all.
        began_at: When it began, aware UTC; None if it did not.
        end: How it ended.
        why: Why it ended so, in a line; empty if it is done.
        real_seconds: How long it took.
        totals: What was counted.
        workers: By part.
        refused: Why workers that came could not take part.
    """

    expected: int
    began_at: datetime | None = None
    end: End = End.DONE
    why: str = ""
    real_seconds: float = 0.0
    totals: Totals = field(default_factory=Totals)
    workers: dict[int, Worker] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @property
    def lost(self) -> list[Worker]:
        """Return the workers that were lost."""
        return [worker for worker in self.workers.values() if worker.state == "lost"]

    @property
    def unsent(self) -> dict[str, int]:
        """Return how many postbacks were not sent, by the reason; every one has one."""
        found = dict(self.totals.unsent)
        left = self.expected - self.totals.planned
        failed = self.lost or any(worker.trouble for worker in self.workers.values())
        if left > 0:
            found[WITH_A_WORKER if failed and self.end is End.DONE else ENDED_EARLY] = left
        return found

    @property
    def unknown(self) -> int:
        """Return how many were sent by a worker that was lost before it told what came of them."""
        return self.totals.sent - self.totals.ended - self.totals.cut

    @property
    def exit_code(self) -> int:
        """Return what a command ends with."""
        if self.end is End.INTERRUPTED:
            return 130
        if self.end is End.FAILED:
            return 3
        troubled = any(worker.trouble for worker in self.workers.values())
        return 1 if self.end is End.STOPPED or self.lost or troubled else 0
