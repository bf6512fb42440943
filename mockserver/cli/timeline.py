"""Writes deliveries, attempts and received requests as text, for every command that shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import parse_qsl

from rich.text import Text

from mockserver.cli.output import STYLES, Output, count, elapsed, instant, offset
from mockserver.cli.shortening import bounded
from mockserver.net.visible_text import one_line
from mockserver.web.shapes import (
    AttemptJson,
    DeliveryJson,
    EventJson,
    ForwardedJson,
    MismatchJson,
    ReceivedJson,
    UnderWayJson,
)

#: How many attempts of an advance are shown one by one. The rest are counted by outcome.
SHOWN_ATTEMPTS = 20


def outcome_of(attempt: AttemptJson) -> str:
    """Return the outcome of an attempt in a word: its status, or e.g. `timeout` without one."""
    return str(attempt.status) if attempt.outcome == "response" else attempt.outcome


def write_delivery(output: Output, delivery: DeliveryJson) -> None:
    """Write a delivery with a line for each attempt, and how it ended."""
    heading = Text(f"delivery {delivery.id}  ", "bold")
    heading.append(delivery.state, STYLES[delivery.state])
    heading.append(f"  {event_text(delivery.event)}, rule {delivery.postback_id}", "not bold")
    output.line(heading)
    output.url_line(f"POST {one_line(delivery.url)}")
    before: list[str] = []
    for attempt in delivery.attempts:
        output.line(attempt_text(attempt, delivery.attempts[0]))
        reason = reasons_of(attempt)
        if reason != before:
            for line in reason:
                output.line(f"        {bounded(line)}", "dim")
        before = reason
    output.line(f"  {verdict(delivery)}", STYLES[delivery.state])


def reasons_of(attempt: AttemptJson) -> list[str]:
    """Return why an attempt did not succeed: what went wrong, or what the answer says."""
    return [attempt.error] if attempt.error else attempt.reason


def write_attempts(
    output: Output, attempts: Sequence[AttemptJson], outcomes: Mapping[str, int] | None = None
) -> None:
    """Write the attempts of several deliveries in the order in which they were made.

    Args:
        output: Where to.
        attempts: All of them, or at least as many as are shown.
        outcomes: How many of all came to what; counted from `attempts` unless given.
    """
    for attempt in attempts[:SHOWN_ATTEMPTS]:
        text = attempt_text(attempt)
        output.line(Text(f"  delivery {attempt.delivery_id:<4}") + text)
    rest = Counter(map(outcome_of, attempts)) if outcomes is None else Counter(outcomes)
    rest -= Counter(map(outcome_of, attempts[:SHOWN_ATTEMPTS]))
    if rest:
        summary = ", ".join(f"{kind} x {number}" for kind, number in rest.most_common())
        output.line(f"  ... and {rest.total()} more: {summary}")


def attempt_text(attempt: AttemptJson, first: AttemptJson | None = None) -> Text:
    """Return the line of one attempt; its offset counts from `first`."""
    since = timedelta(hours=attempt.offset_hours)
    if first is not None:
        since = attempt.started_at - first.started_at
    number = "resent" if attempt.number is None else str(attempt.number)
    text = Text(f"  {number:>6}  {offset(since):>10}  {instant(attempt.started_at):<19}  ")
    text.append(f"{outcome_of(attempt):<8}", _style_of(attempt))
    text.append(f"{elapsed(attempt.elapsed_seconds):>7}")
    if attempt.repeated:
        text.append("  repeated after a crash", "yellow")
    text.rstrip()
    return text


def verdict(delivery: DeliveryJson) -> str:
    """Return in a sentence what became of a delivery."""
    if delivery.state == "pending" and delivery.under_way is not None:
        return f"pending: {_being_made(delivery.under_way)}"
    if delivery.state == "pending":
        following = delivery.attempts_made + 1
        return f"pending: attempt {following} is due at {instant(delivery.due_at)}"
    if delivery.state == "lost":
        return f"lost after {count(delivery.attempts_made, 'attempt')}"
    if delivery.state == "rejected":
        scheduled = [attempt for attempt in delivery.attempts if not attempt.manual]
        reason = outcome_of(scheduled[-1]) if scheduled else "the answer"
        if reason == "blocked":
            again = f"`postbacks resend {delivery.id}` tries again"
            return f"rejected: nothing was sent, and nothing is by itself; {again}"
        return f"rejected: {reason} is not retried"
    successes = [
        attempt
        for attempt in delivery.attempts
        if attempt.status is not None and 200 <= attempt.status < 300
    ]
    if not successes:
        return "delivered"
    first = successes[0]
    by = "a manual resend" if first.manual else f"attempt {first.number}"
    after = offset(first.started_at - delivery.attempts[0].started_at).lstrip("+")
    return f"delivered by {by}" + ("" if after == "0h" else f", {after} after the first")


def _being_made(attempt: UnderWayJson) -> str:
    which = "a resend" if attempt.number is None else f"attempt {attempt.number}"
    return f"{which} is being made since {instant(attempt.started_at)}"


def event_text(event: EventJson) -> str:
    """Return what happened, e.g. `Email Click`."""
    if event.type == "abTestEvents":
        return "A/B test entered"
    template = f" ({bounded(event.template_name, 100)})" if event.template_name else ""
    return f"{event.channel} {event.event}{template}"


def write_mismatches(output: Output, mismatches: Sequence[MismatchJson]) -> None:
    """Write which rules were not fired, and why."""
    for mismatch in mismatches:
        output.line(f"rule {mismatch.postback_id} not fired: {bounded(mismatch.reason)}", "dim")


def write_request(output: Output, request: ReceivedJson) -> None:
    """Write a received request with its query, decoded."""
    end = str(request.status) if request.status else request.end or "under way"
    heading = Text(f"#{request.id}  ", "bold")
    heading.append(f"{instant(request.arrived_at)}  {end}", "not bold")
    if request.delivery_id is not None:
        number = request.attempt_number
        attempt = "resent" if number is None else f"attempt {number}"
        heading.append(f"  delivery {request.delivery_id}, {attempt}", "dim")
    output.line(heading)
    output.url_line(f"  {one_line(request.method)} {bounded(request.target)}")
    query = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
    width = min(max((len(name) for name, _ in query), default=0), 40)
    for name, value in query:
        output.url_line(f"    {bounded(name):<{width}} = {bounded(value)}")
    if request.body:
        output.url_line(f"    body: {bounded(request.body)}")
    if request.forwarded is not None:
        _write_forwarded(output, request.forwarded)


def _write_forwarded(output: Output, forwarded: ForwardedJson) -> None:
    answered = "no answer" if forwarded.status is None else f"answered {forwarded.status}"
    took = elapsed(forwarded.elapsed_real_seconds)
    output.url_line(f"  -> {bounded(forwarded.url)}")
    output.line(f"    {answered} in {took}")
    if forwarded.error:
        output.line(f"    {bounded(forwarded.error)}", "yellow")
    if forwarded.body:
        output.url_line(f"    its body: {bounded(forwarded.body)}")


def _style_of(attempt: AttemptJson) -> str:
    if attempt.status is not None and attempt.outcome == "response":
        return "green" if attempt.status < 300 else "red" if attempt.status >= 500 else "magenta"
    return "red"
