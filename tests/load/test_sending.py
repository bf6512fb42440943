"""Postbacks leave at their planned instants, on a clock that stands unless it is waited for."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mockserver.core.catalog import Channel
from mockserver.core.models import DueAttempt, MessageEvent
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.template import Template
from mockserver.load.arrival import Arrival
from mockserver.load.outcomes import Totals
from mockserver.load.sending import BEYOND_BUDGET, LATE, UNWRITABLE, PartSender
from mockserver.transport.protocol import Pull

MILLISECOND = timedelta(milliseconds=1)
OK = Outcome(OutcomeKind.RESPONSE, 5 * MILLISECOND, status=200)


class Clock:
    """Real seconds that go by only where somebody waits."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


class Line:
    """A transport with some connections, whose answers take as long as their outcomes say."""

    def __init__(
        self, clock: Clock, capacity: int, answer: Callable[[DueAttempt, float], Outcome]
    ) -> None:
        self.clock, self.capacity, self.answer = clock, capacity, answer
        self.urls: list[str] = []
        self.most = 0

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        under_way: list[tuple[float, DueAttempt, Outcome]] = []
        while True:
            for attempt in pull(self.capacity - len(under_way)):
                self.urls.append(attempt.url)
                outcome = self.answer(attempt, self.clock.seconds)
                ends = self.clock.seconds + outcome.elapsed.total_seconds()
                under_way.append((ends, attempt, outcome))
            self.most = max(self.most, len(under_way))
            if not under_way:
                return
            under_way.sort(key=lambda each: each[0])
            ended = [each for each in under_way if each[0] <= self.clock.seconds]
            if ended:
                under_way = under_way[len(ended) :]
                yield [(attempt, outcome) for _, attempt, outcome in ended]
            else:
                self.clock.seconds += 0.001


def event(user: str = "u") -> MessageEvent:
    return MessageEvent("app", Channel.EMAIL, "Click", datetime(2026, 1, 1, tzinfo=UTC), user)


def arrivals(number: int, every: timedelta) -> Iterator[Arrival]:
    return (Arrival(n, n * every, event(f"u{n}")) for n in range(number))


def send(
    line: Line,
    coming: Iterator[Arrival],
    *,
    most: int = 1_000_000,
    patience: timedelta = timedelta(seconds=30),
    on_totals: Callable[[PartSender], None] = lambda sender: None,
) -> Totals:
    together = Totals()

    def take(totals: Totals) -> None:
        together.add(totals)
        on_totals(sender)

    clock = line.clock
    sender = PartSender(
        coming,
        Template("http://partner.test/in?u={{User ID}}"),
        line,
        most,
        patience,
        take,
        clock.now,
        clock.sleep,
    )
    sender.run()
    return together


def line(
    capacity: int = 8, answer: Callable[[DueAttempt, float], Outcome] = lambda attempt, at: OK
) -> Line:
    return Line(Clock(), capacity, answer)


def test_each_leaves_at_its_planned_instant() -> None:
    at: list[float] = []

    def answer(attempt: DueAttempt, seconds: float) -> Outcome:
        at.append(seconds - 100)
        return OK

    sending = line(answer=answer)
    totals = send(sending, arrivals(50, 100 * MILLISECOND))
    assert at == pytest.approx([n / 10 for n in range(50)], abs=0.0011)
    assert sending.urls == [f"http://partner.test/in?u=u{n}" for n in range(50)]
    assert totals.planned == totals.sent == totals.delivered == 50
    assert [totals.seconds[n].planned for n in range(5)] == [10] * 5
    assert totals.statuses == {"200": 50}
    assert not totals.unsent


def test_those_of_one_instant_leave_together() -> None:
    sending = line(capacity=8)
    totals = send(sending, arrivals(8, timedelta(0)))
    assert sending.most == 8
    assert totals.lag.longest < 1000


