"""Runs a load: hears its crew, adds up what they report, and ends it when it should end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.load.crew import Crew
from mockserver.load.outcomes import Totals
from mockserver.load.result import End, LoadResult, Worker
from mockserver.load.stopping import Ending, first_met
from mockserver.net.monotonic import real_seconds
from mockserver.time.clocks import RunningClock

#: How often progress is told, and conditions are looked at, in real seconds.
TOLD_EVERY = 1.0
#: How long the last report of a load that is ended may take, in real seconds.
LAST_WORD = 0.8
_HEARD_EVERY = 0.1


@dataclass(slots=True)
class LoadRun:
    """A load from its first worker to its last answer.

    Attributes:
        crew: Its processes, which are open.
        expected: How many postbacks it has in all.
        conditions: What ends it early.
        on_said: Told what the master says of workers.
        on_progress: Told the result so far, every second.
    """

    crew: Crew
    expected: int
    conditions: Sequence[Ending] = ()
    on_said: Callable[[Mapping[str, Any]], None] = lambda said: None
    on_progress: Callable[[LoadResult], None] = lambda result: None
    result: LoadResult = field(init=False)
    _began: float | None = None
    _told: float = 0.0
    _is_over: bool = False

    def run(self) -> LoadResult:
        """Run it to its end, and return what came of it; Ctrl-C ends it early."""
        self.result = LoadResult(self.expected)
        try:
            while not self._is_over:
                self._hear(_HEARD_EVERY)
                self._look()
        except KeyboardInterrupt:
            self._end_early(End.INTERRUPTED, "it was interrupted")
        if self._began is not None:
            self.result.real_seconds = real_seconds() - self._began
        return self.result

    def _hear(self, seconds: float) -> None:
        for said in self.crew.hear(seconds):
            self._take(said)
        if self.crew.is_gone and not self._is_over:
            self._fail("the master has ended, so the workers were ended too")

    def _take(self, said: Mapping[str, Any]) -> None:
        result, kind = self.result, said["kind"]
        match kind:
            case "came":
                result.workers[said["part"]] = Worker(said["part"], said["host"], said["pid"])
            case "left":
                left = {part for part, each in result.workers.items() if each.pid == said["pid"]}
                for part in left:
                    del result.workers[part]
            case "report":
                result.totals.add(Totals.from_json(said["totals"]))
            case "began":
                self._began = real_seconds()
                result.began_at = RunningClock().now()
            case "ended":
                result.workers[said["part"]].state = "done"
                result.workers[said["part"]].trouble = said["trouble"]
            case "lost":
                result.workers[said["part"]].state = "lost"
            case "back":
                result.workers[said["part"]].state = "sending"
            case "refused":
                result.refused.append(said["why"])
            case "unwilling" | "failed":
                self._fail(said["why"])
            case "over":
                self._is_over = True
        if kind != "report":
            self.on_said(said)

    def _look(self) -> None:
        """Tell how far it is, and end it if a condition is met."""
        now = real_seconds()
        if self._is_over or self._began is None or now - self._told < TOLD_EVERY:
            return
        self._told = now
        self.result.real_seconds = now - self._began
        self.on_progress(self.result)
        met = first_met(self.conditions, self.result.totals.seconds, now - self._began)
        if met is not None:
            self._end_early(End.DONE if met.is_goal else End.STOPPED, met.why)

    def _end_early(self, end: End, why: str) -> None:
        self.result.end, self.result.why = end, why
        self.crew.stop()
        give_up = real_seconds() + LAST_WORD
        while not (self._is_over or self.crew.is_gone) and real_seconds() < give_up:
            self._hear(_HEARD_EVERY)
        self._is_over = True

    def _fail(self, why: str) -> None:
        if self.result.end is End.DONE:
            self.result.end, self.result.why = End.FAILED, why
        self._is_over = True
