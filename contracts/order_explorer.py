"""Looks for an order of arrival that an application does not bear, the smallest first.

In which order Leanplum sends is not documented, nor how many at a time, nor whether it ever sends
one twice. So what an application has in the end must not depend on it. Say how it is made and what
it has:

    def test_in_whatever_order_they_arrive():
        explore_orders(
            make_app=lambda: create_app(":memory:"),
            state=lambda app: app.counts(),
            events=[("email.send", {}), ("email.open", {}), ("email.click", {})],
            template="https://shop.example/in?user={{User ID}}&event={{Message event}}",
        )

Fewer arrivals are tried before more, and those that are nearer to the order of the events before
those that are farther: what is found first is the smallest there is, and the same in every run.
"""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations, combinations_with_replacement, permutations
from pprint import pformat
from textwrap import indent
from typing import Any
from urllib.parse import urlsplit

from contracts.partner_machine import described
from mockserver.core.catalog import event_kind
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidValue
from mockserver.core.events import build_event
from mockserver.core.models import EXAMPLE_APP_ID, DueAttempt, Event
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DEFAULT_RETRY_POLICY, DeliveryState
from mockserver.core.template import Template
from mockserver.testing.meant import meant_by
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.failure import ApplicationFailure

#: More have too many orders.
MOST_EVENTS = 6
#: How often arrivals at the same time are tried: what comes of them is a matter of luck.
TRIES_AT_ONCE = 3

#: Groups of events, by their numbers; those of a group arrive at the same time.
Arrivals = tuple[tuple[int, ...], ...]


class OrderProblem(AssertionError):
    """An order of arrival after which an application has not what it should have."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What was tried without finding anything.

    Attributes:
        orders: How many orders were tried.
        left_out: How many there were beyond that.
    """

    orders: int
    left_out: int


def explore_orders(
    make_app: Callable[[], Any],
    state: Callable[[Any], Any],
    events: Sequence[Event | tuple[str, Mapping[str, Any]]],
    *,
    template: str,
    repeats: int = 1,
    at_once: int = 2,
    most_orders: int = 2000,
) -> Explored:
    """Deliver events in one order after the other, until an application has something else then.

    What it should have is what it has when each of the events arrives once, in the order in which
    they are given. What it does not take (5xx, timeout) is sent again at the end, as Leanplum does.

    Args:
        make_app: Returns the WSGI or ASGI application, nothing stored; called for each order.
        state: Returns what that application has, compared by `==`; the order within a list does
            not count.
        events: One to six of them: events (as strategies draw them), or names with their fields.
        template: The postbackUrl.
        repeats: How many of them may arrive twice.
        at_once: How many may arrive at the same time, from several threads; 1 for none.
        most_orders: How many orders are tried at most.

    Raises:
        OrderProblem: An order was found, or nothing that arrives changes what the application has;
            the message tells it. What the application raises that means the test, like a failed
            `assert` in it, is raised as well.
        InvalidValue: There are too few or too many events.
        InvalidEvent: An event cannot be.
        InvalidTemplate: The template has a mistake.
    """
    if not 1 <= len(events) <= MOST_EVENTS:
        raise InvalidValue(f"one to {MOST_EVENTS} events have orders to explore, got {len(events)}")
    bench = _Bench(make_app, state, template, [_event_of(each) for each in events])
    tried = left_out = 0
    for arrivals in orders(len(events), repeats, at_once):
        if tried >= most_orders:
            left_out += 1
            continue
        tried += 1
        bench.check(arrivals)
    bench.check_that_it_matters()
    return Explored(tried, left_out)


def orders(events: int, repeats: int, at_once: int) -> Iterator[Arrivals]:
    """Yield every order of every part of so many events, the smallest first.

    That in which each of them arrives once, in order, is left out.
    """
    for length in range(1, events + repeats + 1):
        found: set[Arrivals] = set()
        for size in range(max(1, length - repeats), min(events, length) + 1):
            for part in combinations(range(events), size):
                for again in combinations_with_replacement(part, length - size):
                    for sequence in permutations((*part, *again)):
                        found |= set(_grouped(sequence, at_once))
        plain = {tuple((number,) for number in part) for part in _parts(events, length)}
        yield from sorted(found - plain, key=_distance)


def _parts(events: int, length: int) -> Iterable[tuple[int, ...]]:
    return combinations(range(events), length) if length <= events else ()


def _grouped(sequence: tuple[int, ...], at_once: int) -> Iterator[Arrivals]:
    """Yield the sequence one by one, and with one group of neighbours that arrive at once."""
    single = [(number,) for number in sequence]
    yield tuple(single)
    for size in range(2, at_once + 1):
        for start in range(len(sequence) - size + 1):
            # Within a group there is no order.
            group = tuple(sorted(sequence[start : start + size]))
            yield (*single[:start], group, *single[start + size :])


def _distance(arrivals: Arrivals) -> tuple[int, int, int, Arrivals]:
    """Return what orders are sorted by: how much is unusual about them."""
    sequence = [number for group in arrivals for number in group]
    turned = sum(first > second for first, second in combinations(sequence, 2))
    twice = len(sequence) - len(set(sequence))
    return sum(len(group) - 1 for group in arrivals), twice, turned, arrivals


