"""The loop: the next due instant, claim, send, decide, record.

Decides: the order in which attempts are made and what time it is while they are. Place in
the flow: between the ledger, which knows what is due, and the transport, which sends. Must
not import: the web, receivers, the sandbox.

Laws, each of them tested: the target of an advance is included; ties run first in, first
out; while an attempt runs, the present is its due instant; time only moves forward; a move
inside a move is refused; a budget of attempts stops a runaway; after an error the advance
can be resumed; advancing by a and then by b is advancing by a + b.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mockserver.core.clock import MovableClock
from mockserver.core.errors import ClockCannotGoBack, InvalidValue, UnknownDelivery
from mockserver.core.models import App, DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DEFAULT_RETRY_POLICY, DeliveryState, RetryPolicy
from mockserver.ledger.protocol import Ledger, Result
from mockserver.time.advance import DEFAULT_BUDGET, Advance, Budget, runaway
from mockserver.time.clock_lock import ClockLock
from mockserver.transport.protocol import ConcurrentTransport, Transport


class Engine:
    """Makes the attempts that are due, in order, on the clock it is given.

    Args:
        ledger: What is due, and where results are written.
        transport: How an attempt is made.
        clock: The only source of time; moved by nobody else.
        account: Turns the outcome a transport saw into the one that counts in sandbox time.
        on_results: Told of every group of results after it was recorded.
    """

    def __init__(
        self,
        ledger: Ledger,
        transport: Transport | ConcurrentTransport,
        clock: MovableClock,
        *,
        account: Callable[[DueAttempt, Outcome], Outcome] | None = None,
        on_results: Callable[[Sequence[Result]], None] | None = None,
    ) -> None:
        self._ledger = ledger
        self._transport = transport
        self._clock = clock
        self._account = account
        self._on_results = on_results
        self._clock_lock = ClockLock()
        self._policies: dict[str, RetryPolicy] = {}
        self._resends: list[DueAttempt] = []
        self._arrivals = 0
        self._stopped = False

    @property
    def is_virtual(self) -> bool:
        """Whether durations are accounted in sandbox time instead of being waited for."""
        return self._clock_lock.is_advancing or not self._clock.is_running

    def settle(self, budget: int = DEFAULT_BUDGET) -> int:
        """Make every attempt that is due now, each at its own instant; return how many.

        To be called after deliveries were added. If somebody else drives already, their loop
        makes the attempts, and this returns 0 at once.

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
    ) -> Advance:
        """Move the clock by `duration` from where it stands; else like `advance_to`."""
        return self._advance(lambda now_at: now_at + duration, budget, real_seconds)

    def advance_to(
        self,
        target_at: datetime,
        budget: int = DEFAULT_BUDGET,
        real_seconds: float | None = None,
    ) -> Advance:
        """Move the clock to `target_at`, stopping at every due instant on the way.

        Args:
            target_at: Aware UTC; attempts due at this very instant are made.
            budget: How many attempts to make at most.
            real_seconds: How long to take at most; attempts under way are finished.

        Raises:
            ClockCannotGoBack: The target lies in the past.
            AdvanceInProgress: Time is being moved already.
        """
        return self._advance(lambda now_at: target_at, budget, real_seconds)

    def advance_to_next(self, budget: int = DEFAULT_BUDGET) -> Advance:
        """Move the clock to the next due instant and make what is due there."""
        return self._advance(
            lambda now_at: max(now_at, self._ledger.next_due_at() or now_at), budget, None
        )

    def run_until_idle(
        self, budget: int = DEFAULT_BUDGET, real_seconds: float | None = None
    ) -> Advance:
        """Move the clock from due instant to due instant until nothing is pending."""
        return self._advance(lambda now_at: None, budget, real_seconds)

    def resend(self, delivery_id: int, *, settle: bool = True) -> None:
        """Make one attempt of a delivery now, outside its schedule.

        Args:
            delivery_id: Any delivery, whatever its state.
            settle: Whether to make it here; else whoever settles next does.

        Raises:
            UnknownDelivery: No delivery has this id.
        """
        attempt = self._ledger.claim_resend(delivery_id, self._clock.now())
        if attempt is None:
            raise UnknownDelivery(f"no delivery has the id {delivery_id}")
        self._resends.append(attempt)
        if settle:
            self.settle()

    def forget(self) -> None:
        """Drop what was asked for and not begun, after the ledger was reset."""
        self._resends.clear()
        self._policies.clear()
        self._arrivals += 1

    def stop(self) -> None:
        """Make no more attempts, and drop those under way: they stay claimed."""
        self._stopped = True

    def policy_of(self, app_id: str) -> RetryPolicy:
        """Return the retry policy of an app."""
        policy = self._policies.get(app_id)
        if policy is None:
            app = self._ledger.app(app_id)
            policy = DEFAULT_RETRY_POLICY if app is None else app.retry
            self._policies[app_id] = policy
        return policy

    def app_changed(self, app: App) -> None:
        """Take over the policy of an app that was put."""
        self._policies[app.app_id] = app.retry
        self._arrivals += 1

    def _settle(self, budget: int) -> tuple[int, bool]:
        self._arrivals += 1
        made, complete = 0, True
        while self._clock_lock.begin_settling():
            try:
                now_at = self._clock.now()
                more, complete = self._run(Budget(now_at, budget - made))
                made += more
                self._move_to(now_at)
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
    ) -> Advance:
        with self._clock_lock.advancing():
            from_at = self._clock.now()
            try:
                target_at = target(from_at)
            except OverflowError:
                raise InvalidValue(
                    f"the clock stands at {from_at.isoformat()} and ends with the year 9999"
                ) from None
            if target_at is not None and target_at < from_at:
                raise ClockCannotGoBack(
                    f"the clock stands at {from_at.isoformat()} and only moves forward; "
                    f"{target_at.isoformat()} lies in its past"
                )
            made, complete = self._run(Budget(target_at, budget, real_seconds))
            if complete:
                self._move_to(max(target_at or self._clock.now(), from_at))
            now_at = self._clock.now()
        # What arrived after the last look was left to us by those who brought it.
        if complete:
            more, complete = self._settle(max(0, budget - made))
            made += more
        return Advance(from_at, now_at, made, self._ledger.next_due_at(), complete)

    def _run(self, budget: Budget) -> tuple[int, bool]:
        """Make what is due until the goal; return how many, and whether it was reached."""
        send = self._send_in_turn
        if isinstance(self._transport, ConcurrentTransport):
            send = self._send_together
        while True:
            due_at = self._ledger.next_due_at()
            nothing_due = due_at is None or (
                budget.until_at is not None and due_at > budget.until_at
            )
            if self._stopped or (nothing_due and not self._resends):
                return budget.made, True
            if budget.is_spent():
                return budget.made, False
            if nothing_due or due_at is None or self._resends:
                due_at = self._clock.now()
            budget.made += send(due_at, budget)

    def _send_in_turn(self, due_at: datetime, budget: Budget) -> int:
        """Make a batch of attempts one after the other, each at its own instant.

        A batch ends before the first retry of it could fall due, and when something new
        arrives, so that the order is the same as one at a time.
        """
        transport: Transport = self._transport  # type: ignore[assignment]
        batch: Sequence[DueAttempt] = self._take_resends(transport.batch)
        if not batch:
            window = self._window() if transport.batch > 1 else None
            until_at = due_at if window is None else due_at + window
            if budget.until_at is not None and budget.until_at < until_at:
                until_at = budget.until_at
            limit = 1 if window is None else transport.batch
            batch = self._ledger.claim(until_at, min(budget.left, limit))
        arrivals = self._arrivals
        results: list[Result] = []
        send, visit, judge = transport.send, self._visit, self._judge
        try:
            for attempt in batch:
                started_at = visit(attempt.due_at)
                results.append(judge(attempt, started_at, send(attempt)))
                if self._arrivals != arrivals:
                    break
        finally:
            if len(results) < len(batch):
                self._ledger.release(batch[len(results) :])
            self._record(results)
        return len(results)

    def _send_together(self, due_at: datetime, budget: Budget) -> int:
        """Make attempts side by side: those of one instant, or all that is overdue."""
        transport: ConcurrentTransport = self._transport  # type: ignore[assignment]
        under_way: dict[DueAttempt, datetime] = {}
        started = 0
        made = 0
        visited_at = self._visit(due_at)

        def pull(places: int) -> Sequence[DueAttempt]:
            nonlocal started
            if self._stopped:
                raise _Stopped
            is_virtual = self.is_virtual
            now_at = visited_at if is_virtual else self._clock.now()
            attempts = self._take_resends(places)
            if not attempts and not budget.is_spent(started):
                until_at = due_at if is_virtual else now_at
                next_at = self._ledger.next_due_at()
                # Asked first, because a claim is written down, and nothing may be due for long.
                if next_at is not None and next_at <= until_at:
                    limit = min(places, budget.left - started)
                    attempts = self._ledger.claim(until_at, limit)
            started += len(attempts)
            for attempt in attempts:
                under_way[attempt] = now_at
            return attempts

        groups = transport.exchange(pull)
        try:
            for group in groups:
                if self._stopped:
                    raise _Stopped
                results = [
                    self._judge(attempt, under_way[attempt], self._accounted(attempt, outcome))
                    for attempt, outcome in group
                ]
                self._record(results)
                for attempt, _ in group:
                    del under_way[attempt]
                made += len(results)
        except _Stopped:
            under_way.clear()
        finally:
            # Drops what is under way, which an iterator that is merely left alone may not.
            getattr(groups, "close", _nothing)()
            if under_way:
                self._ledger.release(list(under_way))
        return made

    def _visit(self, due_at: datetime) -> datetime:
        """Make `due_at` the present, if it is not past; return when the attempt starts."""
        now_at = self._clock.now()
        if due_at > now_at or (due_at < now_at and self._clock.can_rewind):
            self._move_to(due_at)
            return due_at
        return now_at

    def _move_to(self, instant_at: datetime) -> None:
        if self._clock.now() == instant_at:
            return
        try:
            self._clock.move_to(instant_at)
        except ClockCannotGoBack:
            # Time that runs by itself may have passed the instant between two looks.
            if not self._clock.is_running:
                raise

    def _judge(self, attempt: DueAttempt, started_at: datetime, outcome: Outcome) -> Result:
        policy = self._policies.get(attempt.app_id) or self.policy_of(attempt.app_id)
        number = attempt.number
        if number is None:
            delivered = policy.decide(1, outcome).state is DeliveryState.DELIVERED
            state = DeliveryState.DELIVERED if delivered else DeliveryState.PENDING
            return Result(attempt, started_at, outcome, state, None)
        state, delay = policy.decide(number, outcome)
        due_at = None if delay is None else started_at + outcome.elapsed + delay
        return Result(attempt, started_at, outcome, state, due_at)

    def _accounted(self, attempt: DueAttempt, outcome: Outcome) -> Outcome:
        return outcome if self._account is None else self._account(attempt, outcome)

    def _record(self, results: Sequence[Result]) -> None:
        if results:
            self._ledger.record(results)
            if self._on_results is not None:
                self._on_results(results)

    def _take_resends(self, places: int) -> list[DueAttempt]:
        taken, self._resends = self._resends[:places], self._resends[places:]
        return taken

    def _window(self) -> timedelta | None:
        """Return how far ahead a batch may reach without meeting a retry of its own."""
        delays = [delay for app in self._ledger.apps() for delay in app.retry.delays]
        shortest = min(delays, default=timedelta(0))
        return shortest - timedelta.resolution if shortest else None


class _Stopped(Exception):
    """Ends an exchange in the middle; those under way stay claimed."""


def _nothing() -> None:
    pass
