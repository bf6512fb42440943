"""Moves the time of a sandbox for its users, and lets them watch and cancel that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mockserver.core.clock import MovableClock
from mockserver.delivery.advances import AdvanceProgress
from mockserver.delivery.collected import CollectedAttempts
from mockserver.delivery.engine import Engine
from mockserver.delivery.made_attempts import MadeAttempts
from mockserver.delivery.wiring import Wiring
from mockserver.ledger.protocol import Ledger
from mockserver.time.advance import Advance, goal_of, whole
from mockserver.time.clock_lock import ClockLock
from mockserver.time.clocks import RunningClock

if TYPE_CHECKING:
    from mockserver.delivery.background import BackgroundEngine


class SandboxTime:
    """What a sandbox offers of time; it sets what is named here.

    Attributes:
        clock: The only source of time.
        engine: Moves the clock, and makes attempts.
        ledger: Where they are written.
    """

    clock: MovableClock
    engine: Engine
    ledger: Ledger
    _background: BackgroundEngine | None
    _clock_lock: ClockLock
    _made: MadeAttempts
    _wiring: Wiring

    def now(self) -> datetime:
        """Return the present of the sandbox, aware, in UTC."""
        return self.clock.now()

    @property
    def problem(self) -> str | None:
        """Return at once why something cannot be written or is not made, in words; else None."""
        problem = self.ledger.problem() or self.engine.problem
        if problem is None and self._background is not None:
            problem = self._background.problem
        return problem

    def is_virtual(self) -> bool:
        """Return whether durations are accounted in sandbox time, not waited for."""
        return is_virtual(self.clock, self._clock_lock)

    def settle(self) -> None:
        """Make what is due now; on a running clock, wake the thread that does so and return."""
        if self._background is not None:
            self._background.wake()
        else:
            self.engine.settle()

    def advance(
        self, by: timedelta | str | None = None, *, to: datetime | None = None, **units: float
    ) -> Advance:
        """Move the clock, making every attempt on the way at its own instant.

        Args:
            by: How far, e.g. `timedelta(hours=10)` or `10h`; or in units: `advance(hours=10)`.
            to: The instant to move to, aware.
            **units: What `timedelta` takes, e.g. `hours=10` or `minutes=90`.

        Raises:
            ClockCannotGoBack: The target lies in the past.
            AdvanceInProgress: The clock is being advanced already.
            RunawaySchedule: More attempts fell due than any schedule explains; what was
                made is kept, and the advance can be repeated.
        """
        goal = goal_of(by, to, units)
        self._end_hangs()
        if isinstance(goal, datetime):
            return whole(self.engine.advance_to(goal))
        return whole(self.engine.advance_by(goal))

    def advance_to_next(self) -> Advance:
        """Move the clock to the next due instant and make what is due there."""
        self._end_hangs()
        return whole(self.engine.advance_to_next())

    def run_until_idle(self) -> Advance:
        """Move the clock from one due instant to the next until nothing is pending.

        Raises:
            RunawaySchedule: As for `advance`.
        """
        self._end_hangs()
        return whole(self.engine.run_until_idle())

    def advance_within(
        self,
        goal: timedelta | datetime | None,
        budget: int,
        real_seconds: float,
        *,
        to_next: bool = False,
        listed: int | None = None,
        is_unwanted: Callable[[], bool] | None = None,
    ) -> tuple[Advance, CollectedAttempts]:
        """Advance as far as a budget of attempts and real time allows; for servers.

        Args:
            goal: Where to, aware UTC, or how far from where the clock stands when it begins; None
                for as long as something is pending.
            budget: How many attempts to make at most.
            real_seconds: How long to take at most.
            to_next: Go to the next due instant, and ignore `goal`.
            listed: How many attempts to keep; the rest are only counted. All unless given.
            is_unwanted: Whether nobody waits for it any more; asked now and then. If so, it is
                cancelled.

        Returns:
            What was done, and the attempts that were made meanwhile.
        """
        self._end_hangs()
        with self._made.collecting(listed) as collected:
            if to_next:
                done = self.engine.advance_to_next(budget, is_unwanted)
            elif goal is None:
                done = self.engine.run_until_idle(budget, real_seconds, is_unwanted)
            elif isinstance(goal, datetime):
                done = self.engine.advance_to(goal, budget, real_seconds, is_unwanted)
            else:
                done = self.engine.advance_by(goal, budget, real_seconds, is_unwanted)
        return done, collected

    @property
    def advance_progress(self) -> AdvanceProgress | None:
        """Return how far the advance has come that is under way; None if there is none."""
        return self.engine.advance_progress()

    def cancel_advance(self, wait_real_seconds: float = 0.0) -> bool:
        """End the advance that is under way; return whether there was one.

        It begins no other attempt. Those under way are dropped: each is due again at its own
        instant, and its repetition is marked `repeated`, because it may have arrived. The clock
        stays where it is, and another advance goes on from there. Call it from another thread than
        the one that advances.

        Args:
            wait_real_seconds: How long to wait at most for it to end.
        """
        asked = self.engine.cancel_advance()
        if asked is not None:
            asked.ended.wait(wait_real_seconds)
        return asked is not None

    def _end_hangs(self) -> None:
        # On a running clock attempts may be under way that would otherwise be waited for in
        # real time, up to the whole 30 seconds of a hang.
        if self.clock.is_running:
            self._wiring.hurry()


def is_virtual(clock: MovableClock, clock_lock: ClockLock) -> bool:
    """Return whether durations are accounted on this clock; `clock_lock` is held while it moves."""
    if clock_lock.is_advancing or not clock.is_running:
        return True
    return isinstance(clock, RunningClock) and clock.rate != 1