class _Bench:
    """Makes applications, delivers to them, and compares what they have."""

    def __init__(
        self,
        make_app: Callable[[], Any],
        state: Callable[[Any], Any],
        template: str,
        events: list[Event],
    ) -> None:
        self._make_app = make_app
        self._state = state
        parts = urlsplit(template)
        self._base_url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._events = events
        compiled = Template(template)
        self._urls = [compiled.render(event) for event in events]
        self._expected: dict[tuple[int, ...], Any] = {}
        self._meant: list[BaseException] = []

    def check(self, arrivals: Arrivals) -> None:
        """Deliver, and compare.

        Raises:
            OrderProblem: The state is another one.
        """
        part = tuple(sorted({number for group in arrivals for number in group}))
        if part not in self._expected:
            self._expected[part] = self._delivered(tuple((number,) for number in part))[0]
        expected = self._expected[part]
        is_at_once = any(len(group) > 1 for group in arrivals)
        for _ in range(TRIES_AT_ONCE if is_at_once else 1):
            got, answers = self._delivered(arrivals)
            if _comparable(got) != _comparable(expected):
                raise OrderProblem(self._told(arrivals, expected, got, answers)) from None

    def check_that_it_matters(self) -> None:
        """Check that what the application has says anything about what arrived.

        Raises:
            OrderProblem: It has the same whatever arrives, so no order could make a difference.
        """
        nothing = _comparable(self._delivered(())[0])
        every, answers = self._delivered(tuple((number,) for number in range(len(self._events))))
        if any(_comparable(each) != nothing for each in (every, *self._expected.values())):
            return
        raise OrderProblem(
            "whatever arrives, the application has what it had before, so no order can make a\n"
            f"difference: {pformat(nothing, width=60)}\n"
            f"It answered {', '.join(answers)}. Check the template, and what `state` returns"
        )

    def _delivered(self, arrivals: Arrivals) -> tuple[Any, list[str]]:
        app = self._make_app()
        answers: list[str] = []
        pending: list[int] = []
        for group in arrivals:
            for number, outcome in zip(group, self._sent(app, group), strict=True):
                answers.append(f"{number + 1}: {outcome.summary}")
                if _is_pending(outcome, 1):
                    pending.append(number)
        for attempt in range(2, 11):
            failed = pending
            pending = []
            for number in failed:
                (outcome,) = self._sent(app, (number,))
                answers.append(f"{number + 1} again: {outcome.summary}")
                if _is_pending(outcome, attempt):
                    pending.append(number)
        # The application may go on with what it returned.
        return _kept(self._state(app)), answers

    def _sent(self, app: Any, group: tuple[int, ...]) -> list[Outcome]:
        """Send the events of a group, at the same time if there are several."""
        outcomes = self._sent_at_once(app, group)
        if self._meant:
            raise self._meant[0]
        return outcomes

    def _sent_at_once(self, app: Any, group: tuple[int, ...]) -> list[Outcome]:
        if len(group) == 1:
            return [self._send(app, group[0])]
        outcomes: list[Outcome | None] = [None] * len(group)
        together = threading.Barrier(len(group))

        def send(place: int) -> None:
            with suppress(threading.BrokenBarrierError):
                together.wait(_WAIT_REAL_SECONDS)
            outcomes[place] = self._send(app, group[place])

        threads = [threading.Thread(target=send, args=(place,)) for place in range(len(group))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [outcome or _FAILED for outcome in outcomes]

    def _send(self, app: Any, number: int) -> Outcome:
        transport = application_transport(
            app,
            base_url=self._base_url,
            now=lambda: DEFAULT_START_AT,
            timeout_of=lambda attempt: timedelta(seconds=30),
            on_failure=self._failed,
        )
        try:
            url = self._urls[number]
            due = DueAttempt(number + 1, EXAMPLE_APP_ID, url, 1, DEFAULT_START_AT, False, 0)
            return transport.send(due)
        finally:
            transport.close()

    def _failed(self, failure: ApplicationFailure) -> None:
        meant = None if failure.place else meant_by(failure.error)
        if meant is not None:
            self._meant.append(meant)

    def _told(self, arrivals: Arrivals, expected: Any, got: Any, answers: list[str]) -> str:
        part = sorted({number for group in arrivals for number in group})
        lines = ["what it has depends on how the events arrive"]
        for number in part:
            first, *rest = described(self._events[number])
            lines += [f"  {number + 1}. {first}", *(f"     {line}" for line in rest)]
        lines.append(f"arriving as {in_words(arrivals)}, answered {', '.join(answers)}, it has")
        lines.append(indent(pformat(got, width=72), "  "))
        lines.append("but if each arrives once, in order,")
        lines.append(indent(pformat(expected, width=72), "  "))
        lines.append(
            "Leanplum promises no order, and a postback may come twice: go by {{Trigger time}},\n"
            "not by when it arrives, and store under a unique key what identifies an event"
        )
        return "\n".join(lines)


_WAIT_REAL_SECONDS = 5.0
_FAILED = Outcome(OutcomeKind.RESET, error="the thread that sent it has failed")


def in_words(arrivals: Arrivals) -> str:
    """Return an order as it is told, e.g. `2, 1` or `1 and 2 at once, 1`."""
    told = []
    for group in arrivals:
        numbers = " and ".join(str(number + 1) for number in group)
        told.append(numbers if len(group) == 1 else f"{numbers} at once")
    return ", ".join(told)


def _is_pending(outcome: Outcome, attempt: int) -> bool:
    return DEFAULT_RETRY_POLICY.decide(attempt, outcome).state is DeliveryState.PENDING


def _event_of(given: Event | tuple[str, Mapping[str, Any]]) -> Event:
    if isinstance(given, tuple):
        name, fields = given
        return build_event(event_kind(name), EXAMPLE_APP_ID, DEFAULT_START_AT, fields)
    return given


def _kept(state: Any) -> Any:
    try:
        return copy.deepcopy(state)
    except Exception:
        # Not everything can be copied, a row of a database for instance.
        return state


def _comparable(state: Any) -> Any:
    if not isinstance(state, list | tuple):
        return state
    try:
        return Counter(state)
    except TypeError:
        return sorted(map(repr, state))
