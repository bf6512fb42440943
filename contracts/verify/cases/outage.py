"""Tries an endpoint that is down for a while: what Leanplum's retries save, and what is lost.

The user takes the endpoint down and up again. The attempts that Leanplum spreads over 65 hours are
made at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.suite.recorder import NotApplicable, Recorder, Said, Untestable
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Need
from contracts.verify.consequence import consequence, is_accepted, is_retried, outcome_text
from contracts.verify.postbacks import Postback
from contracts.verify.stored import Stored
from contracts.verify.target import EndpointTarget
from mockserver.core.durations import format_duration
from mockserver.core.retry import RetryPolicy

ORDER = 280

#: Events that happen while the endpoint is down, spread over the outage.
SEVERAL = 4

_POLICY = RetryPolicy()


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one event in an outage.

    Attributes:
        happens_after: When the event happens, counted from the beginning of the outage.
        during: When attempts are made during the outage, counted in the same way.
        afterwards: When the first attempt after the outage is made; None if all ten are over.
    """

    happens_after: timedelta
    during: tuple[timedelta, ...]
    afterwards: timedelta | None


def plan(happens_after: timedelta, outage: timedelta) -> Plan:
    """Return what becomes of an event in an outage.

    Args:
        happens_after: When it happens, counted from the beginning of the outage.
        outage: How long the outage lasts.
    """
    at, during = happens_after, []
    delays = iter(_POLICY.delays)
    while at < outage:
        during.append(at)
        delay = next(delays, None)
        if delay is None:
            return Plan(happens_after, tuple(during), None)
        at += delay
    return Plan(happens_after, tuple(during), at)


@endpoint_case(
    "PB-OUTAGE-RETRIED",
    "While the endpoint is down, postbacks fail in a way that Leanplum tries again",
    why="A maintenance page with 200, a redirect to it, or a 404 of the proxy ends the delivery.",
    fix="Let the proxy answer 503 while nothing is behind it, or refuse the connection. If the "
    "endpoint itself answered, it was not down: look at --down-command.",
    follows_from=["retry-5xx", "retry-connection", "retry-4xx", "retry-3xx"],
    catches=["maintenance-page-with-200", "not-found-while-down"],
    needs=[Need.OPERATOR],
    most_requests=2,
)
def retried(target: EndpointTarget, rec: Recorder) -> None:
    """Has the endpoint taken down, sends two postbacks, has it taken up again, and looks.

    What is answered 2xx meanwhile is in order if a probe finds it stored afterwards.
    """
    before = _stored_before(target)
    postbacks = [target.postback() for _ in range(2)]
    with target.down():
        outcomes = target.send_all(postbacks, fresh=True)
    accepted = []
    for postback, outcome in zip(postbacks, outcomes, strict=True):
        if is_accepted(outcome) and before is not None:
            accepted.append(postback)
            continue
        rec.expect_that(
            is_retried(outcome),
            "5xx, or no answer",
            Said(outcome_text(outcome)),
            f"the endpoint is down; {consequence(outcome)}",
        )
    if before is not None and accepted:
        target.expect_stored_once(
            accepted, before, "it was answered 2xx while the endpoint was down"
        )


@endpoint_case(
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
def recovered(target: EndpointTarget, rec: Recorder) -> None:
    """Lets events happen during an outage, makes the attempts that Leanplum would, and looks."""
    outage = target.endpoint.outage
    plans = [plan(outage * number / SEVERAL, outage) for number in range(SEVERAL)]
    before = _stored_before(target)
    rec.step(f"the endpoint is down for {format_duration(outage)}")
    with target.down():
        events = [_fail(target, rec, planned, number) for number, planned in enumerate(plans)]
    rec.step("the endpoint is up again")
    coming = [event for event in events if event.is_retried]
    for event in coming:
        _deliver(target, rec, event)
    accepted = [event.postback for event in events if event.is_accepted]
    if before is not None and accepted:
        target.expect_stored_once(accepted, before, "it was answered 2xx, during or after")
    elif not coming:
        raise _nothing_comes(events, outage)


@dataclass(slots=True)
class _Event:
    """An event that happened during an outage.

    Attributes:
        is_accepted: Whether it was answered 2xx.
        is_retried: Whether Leanplum sends it again after the outage.
    """

    postback: Postback
    plan: Plan
    is_accepted: bool = False
    is_retried: bool = True


def _fail(target: EndpointTarget, rec: Recorder, planned: Plan, number: int) -> _Event:
    """Make the attempts of an event during the outage, until one ends its delivery."""
    # The event is made as old as it would be when it arrives at last, because some endpoints
    # refuse old events. The milliseconds differ: they may be all that distinguishes two events.
    age = (planned.afterwards or planned.during[-1]) - planned.happens_after
    now_at = datetime.now(UTC).replace(microsecond=1_000 * number)
    event = _Event(target.postback(triggered_at=now_at - age), planned)
    postback = event.postback
    for attempt, at in enumerate(planned.during, 1):
        outcome = target.send(postback, fresh=True)
        event.is_accepted, event.is_retried = is_accepted(outcome), is_retried(outcome)
        attempted = f"{_named(planned)}, attempt {attempt} at +{format_duration(at)}"
        what = f"{attempted}: {outcome_text(outcome)}"
        if not event.is_retried:
            ended = "delivered" if event.is_accepted else "dropped"
            rec.step(f"{what}, so it is {ended} while the endpoint is down")
            return event
        rec.step(what)
    if planned.afterwards is None:
        event.is_retried = False
        rec.step(f"{_named(planned)}: lost, all ten attempts met the outage")
    return event


def _deliver(target: EndpointTarget, rec: Recorder, event: _Event) -> None:
    """Make the first attempt after the outage."""
    assert event.plan.afterwards is not None, "the event is retried"
    number = len(event.plan.during) + 1
    when = f"+{format_duration(event.plan.afterwards)}"
    target.accept(
        event.postback, f"{_named(event.plan)}, attempt {number} at {when}, after the outage"
    )
    event.is_accepted = True
    rec.step(f"{_named(event.plan)}: delivered at {when}")


def _nothing_comes(events: Sequence[_Event], outage: timedelta) -> Exception:
    """Return the error that says why no postback comes after the outage."""
    if all(event.plan.afterwards is None for event in events):
        return NotApplicable(
            f"an outage of {format_duration(outage)} outlasts all ten attempts of every event"
        )
    return Untestable(
        "every delivery ended while the endpoint was down, so that nothing comes afterwards; "
        "see PB-OUTAGE-RETRIED"
    )


def _stored_before(target: EndpointTarget) -> Stored | None:
    """Return what is stored, or None without a probe."""
    return target.stored_at_rest() if Need.PROBE in target.endpoint.capabilities else None


def _named(planned: Plan) -> str:
    return f"event of +{format_duration(planned.happens_after)}"
