"""A ledger, a clock and an engine over a transport that is a function: what engine tests use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import freezegun
import pytest
import time_machine

from mockserver.core.catalog import Channel
from mockserver.core.clock import DEFAULT_START_AT, ManualClock, MovableClock
from mockserver.core.models import App, Attempt, DueAttempt, MessageEvent, NewDelivery
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import RetryPolicy
from mockserver.delivery.engine import Engine
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Result
from mockserver.transport.in_process import CallableTransport
from mockserver.transport.protocol import ConcurrentTransport, Pull, Transport

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
START_AT = DEFAULT_START_AT

#: Hours from the first attempt to each, if none of them takes any time.
OFFSETS_IN_HOURS = [0, 1, 3, 7, 15, 25, 35, 45, 55, 65]

Answer = Callable[[DueAttempt], Outcome]

#: Freezes time at an instant, and hands out what moves it.
Freeze = Callable[[datetime], AbstractContextManager[Any]]


def _travel(instant_at: datetime) -> AbstractContextManager[Any]:
    return time_machine.travel(instant_at, tick=False)


both_freezers = pytest.mark.parametrize(
    "freeze", [freezegun.freeze_time, _travel], ids=["freezegun", "time-machine"]
)


def status(code: int, elapsed: timedelta = timedelta(0)) -> Outcome:
    return Outcome(OutcomeKind.RESPONSE, elapsed, status=code)


def always(code: int) -> Answer:
    outcome = status(code)
    return lambda attempt: outcome


@dataclass
class EngineSetup:
    """An engine and everything it works on.

    Attributes:
        made: Delivery, number and the time the clock told, of every attempt in order.
        answer: What the next attempts come to; may be replaced, may raise, may call back.
        groups: Results that were recorded together.
        on_results: Called with each of these groups; may be replaced, may raise.
        account: What outcomes are turned into; may be replaced.
    """

    ledger: MemoryLedger
    clock: MovableClock
    engine: Engine
    transport: Transport | ConcurrentTransport
    answer: Answer
    made: list[tuple[int, int | None, datetime]] = field(default_factory=list)
    groups: list[list[Result]] = field(default_factory=list)
    on_results: Callable[[Sequence[Result]], object] = lambda results: None
    account: Callable[[DueAttempt, Outcome], Outcome] = lambda attempt, outcome: outcome

    def deliver(self, count: int = 1, *, app_id: str = "app", settle: bool = True) -> list[int]:
        """Add deliveries that are due now, as an event would; return their ids."""
        ids = self.schedule([self.clock.now()] * count, app_id=app_id)
        if settle:
            self.engine.settle()
        return ids

    def schedule(self, due: Iterable[datetime], *, app_id: str = "app") -> list[int]:
        """Add deliveries first due at these instants and leave them alone."""
        new = [
            NewDelivery(
                app_id,
                1,
                "http://h/",
                MessageEvent(app_id, Channel.EMAIL, "Open", due_at),
                due_at,
            )
            for due_at in due
        ]
        return [delivery.id for delivery in self.ledger.add_deliveries(new)]

    def attempts(self, delivery_id: int = 1) -> list[Attempt]:
        return self.ledger.attempts(delivery_id)

    def offsets_in_hours(self, delivery_id: int = 1) -> list[float]:
        starts = [attempt.started_at for attempt in self.attempts(delivery_id)]
        return [(start - starts[0]) / HOUR for start in starts]

    def state(self, delivery_id: int = 1) -> str:
        delivery = self.ledger.delivery(delivery_id)
        assert delivery is not None
        return delivery.state.value

    def history(self) -> list[tuple[Any, ...]]:
        """Return everything that can be compared between two setups."""
        return [
            (
                delivery.id,
                delivery.state,
                delivery.due_at,
                delivery.attempts_made,
                *self.ledger.attempts(delivery.id),
            )
            for delivery in self.ledger.deliveries()
        ]

    def _send(self, attempt: DueAttempt) -> Outcome:
        self.made.append((attempt.delivery_id, attempt.number, self.clock.now()))
        return self.answer(attempt)


def engine_setup(
    answer: Answer | int = 503,
    *,
    clock: MovableClock | None = None,
    retry: RetryPolicy | None = None,
    batch: int = 1,
    capacity: int | None = None,
) -> EngineSetup:
    """Return an engine with all it works on and one app called `app`.

    Args:
        answer: What attempts come to; a status, or a function.
        clock: A `ManualClock` by default.
        retry: The documented policy by default.
        batch: Of the transport that sends one after the other.
        capacity: Give it to send side by side instead.
    """
    ledger = MemoryLedger()
    ledger.put_app(App("app", retry=retry) if retry else App("app"))
    clock = clock or ManualClock()

    def send(attempt: DueAttempt) -> Outcome:
        return made._send(attempt)

    def account(attempt: DueAttempt, outcome: Outcome) -> Outcome:
        return made.account(attempt, outcome)

    def recorded(results: Sequence[Result]) -> None:
        made.groups.append(list(results))
        made.on_results(results)

    transport: Transport | ConcurrentTransport
    transport = CallableTransport(send, batch) if capacity is None else SideBySide(send, capacity)
    engine = Engine(ledger, transport, clock, account=account, on_results=recorded)
    answer = always(answer) if isinstance(answer, int) else answer
    made = EngineSetup(ledger, clock, engine, transport, answer)
    return made


class SideBySide:
    """A concurrent transport without a network: fills its places, finishes all, starts anew.

    Attributes:
        pulls: Places offered and attempts got, of every pull.
        closed_early: How many exchanges were ended by an error of the caller.
    """

    def __init__(self, send: Answer, capacity: int) -> None:
        self.capacity = capacity
        self.pulls: list[tuple[int, int]] = []
        self.closed_early = 0
        self._send = send

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        under_way: list[DueAttempt] = []
        with self._counting_early_ends():
            while True:
                under_way += self._pull(pull, self.capacity - len(under_way))
                if not under_way:
                    return
                # The later half finishes first, so that order cannot come from luck.
                half = len(under_way) // 2
                under_way, group = under_way[:half], under_way[half:]
                yield [(attempt, self._send(attempt)) for attempt in group]

    def close(self) -> None:
        """Nothing is kept open."""

    def _pull(self, pull: Pull, places: int) -> Sequence[DueAttempt]:
        pulled = pull(places)
        self.pulls.append((places, len(pulled)))
        return pulled

    @contextmanager
    def _counting_early_ends(self) -> Iterator[None]:
        try:
            yield
        except GeneratorExit:
            self.closed_early += 1
            raise


class Broken(Exception):
    """A mistake of the program that answers."""


class PassingClock(ManualClock):
    """A clock on which a second passes with every look at it, as on a busy machine."""

    is_running = True

    def now(self) -> datetime:
        now_at = super().now()
        self._now_at = now_at + SECOND
        return now_at