def test_nobody_waits_for_answers() -> None:
    """An open load: what is planned leaves, however slowly earlier ones are answered."""
    slow = Outcome(OutcomeKind.RESPONSE, timedelta(seconds=5), status=200)
    totals = send(
        line(capacity=100, answer=lambda attempt, at: slow), arrivals(50, 10 * MILLISECOND)
    )
    assert totals.lag.longest <= 2000
    assert totals.seconds[0].sent == 50


def freezing(attempt: DueAttempt, at: float) -> Outcome:
    """Stand still from one second after the beginning to seven after it."""
    left = 107 - at
    if 1 <= at - 100 < 7:
        return Outcome(OutcomeKind.RESPONSE, timedelta(seconds=left), status=200)
    return OK


def test_a_freeze_is_seen_from_the_planned_instants_and_hidden_from_the_instants_of_sending() -> (
    None
):
    totals = send(line(capacity=2, answer=freezing), arrivals(1000, 10 * MILLISECOND))
    assert totals.delivered == 1000
    assert 5.9 < totals.latency.longest / 1e6 < 6.1
    assert totals.latency.at(99) > timedelta(seconds=5.5)
    # Two of a thousand have met it, if one counts as most tools do.
    assert totals.service.at(99) < timedelta(milliseconds=10)
    assert totals.beyond[0] > 400
    # The worker was not slow: no connection was free.
    assert totals.slow == 0


def test_a_worker_that_is_slow_itself_is_told_from_an_endpoint_that_is() -> None:
    sending = line(capacity=64)

    def answer(attempt: DueAttempt, at: float) -> Outcome:
        sending.clock.seconds += 0.06
        return OK

    sending.answer = answer
    totals = send(sending, arrivals(20, 10 * MILLISECOND))
    assert totals.slow > 10


@pytest.mark.parametrize(
    ("patience", "unsent"), [(timedelta(seconds=10), 0), (timedelta(seconds=2), 1)]
)
def test_what_cannot_leave_in_time_is_counted(patience: timedelta, unsent: int) -> None:
    totals = send(
        line(capacity=2, answer=freezing), arrivals(1000, 10 * MILLISECOND), patience=patience
    )
    assert totals.planned == 1000
    assert totals.sent + sum(totals.unsent.values()) == 1000
    assert bool(totals.unsent.get(LATE, 0)) is bool(unsent)
    if unsent:
        assert totals.unsent[LATE] > 300
        assert sum(second.unsent for second in totals.seconds.values()) == totals.unsent[LATE]
        assert totals.lag.longest <= 2_010_000


def test_patience_ends_also_while_no_connection_is_free() -> None:
    hanging = Outcome(OutcomeKind.TIMEOUT, timedelta(seconds=30), error="no answer")
    told: list[int] = []
    totals = send(
        line(capacity=1, answer=lambda attempt, at: hanging),
        arrivals(100, 10 * MILLISECOND),
        patience=timedelta(seconds=1),
        on_totals=lambda sender: told.append(1),
    )
    assert totals.errors == {"timeout": 1}
    assert totals.examples == {"timeout": "no answer"}
    assert totals.unsent == {LATE: 99}
    assert totals.beyond == [1, 1, 0]
    # It was told while nothing was answered.
    assert len(told) > 50


@pytest.mark.parametrize("most", [0, 1, 7, 20, 21])
def test_no_more_are_sent_than_may_be(most: int) -> None:
    sending = line()
    totals = send(sending, arrivals(20, MILLISECOND), most=most)
    assert len(sending.urls) == totals.sent == min(20, most)
    assert totals.unsent == ({BEYOND_BUDGET: 20 - most} if most < 20 else {})


def test_an_event_that_fits_in_no_url_is_counted() -> None:
    coming = iter(
        [Arrival(n, timedelta(0), event(user)) for n, user in enumerate(["a", "\ud800", "b"])]
    )
    totals = send(line(), coming)
    assert (totals.delivered, totals.unsent) == (2, {UNWRITABLE: 1})


