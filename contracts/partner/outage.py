"""Cases about being down: what Leanplum's retries save, and what is lost all the same.

Decides: which attempts of which events fall into an outage. Place in the flow: the endpoint is
taken down and up again by somebody; the attempts that Leanplum spreads over 65 hours are made at
once. Must not import: senders, the runner, pytest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from contracts.endpoint.postbacks import Postback
from contracts.endpoint.target import PartnerTarget, consequence, is_accepted, is_retried, told
from contracts.recorder import Recorder, Said
from contracts.registry import partner_case
from contracts.vocabulary import Need
from mockserver.core.durations import format_duration
from mockserver.core.retry import RetryPolicy

#: Events that happen while the endpoint is down, spread over the outage.
SEVERAL = 4

_POLICY = RetryPolicy()


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one event in an outage.

    Attributes:
        happens_after: Since the outage began.
        during: When the attempts are made that meet the outage, since it began.
        afterwards: When the first one after it is made; None if there is none left.
    """

    happens_after: timedelta
    during: tuple[timedelta, ...]
    afterwards: timedelta | None


def plan(happens_after: timedelta, outage: timedelta) -> Plan:
    """Return what becomes of an event that happens so long after an outage began."""
    at, during = happens_after, []
    delays = iter(_POLICY.delays)
    while at < outage:
        during.append(at)
        delay = next(delays, None)
        if delay is None:
            return Plan(happens_after, tuple(during), None)
        at += delay
    return Plan(happens_after, tuple(during), at)


@partner_case(
    "PB-OUTAGE-RETRIED",
    "While the endpoint is down, postbacks fail in a way that Leanplum tries again",
    why="A maintenance page with 200, a redirect to it, or a 404 of the proxy ends the delivery.",
    fix="Let the proxy answer 503 while nothing is behind it, or refuse the connection.",
    follows_from=["retry-5xx", "retry-connection", "retry-4xx", "retry-3xx"],
    catches=["maintenance-page-with-200", "not-found-while-down"],
    needs=[Need.OPERATOR],
    most_requests=2,
)
def retried(target: PartnerTarget, rec: Recorder) -> None:
    """Has the endpoint taken down, sends two postbacks, and has it taken up again."""
    operator = target.endpoint.operator
    assert operator is not None, "the case says that it needs an operator"
    operator.down()
    try:
        outcomes = target.send_all([target.postback() for _ in range(2)], fresh=True)
    finally:
        operator.up()
        target.await_up()
    for outcome in outcomes:
        rec.expect_that(
            is_retried(outcome),
            "5xx, or no answer",
            Said(told(outcome)),
            f"the endpoint is down; {consequence(outcome)}",
        )


@partner_case(
    "PB-OUTAGE-RECOVERED",
    "After an outage everything is taken that Leanplum still sends",
    why="The backlog comes within hours, mixed with what is new; nothing of it may be refused.",
    fix="Refuse nothing for being old or late. What an outage of over 65 hours loses, an export "
    "of the data has to bring back.",
    follows_from=["retry-schedule", "retry-lost", "retry-lost-for-ever"],
    catches=["refuses-the-backlog", "loses-the-backlog"],
    needs=[Need.OPERATOR],
    most_requests=SEVERAL * (_POLICY.attempt_limit + 1),
)
def recovered(target: PartnerTarget, rec: Recorder) -> None:
    """Lets events happen during an outage, makes the attempts that Leanplum would, and looks."""
    operator = target.endpoint.operator
    assert operator is not None, "the case says that it needs an operator"
    outage = target.endpoint.outage
    plans = [plan(outage * number / SEVERAL, outage) for number in range(SEVERAL)]
    has_probe = Need.PROBE in target.endpoint.capabilities
    before = target.stored() if has_probe else None
    events: list[tuple[Postback, Plan]] = []
    rec.step(f"the endpoint is down for {format_duration(outage)}")
    operator.down()
    try:
        for planned in plans:
            postback = target.postback()
            events.append((postback, planned))
            ended = _fail(target, rec, postback, planned)
            if ended:
                events.pop()
    finally:
        operator.up()
        target.await_up()
    rec.step("the endpoint is up again")
    sent = []
    for postback, planned in events:
        if planned.afterwards is None:
            rec.step(f"{_named(planned)}: lost, all ten attempts met the outage")
            continue
        target.accept(
            postback,
            f"{_named(planned)}, attempt {len(planned.during) + 1} at "
            f"+{format_duration(planned.afterwards)}, after the outage",
        )
        rec.step(f"{_named(planned)}: delivered at +{format_duration(planned.afterwards)}")
        sent.append(postback)
    if before is not None and sent:
        target.expect_stored_once(sent, before, "it was answered 2xx after the outage")


def _fail(target: PartnerTarget, rec: Recorder, postback: Postback, planned: Plan) -> bool:
    """Make the attempts that meet the outage; return whether one of them was the last."""
    for number, at in enumerate(planned.during, 1):
        outcome = target.send(postback, fresh=True)
        when = f"{_named(planned)}, attempt {number} at +{format_duration(at)}: {told(outcome)}"
        rec.step(when)
        if not is_retried(outcome):
            what = "delivered" if is_accepted(outcome) else "dropped"
            rec.step(f"{when}, so it is {what} while the endpoint is down")
            return True
    return False


def _named(planned: Plan) -> str:
    return f"event of +{format_duration(planned.happens_after)}"
