"""Moves the clock from one due instant to the next and has what is due there sent.

Laws, each of them tested: the target of an advance is included; attempts due at the same instant
run in the order in which they were scheduled; while an attempt runs, the present is its due
instant; time only moves forward; an advance within an advance is refused; a budget of attempts
stops a runaway; after an error the advance can be resumed; advancing by a and then by b is
advancing by a + b; a clock that runs by itself stands while it is advanced, so that nothing falls
due unseen while an answer is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

from mockserver.core.clock import LATEST_AT, MovableClock, check_room, later
from mockserver.core.errors import ClockCannotGoBack, UnknownDelivery
from mockserver.core.models import App
from mockserver.core.retry import RetryPolicy
from mockserver.delivery.advances import AdvanceProgress, Advances, AskedAdvance
from mockserver.delivery.due_attempts import DueAttempts
from mockserver.delivery.policies import Policies
from mockserver.delivery.resends import Resend
from mockserver.delivery.senders import Account, DueSender, InTurnSender, SideBySideSender
from mockserver.delivery.under_way import AttemptUnderWay, UnderWay
from mockserver.ledger.protocol import Ledger, Result
from mockserver.time.advance import DEFAULT_BUDGET, Advance, Budget, runaway
from mockserver.time.clock_lock import CancelledWhileWaiting, ClockLock
from mockserver.time.clocks import RunningClock
from mockserver.transport.protocol import ConcurrentTransport, Transport, is_concurrent


class Engine:
    """Makes the attempts that are due, in order, on the clock it is given.

    Args:
        ledger: What is due, and where results are written.
        transport: How an attempt is made.
        clock: The only source of time; moved by nobody else.
        account: Turns the outcome that a concurrent transport saw into the one that counts in
            sandbox time.
        on_results: Called with every group of results after it was recorded.
        keep_clock: Called by an advance with the instant where the clock is about to stand, aware
            UTC, to write that down. What it raises ends the advance before the clock is moved
            there, so that whoever hears of a failure may ask for the same again.
        policies: What the ledger says of its apps, if somebody else is to ask them, too.
        clock_lock: Held while time is moved, if somebody else is to look at it, too.
    """

    def __init__(
        self,
        ledger: Ledger,
        transport: Transport | ConcurrentTransport,
        clock: MovableClock,
        *,
        account: Account | None = None,
        on_results: Callable[[Sequence[Result]], None] | None = None,
        keep_clock: Callable[[datetime], object] = lambda stands_at: None,
        policies: Policies | None = None,
        clock_lock: ClockLock | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._keep_clock = keep_clock
        lock = self._clock_lock = ClockLock() if clock_lock is None else clock_lock
        self._policies = Policies(ledger) if policies is None else policies
        self._due = DueAttempts(ledger, clock, on_results, self._policies)
        recorded = self._due.recorded
        # Nothing here holds the engine: it would be garbage that only a collection finds.
        self._advances = Advances(lambda: recorded.count)
        self._under_way = UnderWay()
        self._sender: DueSender
        if is_concurrent(transport):
            self._sender = SideBySideSender(
                self._due,
                transport,
                clock,
                lambda: lock.is_advancing or not clock.is_running,
                account,
                is_wanted=lambda: lock.is_wanted,
                under_way=self._under_way,
            )
        else:
            self._sender = InTurnSender(self._due, transport)

    @property
    def is_virtual(self) -> bool:
        """Whether durations are accounted in sandbox time instead of being waited for."""
        return self._clock_lock.is_advancing or not self._clock.is_running

    @property
    def is_advance_wanted(self) -> bool:
        """Whether an advance waits for the attempts under way, to make all others itself."""
        return self._clock_lock.is_wanted

    def settle(self, budget: int = DEFAULT_BUDGET) -> int:
        """Make every attempt that is due now, each at its own instant; return how many.

        To be called after deliveries were added. If another call makes attempts already, it
        makes these, too, and this one returns 0 at once.

        Raises:
            RunawaySchedule: The budget was used up and more is due; nothing is undone.
        """
        made, complete = self._settle(budget)
        if not complete:
            raise runaway(made, self._clock.now())
        return made

    def advance_by(
        self,
        duration: timedelta,
        budget: int = DEFAULT_BUDGET,
        real_seconds: float | None = None,
        is_unwanted: Callable[[], bool] | None = None,
    ) -> Advance:
        """Move the clock by `duration` from where it stands; otherwise like `advance_to`."""
        return self._advance(
            lambda now_at: later(now_at, duration), budget, real_seconds, is_unwanted
        )

    def advance_to(
        self,
        target_at: datetime,
        budget: int = DEFAULT_BUDGET,
        real_seconds: float | None = None,
        is_unwanted: Callable[[], bool] | None = None,
    ) -> Advance:
        """Move the clock to `target_at`, stopping at every due instant on the way.

        Args:
            target_at: Aware UTC; attempts due at this very instant are made.
            budget: How many attempts to make at most.
            real_seconds: How long to take at most; attempts under way are finished.
            is_unwanted: Whether nobody waits for the advance any more; asked now and then. If so,
                it is cancelled.

        Raises:
            ClockCannotGoBack: The target lies in the past.
            AdvanceInProgress: Time is being moved already.
            InvalidValue: The target is later than a clock can stand; nothing was done.
        """
        return self._advance(lambda now_at: target_at, budget, real_seconds, is_unwanted)

    def advance_to_next(
        self,
        budget: int = DEFAULT_BUDGET,
        is_unwanted: Callable[[], bool] | None = None,
    ) -> Advance:
        """Move the clock to the next due instant and make what is due there."""
        return self._advance(
            lambda now_at: max(now_at, self._ledger.next_due_at() or now_at),
            budget,
            None,
            is_unwanted,
        )

    def run_until_idle(
        self,
        budget: int = DEFAULT_BUDGET,
        real_seconds: float | None = None,
        is_unwanted: Callable[[], bool] | None = None,
    ) -> Advance:
        """Move the clock from due instant to due instant until nothing is pending.

        What is due later than a clock can stand stays pending.
        """
        return self._advance(lambda now_at: None, budget, real_seconds, is_unwanted)

    def advance_progress(self) -> AdvanceProgress | None:
        """Return how far the advance has come that is under way; None if there is none."""
        asked = self._advances.current()
        return None if asked is None else asked.progress(self._clock.now(), self.under_way())

    @property
    def problem(self) -> str | None:
        """Return why outcomes wait to be written, in words; None if none does."""
        return self._due.problem

    @property
    def recorded(self) -> int:
        """Return how many attempts have been recorded so far."""
        return self._due.recorded.count

    def under_way(self) -> list[AttemptUnderWay]:
        """Return the attempts that are being made through sockets right now."""
        return self._under_way.now()

    def cancel_advance(self) -> AskedAdvance | None:
        """End the advance that is under way, if there is one, and return it.

        It begins no other attempt. Those under way are dropped: each is due again at its own
        instant, and its repetition is marked `repeated`, because it may have arrived. The clock
        stays where it is, and another advance goes on from there.
        """
        asked = self._advances.current()
        if asked is not None:
            asked.cancellation.cancel()
            # A batch in this process ends, too.
            self._due.arrivals += 1
        return asked

    def resend(self, delivery_id: int, *, settle: bool = True) -> Resend:
        """Make one attempt of a delivery now, outside its schedule.

        Args:
            delivery_id: Any delivery, whatever its state.
            settle: Whether to make it here; if not, the next settle or advance makes it.

        Returns:
            What comes of it. It may be made by another call that makes attempts already.

        Raises:
            UnknownDelivery: No delivery has this id.
        """
        attempt = self._ledger.claim_resend(delivery_id, self._clock.now())
        if attempt is None:
            raise UnknownDelivery(f"no delivery has the id {delivery_id}")
        asked = self._due.add_resend(attempt)
        if settle:
            self.settle()
        return asked

    def forget(self) -> None:
        """Drop resends that were not begun, and policies, after the ledger was reset."""
        self._due.forget()

    def begin_again(self, forget: Callable[[], None]) -> None:
        """Call `forget` while no attempt is made, and put the clock back to its start.

        Attempts under way are waited for.

        Raises:
            AdvanceInProgress: Time is being moved, or an attempt has called this.
        """
        with self._clock_lock.advancing():
            forget()
            self.forget()
            self._clock.start_over()
        # Whoever added something meanwhile has left it to this call.
        self.settle()

    def stop(self) -> None:
        """Make no more attempts, and drop those under way; they stay claimed."""
        self._due.is_stopped = True

    def close(self) -> None:
        """Write outcomes that wait to be written, if that is possible at once; after `stop`."""
        self._due.close()

    @property
    def is_stopped(self) -> bool:
        """Whether no more attempts are made."""
        return self._due.is_stopped

    @property
    def is_waiting_useless(self) -> bool:
        """Whether no attempt is made while the caller waits: one has called it, or all is over."""
        return self.is_stopped or self._clock_lock.is_within

    def policy_of(self, app_id: str) -> RetryPolicy:
        """Return the retry policy of an app."""
        return self._policies[app_id]

    def app_changed(self, app: App) -> None:
        """Take over the policy of an app that was put."""
        self._due.app_changed(app)

    def app_gone(self, app_id: str) -> None:
        """Forget the policy of an app that was deleted."""
        self._due.app_gone(app_id)

    def _settle(self, budget: int) -> tuple[int, bool]:
        self._due.arrivals += 1
        made, complete = 0, True
        while self._clock_lock.begin_settling():
            try:
                now_at = self._clock.now()
                more, complete = self._run(
                    Budget(now_at, budget - made), lambda: self.is_advance_wanted
                )
                made += more
                self._due.move_to(now_at)
            finally:
                again = self._clock_lock.end()
            if not again or not complete:
                break
        return made, complete

    def _advance(
        self,
        target: Callable[[datetime], datetime | None],
        budget: int,
        real_seconds: float | None,
        is_unwanted: Callable[[], bool] | None,
    ) -> Advance:
        with self._advances.asked(is_unwanted) as asked:
            try:
                done = self._move(asked, target, budget, real_seconds)
            except CancelledWhileWaiting:
                now_at = self._clock.now()
                done = Advance(now_at, now_at, 0, None, complete=False, cancelled=True)
            made, complete = done.attempts_made, done.complete
            # Whoever added something after the last look has left it to this call.
            if complete:
                more, complete = self._settle(max(0, budget - made))
                made += more
            next_due_at = self._ledger.next_due_at()
        return replace(done, attempts_made=made, complete=complete, next_due_at=next_due_at)

    def _move(
        self,
        asked: AskedAdvance,
        target: Callable[[datetime], datetime | None],
        budget: int,
        real_seconds: float | None,
    ) -> Advance:
        """Make what is due on the way, and move the clock to the target if it gets there."""
        cancellation = asked.cancellation
        with (
            self._clock_lock.advancing(cancellation, self._described),
            _standing(self._clock),
        ):
            from_at = self._clock.now()
            target_at = target(from_at)
            if target_at is not None and target_at < from_at:
                raise ClockCannotGoBack(
                    f"the clock stands at {from_at.isoformat()} and only moves forward; "
                    f"{target_at.isoformat()} lies in its past"
                )
            # Before the first attempt is made: it would not get there.
            until_at = LATEST_AT if target_at is None else check_room(target_at)
            asked.begin(from_at, target_at)
            made, complete = self._run(Budget(until_at, budget, real_seconds, cancellation))
            # One that was stopped has not made what is due on the way.
            complete = complete and not self._due.is_stopped
            stands_at = self._clock.now()
            if complete:
                stands_at = max(target_at or stands_at, from_at)
            self._keep_clock(stands_at)
            if complete:
                self._due.move_to(stands_at)
            now_at = self._clock.now()
        cancelled = not complete and (cancellation.is_cancelled or self._due.is_stopped)
        return Advance(from_at, now_at, made, None, complete, cancelled)

    def _described(self) -> str:
        progress = self.advance_progress()
        return "" if progress is None else f" ({progress})"

    def _run(self, budget: Budget, is_left: Callable[[], bool] = lambda: False) -> tuple[int, bool]:
        """Make what is due; return how many attempts, and whether the budget was enough.

        Args:
            budget: How far to go.
            is_left: Whether to leave the rest to somebody else.
        """
        while True:
            over = self._due.is_stopped or is_left()
            due_at = None if over else self._due.next_at(budget)
            if due_at is None:
                return budget.made, True
            if budget.is_cancelled or budget.is_spent():
                return budget.made, False
            budget.made += self._sender.send(due_at, budget)


def _standing(clock: MovableClock) -> AbstractContextManager[None]:
    return clock.standing() if isinstance(clock, RunningClock) else nullcontext()
