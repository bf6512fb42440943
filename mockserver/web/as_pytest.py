"""Writes a test that lets happen again, without a socket, what became of a delivery.

The endpoint of the test is an inbox that answers each attempt as the real endpoint did. What a test
cannot repeat is said in a comment in it, never left out without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import NamedTuple

from mockserver.core.clock import as_hours
from mockserver.core.durations import format_duration
from mockserver.core.models import AbTestEvent, App, Attempt, Event
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DEFAULT_DELAYS, DEFAULT_TIMEOUT, DeliveryState, RetryPolicy
from mockserver.core.scenario import told
from mockserver.delivery.history import DeliveryHistory

#: Shorter answers are those of a machine, not of a wish.
_NOTICEABLE = timedelta(seconds=1)
_BASE = re.compile(r"https?://[^/?#]*(?:/inbox/[A-Za-z0-9._-]+(?=[/?#]|$))?", re.IGNORECASE)


def as_pytest(delivery: DeliveryHistory, app: App, template: str | None) -> str:
    """Return the source of a test for the fixtures of this package.

    Args:
        delivery: What the test repeats, with its attempts.
        app: Its app; the test has its retry policy, as far as it can.
        template: The URL of its rule; None if the rule was deleted.
    """
    scheduled = [attempt for attempt in delivery.attempts if not attempt.manual]
    outcomes = [_by_an_inbox(attempt.outcome) for attempt in scheduled]
    if delivery.state is DeliveryState.PENDING or not outcomes:
        outcomes.append(Outcome(OutcomeKind.RESPONSE, status=200))
    foreseen = _foreseen(app.retry, outcomes)
    remarks = list(_remarks(delivery, app, template, scheduled, foreseen))
    url = _BASE.sub("", delivery.url if template is None else template, count=1)
    event, values = _event(delivery.event, delivery)
    rule = ', type="abTestEvents"' if isinstance(delivery.event, AbTestEvent) else ""
    trigger = ", ".join([_text(event), *(f"{name}={value}" for name, value in values.items())])
    lines = [
        *_marker(app),
        f"def test_delivery_{delivery.id}(leanplum):",
        *(f"    # {remark}" for remark in remarks),
        '    inbox = leanplum.inbox("endpoint")',
        f"    inbox.behave({_text(_script([_behaviour(outcome) for outcome in outcomes]))})",
        f"    leanplum.add_postback(inbox.url + {_text(url)}{rule})",
        "",
        f"    leanplum.trigger({trigger})",
        "    leanplum.run_until_idle()",
        "",
    ]
    if _has_other_schedule(app):
        lines.append(f"    assert len(leanplum.attempts) == {len(foreseen.hours)}")
    else:
        lines.append(f"    leanplum.assert_attempts_at(hours={foreseen.hours})")
    # By its method: what a test does not speak of fails it, if it is no delivery.
    lines.append(f"    leanplum.assert_{foreseen.state.value}()")
    return "\n".join([*_imports(app), *lines, ""])


class _Foreseen(NamedTuple):
    """What the test makes of it: when the attempts are made, in hours, and how it ends."""

    hours: list[float]
    state: DeliveryState


def _foreseen(own: RetryPolicy, outcomes: Sequence[Outcome]) -> _Foreseen:
    # The fixture retries what the app does, on the usual schedule; the last behaviour stays.
    policy = RetryPolicy(retry_on=own.retry_on)
    at, hours = timedelta(0), [0.0]
    while True:
        number = len(hours)
        outcome = outcomes[min(number, len(outcomes)) - 1]
        decision = policy.decide(number, outcome)
        if decision.delay is None:
            return _Foreseen(hours, decision.state)
        at += outcome.elapsed + decision.delay
        hours.append(round(as_hours(at), 6))


def _by_an_inbox(outcome: Outcome) -> Outcome:
    """Return what an attempt comes to at an inbox that does the nearest that it can."""
    if outcome.kind is OutcomeKind.RESPONSE and outcome.elapsed < DEFAULT_TIMEOUT:
        late = outcome.elapsed if outcome.elapsed >= _NOTICEABLE else timedelta(0)
        return Outcome(OutcomeKind.RESPONSE, late, status=outcome.status)
    if outcome.kind in (OutcomeKind.RESPONSE, OutcomeKind.TIMEOUT):
        return Outcome(OutcomeKind.TIMEOUT, DEFAULT_TIMEOUT)
    # What an inbox can do of all the ways in which a connection fails.
    return Outcome(OutcomeKind.RESET)


def _behaviour(outcome: Outcome) -> str:
    if outcome.kind is OutcomeKind.TIMEOUT:
        return "hang"
    if outcome.kind is OutcomeKind.RESET:
        return "reset"
    if outcome.elapsed:
        return f"{outcome.status}@{format_duration(outcome.elapsed)}"
    return f"{outcome.status}"


def _script(steps: Sequence[str]) -> str:
    counted = ((step, len(list(same))) for step, same in groupby(steps))
    return ",".join(step if times == 1 else f"{step}*{times}" for step, times in counted)


def _remarks(
    delivery: DeliveryHistory,
    app: App,
    template: str | None,
    scheduled: Sequence[Attempt],
    foreseen: _Foreseen,
) -> Iterator[str]:
    if template is None:
        yield "The rule was deleted; this is the URL as it was rendered, without placeholders."
    if _has_other_schedule(app):
        yield "The app has a schedule of its own, which the fixture has not: times are not checked."
    others = {each.outcome.kind.value for each in scheduled} - {"response", "timeout", "reset"}
    if others:
        yield f"An inbox cannot fail by {', '.join(sorted(others))}; it resets the connection."
    resends = len(delivery.attempts) - len(scheduled)
    if resends:
        yield f"Resends by hand are left out; there were {resends}."
    if delivery.state is DeliveryState.PENDING:
        yield "It is still pending: here the next attempt is answered with 200."
    elif delivery.state is not foreseen.state:
        yield f"It was {delivery.state.value}; here it is {foreseen.state.value} for that reason."


def _has_other_schedule(app: App) -> bool:
    return (app.retry.delays, app.retry.timeout) != (DEFAULT_DELAYS, DEFAULT_TIMEOUT)


def _imports(app: App) -> list[str]:
    return ["import pytest", "", ""] if list(_marker(app)) else []


def _marker(app: App) -> Iterator[str]:
    said = {}
    if app.retry.retry_on != RetryPolicy().retry_on:
        said["retry_on"] = str(sorted(app.retry.retry_on)).replace("'", '"')
    if app.parameters_encoding != "once":
        said["parameters_encoding"] = _text(app.parameters_encoding)
    if said:
        written = ", ".join(f"{name}={value}" for name, value in said.items())
        yield f"@pytest.mark.leanplum({written})"


def _event(event: Event, delivery: DeliveryHistory) -> tuple[str, dict[str, str]]:
    """Return the name of an event, and what has to be said of it, as source."""
    name, values = told(event, delivery.created_at)
    return name, {
        key: _text(value) if isinstance(value, str) else ascii(value)
        for key, value in values.items()
    }


def _text(text: str) -> str:
    """Return a text as source, in ASCII, with the quotes that formatters want."""
    written = ascii(text)
    if written[0] == "'" and '"' not in written:
        return f'"{written[1:-1]}"'
    return written
