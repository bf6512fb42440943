"""Which attempts of which events fall into an outage."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.suite.generated import Effort
from contracts.suite.registry import find_case
from contracts.suite.results import CaseResult
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status
from contracts.verify.cases import outage
from contracts.verify.cases.outage import SEVERAL, Plan, plan
from contracts.verify.endpoints.shop import Shop, Store
from contracts.verify.in_process import InProcessPostbackSender
from contracts.verify.postbacks import Subscription
from contracts.verify.subject import EndpointSubject
from mockserver.client.probe import FunctionProbe
from mockserver.core.clock import ManualClock
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import RetryPolicy
from mockserver.core.template import Template

POLICY = RetryPolicy()
LIMIT = POLICY.attempt_limit
URL = "http://partner.test/in?user={{User ID}}&device={{Device ID}}&at={{Trigger time}}"


_SPANS = st.timedeltas(timedelta(0), timedelta(days=5))


def hours(*numbers: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(hours=number) for number in numbers)


def planned(happens_after: float, lasts: float) -> Plan:
    return plan(timedelta(hours=happens_after), timedelta(hours=lasts))


@pytest.mark.parametrize(
    ("happens_after", "lasts", "during", "afterwards"),
    [
        (0, 0, [], 0),
        (5, 4, [], 5),
        (4, 4, [], 4),
        (0, 1, [0], 1),
        (0, 1.5, [0, 1], 3),
        (0, 4, [0, 1, 3], 7),
        (3, 4, [3], 4),
        (3.5, 4, [3.5], 4.5),
        (0, 65, [0, 1, 3, 7, 15, 25, 35, 45, 55], 65),
        (0, 65.5, [0, 1, 3, 7, 15, 25, 35, 45, 55, 65], None),
        (1, 66, [1, 2, 4, 8, 16, 26, 36, 46, 56], 66),
        (0, 1_000, [0, 1, 3, 7, 15, 25, 35, 45, 55, 65], None),
    ],
)
def test_what_becomes_of_an_event(
    happens_after: float, lasts: float, during: list[float], afterwards: float | None
) -> None:
    made = planned(happens_after, lasts)
    assert made.happens_after == timedelta(hours=happens_after)
    assert made.during == hours(*during)
    assert made.afterwards == (None if afterwards is None else timedelta(hours=afterwards))


@given(
    st.timedeltas(timedelta(0), timedelta(days=5)), st.timedeltas(timedelta(0), timedelta(days=5))
)
def test_attempts_are_leanplums_as_long_as_the_endpoint_is_down(
    happens_after: timedelta, lasts: timedelta
) -> None:
    made = plan(happens_after, lasts)
    attempts = [*made.during] + ([] if made.afterwards is None else [made.afterwards])
    assert 1 <= len(attempts) <= LIMIT
    assert attempts[0] == happens_after
    assert all(at < lasts for at in made.during)
    assert made.afterwards is None or made.afterwards >= lasts
    assert (made.afterwards is None) <= (len(made.during) == LIMIT)
    delays = tuple(after - before for before, after in pairwise(attempts))
    assert delays == POLICY.delays[: len(attempts) - 1]


# The cases, on an endpoint that is taken down in this process


class Switch:
    """Takes the endpoint down and up; while it is down nobody listens, or what is given answers."""

    description = "a switch"

    def __init__(self, while_down: Outcome) -> None:
        self.while_down = while_down
        self.is_down = False
        self.switched = 0

    def down(self) -> None:
        self.is_down, self.switched = True, self.switched + 1

    def up(self) -> None:
        self.is_down, self.switched = False, self.switched + 1


class SwitchedSender(InProcessPostbackSender):
    def __init__(self, app: Shop, clock: ManualClock, switch: Switch) -> None:
        super().__init__(app, clock=clock)
        self.switch = switch
        self.while_down: list[str] = []

    def post(self, urls, *, at_once=1, fresh=False, address=""):  # type: ignore[no-untyped-def]
        if self.switch.is_down:
            self.while_down += urls
            return [self.switch.while_down for _ in urls]
        return super().post(urls)


def ran(
    case_id: str, while_down: Outcome, lasts: float = 4
) -> tuple[CaseResult, SwitchedSender, Store]:
    clock, store = ManualClock(), Store()
    switch = Switch(while_down)
    sender = SwitchedSender(Shop(store, clock), clock, switch)
    endpoint = EndpointSubject(
        Subscription(Template(URL)),
        sender,
        probe=FunctionProbe(lambda: list(store.rows)),
        operator=switch,
        outage=timedelta(hours=lasts),
    )
    result = run_case(find_case(case_id), endpoint, Effort(), Names())
    assert not switch.is_down
    assert switch.switched == 2
    return result, sender, store


REFUSED = Outcome(OutcomeKind.REFUSED, error="nobody listens")


@pytest.mark.parametrize(
    ("while_down", "status"),
    [
        (REFUSED, Status.PASS),
        (Outcome(OutcomeKind.RESPONSE, status=503), Status.PASS),
        (Outcome(OutcomeKind.TIMEOUT), Status.PASS),
        (Outcome(OutcomeKind.RESPONSE, status=200), Status.FAIL),
        (Outcome(OutcomeKind.RESPONSE, status=302), Status.FAIL),
        (Outcome(OutcomeKind.RESPONSE, status=404), Status.FAIL),
    ],
)
def test_while_it_is_down_everything_must_be_tried_again(
    while_down: Outcome, status: Status
) -> None:
    result, _, _ = ran("PB-OUTAGE-RETRIED", while_down)
    assert result.status is status


def test_after_an_outage_everything_is_delivered_by_the_attempt_that_follows() -> None:
    result, sender, store = ran("PB-OUTAGE-RECOVERED", REFUSED)
    assert (result.status, len(store.rows)) == (Status.PASS, SEVERAL)
    plans = [planned(number, 4) for number in range(SEVERAL)]
    assert len(sender.while_down) == sum(len(each.during) for each in plans)
    assert len(set(sender.while_down)) == SEVERAL


def test_what_an_outage_outlasts_is_lost_and_not_sent_again() -> None:
    result, sender, store = ran("PB-OUTAGE-RECOVERED", REFUSED, lasts=100)
    plans = [
        plan(timedelta(hours=100) * number / SEVERAL, timedelta(hours=100)) for number in range(4)
    ]
    lost = sum(each.afterwards is None for each in plans)
    assert lost == 2
    assert (result.status, len(store.rows)) == (Status.PASS, SEVERAL - lost)
    assert max(sender.while_down.count(url) for url in sender.while_down) == LIMIT


def test_what_is_dropped_while_it_is_down_is_not_sent_again() -> None:
    dropped = Outcome(OutcomeKind.RESPONSE, status=404)
    result, sender, store = ran("PB-OUTAGE-RECOVERED", dropped)
    assert (result.status, store.rows) == (Status.UNTESTABLE, [])
    assert result.reason
    assert len(sender.while_down) == SEVERAL


def test_the_schedule_is_the_one_that_is_documented() -> None:
    assert RetryPolicy() == outage._POLICY
