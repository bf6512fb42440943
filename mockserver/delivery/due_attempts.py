"""Claims the attempts that are due, judges their outcomes and records them, for the senders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mockserver.core.clock import MovableClock, later
from mockserver.core.errors import ClockCannotGoBack
from mockserver.core.models import App, DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DeliveryState
from mockserver.delivery.apps import readable_apps
from mockserver.delivery.policies import Policies
from mockserver.delivery.recorded import RecordedAttempts
from mockserver.delivery.resends import Resend, Resends
from mockserver.delivery.unwritten import Unwritten
from mockserver.ledger.protocol import Ledger, Result
from mockserver.time.advance import Budget


class DueAttempts:
    """What is due in a ledger, and where its results go.

    Args:
        ledger: What is due, and where results are written.
        clock: The only source of time.
        on_results: Called with every group of results after it was recorded.
        policies: What follows from an outcome.

    Attributes:
        arrivals: Grows when something arrived that may change what is due next.
        is_stopped: Whether no more attempts are to be made.
        recorded: The attempts that have been recorded so far.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: MovableClock,
        on_results: Callable[[Sequence[Result]], None] | None,
        policies: Policies,
    ) -> None:
        self.arrivals = 0
        self.is_stopped = False
        self._ledger = ledger
        self._clock = clock
        self._policies = policies
        self._resends = Resends()
        self.recorded = RecordedAttempts(self._resends, on_results)
        self._unwritten = Unwritten(ledger, self.recorded)

    @property
    def problem(self) -> str | None:
        """Return why outcomes wait to be written, in words; None if none does."""
        return self._unwritten.problem

    def next_at(self, budget: Budget) -> datetime | None:
        """Return the instant of the next attempt, not after the budget's end; None if none is.

        Raises:
            LedgerUnusable: Outcomes wait to be written, and the ledger does not take them.
        """
        # What is due next depends on them.
        self._unwritten.catch_up()
        due_at = self._ledger.next_due_at()
        if due_at is not None and budget.until_at is not None and due_at > budget.until_at:
            due_at = None
        # A resend is made now, before all that is due.
        return self._clock.now() if self._resends else due_at

    def claim(self, until_at: datetime, limit: int) -> Sequence[DueAttempt]:
        """Claim up to `limit` attempts that are due not after `until_at`, in order."""
        return self._unwritten.claim(until_at, limit)

    def claim_if_due(self, until_at: datetime, limit: int) -> Sequence[DueAttempt]:
        """Do the same, and spare the claim if nothing is due; for those who ask often."""
        # A claim is written down, and nothing may be due for long.
        due_at = self._ledger.next_due_at()
        return () if due_at is None or due_at > until_at else self.claim(until_at, limit)

    def release(self, attempts: Sequence[DueAttempt], *, begun: bool = False) -> None:
        """Give back claimed attempts without an outcome; if the ledger is away, later.

        Args:
            attempts: Their outcome is not known and never will be.
            begun: Whether they may have been sent.
        """
        if not attempts:
            return
        manual = [
            attempt._replace(repeated=attempt.repeated or begun)
            for attempt in attempts
            if attempt.number is None
        ]
        # A ledger knows nothing of manual ones: what is not kept here would never be made.
        self._resends.put_back(manual)
        if len(attempts) > len(manual):
            scheduled = [each for each in attempts if each.number is not None]
            self._unwritten.release(scheduled, begun=begun)

    def add_resend(self, attempt: DueAttempt) -> Resend:
        """Put a manual attempt before all that is due."""
        return self._resends.add(attempt)

    def take_resends(self, places: int) -> Sequence[DueAttempt]:
        """Return up to so many manual attempts; whoever takes them makes them."""
        return self._resends.take(places) if self._resends else ()

    def forget(self) -> None:
        """Drop what the ledger knew before it was reset."""
        self._resends.clear()
        self._policies.clear()
        self._unwritten.forget()
        self.arrivals += 1

    def visit(self, due_at: datetime) -> datetime:
        """Make `due_at` the present, if it is not past; return when the attempt starts."""
        now_at = self._clock.now()
        if due_at > now_at or (due_at < now_at and self._clock.can_rewind):
            self.move_to(due_at)
            return due_at
        return now_at

    def move_to(self, instant_at: datetime) -> None:
        """Make `instant_at` the present."""
        if self._clock.now() == instant_at:
            return
        try:
            self._clock.move_to(instant_at)
        except ClockCannotGoBack:
            # Time that runs by itself may have passed the instant between two looks.
            if not self._clock.is_running:
                raise

    def judge(self, attempt: DueAttempt, started_at: datetime, outcome: Outcome) -> Result:
        """Return the result of an attempt: what state follows, and when the next one is due."""
        policy = self._policies[attempt.app_id]
        number = attempt.number
        if number is None:
            delivered = policy.decide(1, outcome).state is DeliveryState.DELIVERED
            state = DeliveryState.DELIVERED if delivered else DeliveryState.PENDING
            return Result(attempt, started_at, outcome, state, None)
        state, delay = policy.decide(number, outcome)
        due_at = None if delay is None else later(later(started_at, outcome.elapsed), delay)
        return Result(attempt, started_at, outcome, state, due_at)

    def record(self, results: Sequence[Result]) -> None:
        """Write a group of results, all in one transaction.

        Raises:
            LedgerUnusable: The ledger does not take them now. They are kept, and written later.
        """
        if results:
            self._unwritten.record(results)

    def close(self) -> None:
        """Write what waits to be written, if that is possible at once."""
        self._unwritten.stop()

    def app_changed(self, app: App) -> None:
        """Take over the policy of an app that was put."""
        self._policies[app.app_id] = app.retry
        self.arrivals += 1

    def app_gone(self, app_id: str) -> None:
        """Forget the policy of an app that was deleted."""
        self._policies.pop(app_id, None)
        self.arrivals += 1

    def batch_window(self) -> timedelta | None:
        """Return how far ahead a batch may reach without meeting a retry of its own."""
        delays = [delay for app in readable_apps(self._ledger).apps for delay in app.retry.delays]
        shortest = min(delays, default=timedelta(0))
        return shortest - timedelta.resolution if shortest else None
