"""Sends one worker's part of a load, each postback at its planned instant.

The load is open: a postback is sent when it is planned, whether or not earlier ones were answered.
Where no connection is free it waits; its latency is counted from the planned instant, so that an
endpoint that stands still is seen in every postback that would have come meanwhile. What could not
be sent within `patience` is counted as not sent. Arrivals are made as they are needed, so memory
does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from mockserver.core.errors import PostbacksError
from mockserver.core.models import DueAttempt, ParametersEncoding
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DEFAULT_RETRY_POLICY, DeliveryState
from mockserver.core.template import Template
from mockserver.load.arrival import Arrival
from mockserver.load.outcomes import DELIVERED, LIMITS, Totals
from mockserver.transport.protocol import ExchangeStopped, Pull

#: Why a postback was not sent.
LATE = "no connection was free in time"
BEYOND_BUDGET = "beyond --max-requests"
UNWRITABLE = "its event cannot be written into the URL"
#: How often what was counted is handed over, in real seconds.
HANDED_OVER_EVERY = 0.25
#: Whoever ends a load waits this long at most, in real seconds.
_LOOK_EVERY = 0.05
#: So many are given up at a time, so that a load can be ended meanwhile.
_GIVEN_UP_AT_ONCE = 2_000
_MILLION = 1_000_000
#: So late that a worker with a free connection was too slow, in microseconds.
_SLOW = 50_000
_EXAMPLE = 200


class Exchange(Protocol):
    """What a part is sent with; see `ConcurrentTransport`."""

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        """POST everything that `pull` hands out."""


@dataclass(slots=True)
class PartSender:
    """Sends the arrivals of one part.

    Attributes:
        arrivals: In the order of their planned instants.
        template: What they are rendered into.
        transport: Sends them.
        most: How many may be sent.
        patience: How late one may still be sent.
        hand_over: Takes what was counted since the last time.
        now: The real seconds that have gone by since some instant.
        sleep: Waits for so many real seconds.
        on_outcome: Told of every outcome, with its latency in microseconds, unless it is None.
        parameters_encoding: How Parameters are written.
        stopped: Whether it is to end now; set by whoever ends it.
        is_complete: Whether everything has left, or was counted as not sent, and has an outcome.
    """

    arrivals: Iterator[Arrival]
    template: Template
    transport: Exchange
    most: int
    patience: timedelta
    hand_over: Callable[[Totals], None]
    now: Callable[[], float]
    sleep: Callable[[float], None]
    on_outcome: Callable[[Outcome, int], None] | None = None
    parameters_encoding: ParametersEncoding = "once"
    stopped: bool = False
    is_complete: bool = False
    _totals: Totals = field(default_factory=Totals)
    _under_way: dict[int, tuple[int, int]] = field(default_factory=dict)
    _next: Arrival | None = None
    _next_at: int = 0
    _full_at: int = -1
    _began: float = 0.0
    _handed_over: float = 0.0

    def run(self) -> None:
        """Send everything, and return when all have an outcome or `stopped` was set."""
        # What takes its time before the first postback must not make it late.
        self._advance()
        for _ in self.transport.exchange(lambda free: []):
            pass
        self._began = self._handed_over = self.now()
        try:
            while not self.stopped and self._next is not None:
                self._wait()
                for group in self.transport.exchange(self._pull):
                    for attempt, outcome in group:
                        self._record(attempt.delivery_id, outcome)
                    self._hand_over_now_and_then()
                self._hand_over_now_and_then()
        except ExchangeStopped:
            pass
        self.is_complete = self._next is None and not self._under_way
        self._totals.cut += len(self._under_way)
        self._under_way.clear()
        self.hand_over(self._totals)

    def _advance(self) -> None:
        self._next = next(self.arrivals, None)
        if self._next is not None:
            self._next_at = self._next.after // _MICROSECOND

    def _elapsed(self) -> int:
        return int((self.now() - self._began) * _MILLION)

    def _wait(self) -> None:
        """Wait for the next arrival while nothing is under way."""
        while not self.stopped and (left := self._next_at - self._elapsed()) > 0:
            self.sleep(min(left / _MILLION, _LOOK_EVERY))
            self._hand_over_now_and_then()

    def _pull(self, free: int) -> list[DueAttempt]:
        """Return the arrivals that are due, as many as connections are free."""
        if self.stopped:
            raise ExchangeStopped
        self._hand_over_now_and_then()
        elapsed = self._elapsed()
        latest = elapsed - self.patience // _MICROSECOND
        due: list[DueAttempt] = []
        given_up = 0
        while (arrival := self._next) is not None and (planned_at := self._next_at) <= elapsed:
            is_late = planned_at < latest
            if not is_late and len(due) == free:
                self._full_at = elapsed
                break
            if given_up == _GIVEN_UP_AT_ONCE:
                break
            self._totals.second(planned_at // _MILLION).planned += 1
            self._advance()
            if is_late or not self.most:
                self._give_up(planned_at, LATE if is_late else BEYOND_BUDGET)
                given_up += 1
                continue
            try:
                url = self.template.render(arrival.event, self.parameters_encoding)
            except PostbacksError:
                self._give_up(planned_at, UNWRITABLE)
                continue
            due.append(self._begin(arrival.number, url, planned_at))
        return due

    def _give_up(self, planned_at: int, why: str) -> None:
        self._totals.second(planned_at // _MILLION).unsent += 1
        self._totals.unsent[why] = self._totals.unsent.get(why, 0) + 1

    def _begin(self, number: int, url: str, planned_at: int) -> DueAttempt:
        self.most -= 1
        sent_at = self._elapsed()
        self._under_way[number] = (planned_at, sent_at)
        self._totals.second(sent_at // _MILLION).sent += 1
        self._totals.lag.record(sent_at - planned_at)
        if sent_at - planned_at > _SLOW and planned_at > self._full_at:
            self._totals.slow += 1
        return DueAttempt(number, "", url, 1, _NEVER_DUE, False, number)

    def _record(self, number: int, outcome: Outcome) -> None:
        totals = self._totals
        planned_at, sent_at = self._under_way.pop(number)
        service = outcome.elapsed // _MICROSECOND
        latency = sent_at - planned_at + service
        totals.service.record(service)
        totals.latency.record(latency)
        planned = totals.second(planned_at // _MILLION)
        planned.latency.record(latency)
        happened = totals.second((sent_at + service) // _MILLION)
        if outcome.kind is OutcomeKind.RESPONSE:
            status = str(outcome.status)
            totals.statuses[status] = totals.statuses.get(status, 0) + 1
            end = f"{status[0]}xx"
        else:
            end = outcome.kind.value
            totals.errors[end] = totals.errors.get(end, 0) + 1
            if end not in totals.examples:
                totals.examples[end] = (outcome.error or "")[:_EXAMPLE]
        planned.ends[end] = planned.ends.get(end, 0) + 1
        if end == DELIVERED:
            happened.reached += 1
        elif DEFAULT_RETRY_POLICY.decide(1, outcome).state is DeliveryState.PENDING:
            happened.to_retry += 1
        if latency > _SHORTEST_LIMIT:
            for place, limit in enumerate(_LIMITS):
                totals.beyond[place] += latency > limit
        if self.on_outcome is not None:
            self.on_outcome(outcome, latency)

    def _hand_over_now_and_then(self) -> None:
        now = self.now()
        if now - self._handed_over >= HANDED_OVER_EVERY:
            self._handed_over = now
            totals, self._totals = self._totals, Totals()
            self.hand_over(totals)


_MICROSECOND = timedelta(microseconds=1)
_LIMITS = tuple(limit // _MICROSECOND for limit in LIMITS)
_SHORTEST_LIMIT = _LIMITS[0]
#: No ledger knows these attempts; only their URLs count.
_NEVER_DUE = datetime(1970, 1, 1, tzinfo=UTC)