def test_it_ends_at_once_when_told_and_says_what_was_under_way() -> None:
    hanging = Outcome(OutcomeKind.TIMEOUT, timedelta(seconds=30))

    def end(sender: PartSender) -> None:
        sender.stopped = True
        assert not sender.is_complete

    sending = line(capacity=3, answer=lambda attempt, at: hanging)
    totals = send(sending, arrivals(100, 10 * MILLISECOND), on_totals=end)
    assert sending.clock.seconds - 100 < 0.3
    assert (totals.sent, totals.cut, totals.ended) == (3, 3, 0)


def test_it_ends_at_once_while_it_waits_for_the_next() -> None:
    def end(sender: PartSender) -> None:
        sender.stopped = True

    sending = line()
    totals = send(sending, arrivals(2, timedelta(hours=1)), on_totals=end)
    assert sending.clock.seconds - 100 < 0.5
    assert totals.sent == 1


@pytest.mark.parametrize(
    ("outcome", "end", "to_retry"),
    [
        (Outcome(OutcomeKind.RESPONSE, MILLISECOND, status=204), "2xx", 0),
        (Outcome(OutcomeKind.RESPONSE, MILLISECOND, status=301), "3xx", 0),
        (Outcome(OutcomeKind.RESPONSE, MILLISECOND, status=404), "4xx", 0),
        (Outcome(OutcomeKind.RESPONSE, MILLISECOND, status=503), "5xx", 1),
        (Outcome(OutcomeKind.TIMEOUT, timedelta(seconds=30)), "timeout", 1),
        (Outcome(OutcomeKind.RESET, MILLISECOND), "reset", 1),
        (Outcome(OutcomeKind.REFUSED, MILLISECOND), "refused", 1),
        (Outcome(OutcomeKind.BLOCKED, MILLISECOND), "blocked", 0),
    ],
)
def test_what_leanplum_would_send_again(outcome: Outcome, end: str, to_retry: int) -> None:
    totals = send(line(answer=lambda attempt, at: outcome), arrivals(1, MILLISECOND))
    assert totals.seconds[0].ends == {end: 1}
    assert totals.to_retry == to_retry
    assert totals.ended == 1
    assert totals.delivered == (end == "2xx")


def test_a_failure_counts_in_the_second_in_which_it_ended() -> None:
    hanging = Outcome(OutcomeKind.TIMEOUT, timedelta(seconds=30))
    totals = send(line(answer=lambda attempt, at: hanging), arrivals(1, MILLISECOND))
    assert {n: each.to_retry for n, each in totals.seconds.items()} == {0: 0, 30: 1}


def test_memory_does_not_grow_with_what_is_sent() -> None:
    def peak(number: int) -> int:
        sending = line()
        sending.urls = _Nothing()
        sender = PartSender(
            arrivals(number, MILLISECOND),
            Template("http://partner.test/in"),
            sending,
            number,
            timedelta(seconds=30),
            lambda totals: None,
            sending.clock.now,
            sending.clock.sleep,
        )
        tracemalloc.start()
        sender.run()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(8000) < peak(2000) + 20_000


class _Nothing(list[str]):
    def append(self, _: str) -> None:
        """Keep nothing."""


def test_outcomes_are_told_to_who_listens() -> None:
    told: list[tuple[int | None, int]] = []
    sending = line()
    sender = PartSender(
        arrivals(3, MILLISECOND),
        Template("http://partner.test/in"),
        sending,
        10,
        timedelta(seconds=30),
        lambda totals: None,
        sending.clock.now,
        sending.clock.sleep,
        lambda outcome, latency: told.append((outcome.status, latency)),
    )
    sender.run()
    assert sender.is_complete
    assert [status for status, _ in told] == [200] * 3
    assert all(5000 <= latency < 8000 for _, latency in told)
