"""Sends due attempts for the engine: one after the other, or side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from mockserver.core.clock import MovableClock, later
from mockserver.core.errors import LedgerUnusable
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.delivery.due_attempts import DueAttempts
from mockserver.delivery.under_way import UnderWay
from mockserver.ledger.protocol import Result
from mockserver.time.advance import Budget
from mockserver.transport.protocol import (
    ConcurrentTransport,
    ExchangeStopped,
    Transport,
    end_exchange,
    is_batching,
)

#: Turns the outcome that a transport saw into the one that counts in sandbox time.
Account = Callable[[DueAttempt, Outcome], Outcome]


class DueSender(Protocol):
    """Makes what is due at one instant."""

    def send(self, due_at: datetime, budget: Budget) -> int:
        """Make attempts that are due at `due_at`; return how many were made.

        Whatever is raised, attempts with an outcome are recorded and all others given back, now or
        as soon as the ledger takes it.

        Raises:
            LedgerUnusable: The ledger took no more. What had been sent was waited for.
        """


class InTurnSender:
    """Makes a batch of attempts one after the other, each at its own instant.

    A batch ends before the first retry of it could fall due, and when something new arrives, so
    that the order is the same as one at a time.
    """

    def __init__(self, due: DueAttempts, transport: Transport) -> None:
        self._due = due
        self._transport = transport

    def send(self, due_at: datetime, budget: Budget) -> int:
        """Make a batch that begins with what is due at `due_at`; see `DueSender`."""
        due, send = self._due, self._transport.send
        batch = self._batch(due_at, budget)
        arrivals = due.arrivals
        results: list[Result] = []
        begun = 0
        visit, judge = due.visit, due.judge
        try:
            for attempt in batch:
                started_at = visit(attempt.due_at)
                begun += 1
                results.append(judge(attempt, started_at, send(attempt)))
                if due.arrivals != arrivals:
                    break
        finally:
            due.release(batch[len(results) : begun], begun=True)
            due.release(batch[begun:])
            due.record(results)
        return len(results)

    def _batch(self, due_at: datetime, budget: Budget) -> Sequence[DueAttempt]:
        limit = min(self._transport.batch, budget.left)
        resends = self._due.take_resends(limit)
        if resends:
            return resends
        window = self._due.batch_window() if limit > 1 else None
        if window is None:
            return self._due.claim(due_at, 1)
        until_at = later(due_at, window)
        if budget.until_at is not None:
            until_at = min(until_at, budget.until_at)
        return self._due.claim(until_at, min(budget.left, limit))


class SideBySideSender:
    """Makes attempts side by side: those of one instant, or all that is overdue.

    Args:
        due: What is due.
        transport: How attempts are made.
        clock: Tells when they start, unless time is virtual.
        is_virtual: Whether durations are accounted instead of being waited for.
        account: See `Account`.
        is_wanted: Whether an advance waits, which makes all that has not been begun.
        under_way: Knows what is begun and has no outcome.
    """

    def __init__(
        self,
        due: DueAttempts,
        transport: ConcurrentTransport,
        clock: MovableClock,
        is_virtual: Callable[[], bool],
        account: Account | None,
        *,
        is_wanted: Callable[[], bool] = lambda: False,
        under_way: UnderWay | None = None,
    ) -> None:
        self._due = due
        self._transport = transport
        # Once: to look at what a transport can do takes longer than much of what follows.
        self._in_batches = transport if is_batching(transport) else None
        self._clock = clock
        self._is_virtual = is_virtual
        self._account = account
        self._is_wanted = is_wanted
        self._under_way = UnderWay() if under_way is None else under_way

    def send(self, due_at: datetime, budget: Budget) -> int:
        """Make what is due at `due_at`; see `DueSender`.

        When the engine is stopped, attempts under way are dropped and stay claimed: nobody knows
        whether they arrived. When an advance is cancelled, they are dropped and due again.
        """
        due = self._due
        started = _Started(due_at, due.visit(due_at), budget)
        groups = self._exchange(started)
        try:
            for group in groups:
                if due.is_stopped:
                    break
                results = [self._result(attempt, outcome) for attempt, outcome in group]
                # Their outcomes are known from here on, whatever becomes of the ledger.
                self._under_way.end(attempt for attempt, _ in group)
                started.finished += len(group)
                try:
                    due.record(results)
                except LedgerUnusable as error:
                    started.failure = started.failure or error
        except ExchangeStopped:
            pass
        finally:
            end_exchange(groups)
            left = self._under_way.end_all()
            if not due.is_stopped:
                due.release(left, begun=True)
        if started.failure is not None:
            raise started.failure
        return started.finished

    def _exchange(self, started: _Started) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        def pull(places: int) -> Sequence[DueAttempt]:
            return self._pull(started, places)

        def give_back(attempts: Sequence[DueAttempt]) -> None:
            started.count -= len(attempts)
            self._under_way.end(attempts)
            self._due.release(attempts)

        if self._in_batches is not None:
            return self._in_batches.exchange_batches(pull, give_back)
        return self._transport.exchange(pull)

    def _pull(self, started: _Started, places: int) -> Sequence[DueAttempt]:
        due = self._due
        if due.is_stopped or started.is_cancelled:
            raise ExchangeStopped
        if not places or self._is_wanted():
            return ()
        if self._is_virtual():
            until_at, now_at = started.due_at, started.visited_at
        else:
            until_at = now_at = self._clock.now()
        # Resends count as well: an endpoint that resends for each postback would never let it end.
        if started.failure is not None or started.is_budget_spent:
            return ()
        places = min(places, started.budget_left)
        attempts = due.take_resends(places)
        if not attempts:
            try:
                attempts = due.claim_if_due(until_at, places)
            except LedgerUnusable as error:
                started.failure = error
        started.count += len(attempts)
        self._under_way.begin(attempts, now_at)
        return attempts

    def _result(self, attempt: DueAttempt, outcome: Outcome) -> Result:
        if self._account is not None:
            outcome = self._account(attempt, outcome)
        return self._due.judge(attempt, self._under_way.started_at(attempt), outcome)


class _Started:
    """The attempts of one exchange.

    Attributes:
        due_at: While time is virtual, what is due later is left to another exchange.
        visited_at: While time is virtual, the present of the exchange.
        count: How many were begun.
        finished: How many have a result.
        failure: What the ledger said when it took no more; then nothing more is begun, and those
            under way are waited for: they have been sent.
    """

    def __init__(self, due_at: datetime, visited_at: datetime, budget: Budget) -> None:
        self.due_at = due_at
        self.visited_at = visited_at
        self.count = 0
        self.finished = 0
        self.failure: LedgerUnusable | None = None
        self._budget = budget

    @property
    def is_cancelled(self) -> bool:
        return self._budget.is_cancelled

    @property
    def is_budget_spent(self) -> bool:
        return self._budget.is_spent(self.count)

    @property
    def budget_left(self) -> int:
        return self._budget.left - self.count
