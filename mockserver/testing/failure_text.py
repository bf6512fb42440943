"""What a failed assertion tells: timelines, candidates, what differs, the template, a curl line.

Decides: how deliveries are drawn as plain text, 80 columns wide where their values allow it.
Place in the flow: the assertions of a test write their failures with this. Must not import:
pytest, rich, the web.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import fill
from typing import TYPE_CHECKING

from mockserver.core.models import Attempt, MessageEvent
from mockserver.core.retry import DeliveryState
from mockserver.delivery.history import DeliveryHistory
from mockserver.delivery.wiring import IN_PROCESS_URL
from mockserver.net.curl_command import curl_command
from mockserver.receiver.journal import ReceivedRequest
from mockserver.testing.matching import Difference

if TYPE_CHECKING:
    from mockserver.testing.partner import Partner

#: So many candidates are shown at most.
CANDIDATES = 3

#: So many requests.
REQUESTS = 10


@dataclass(frozen=True, slots=True)
class Context:
    """What an assertion knows beside the deliveries.

    Attributes:
        templates: By postback id, the rules that are registered.
        raised: By delivery id, the last traceback of the application.
        why_none: Why there is no delivery at all, if there is none.
        overdue_at: The present, if a frozen time was moved past what was due.
    """

    templates: Mapping[int, str]
    raised: Mapping[int, str]
    why_none: str
    overdue_at: datetime | None = None


def timeline(delivery: DeliveryHistory, template: str | None = None) -> str:
    """Return a delivery as text: a line for each attempt, and how it ended.

    Args:
        delivery: With its attempts.
        template: The rule it came of, if that is still known.
    """
    lines = [f"delivery {delivery.id}: {event_in_words(delivery)}, {delivery.state.value}"]
    if template is not None:
        lines.append(f"  template  {template}")
    lines.append(f"  sent      {delivery.url}")
    told = None
    for attempt in delivery.attempts:
        lines.append(attempt_line(attempt, delivery.attempts[0].started_at))
        if attempt.outcome.error and attempt.outcome.error != told:
            lines.append(f"              {attempt.outcome.error}")
        told = attempt.outcome.error
    lines.append(f"  {fate(delivery)}")
    return "\n".join(lines)


def attempt_line(attempt: Attempt, first_at: datetime) -> str:
    """Return the line of one attempt, its offset counted from `first_at`."""
    number = "resent" if attempt.number is None else str(attempt.number)
    offset = since(attempt.started_at - first_at)
    took = f"{attempt.outcome.elapsed.total_seconds():g}s"
    line = f"  {number:>6} {offset:>11}  {attempt.started_at:%Y-%m-%d %H:%M:%S}  "
    line += f"{attempt.outcome.summary:<8} {took:>6}"
    return line + ("  repeated after a crash" if attempt.repeated else "")


def fate(delivery: DeliveryHistory) -> str:
    """Return in a sentence what became of a delivery."""
    if delivery.state is DeliveryState.PENDING:
        return f"pending: the next attempt is due at {delivery.due_at:%Y-%m-%d %H:%M:%S}"
    if delivery.state is DeliveryState.LOST:
        return f"lost after {delivery.attempts_made} attempts"
    if delivery.state is DeliveryState.REJECTED:
        last = delivery.attempts[-1].outcome.summary if delivery.attempts else "the answer"
        return f"rejected: {last} is not retried, the data is gone"
    return "delivered"


def since(duration: timedelta) -> str:
    """Return a duration after the first attempt, e.g. `+65h` or `+1h00m30s`."""
    seconds = round(duration.total_seconds())
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if not rest:
        return f"+{hours}h"
    return f"+{hours}h{minutes:02d}m" + (f"{seconds:02d}s" if seconds else "")


def event_in_words(delivery: DeliveryHistory) -> str:
    """Return what happened and to whom, e.g. `Email Click of 'ada'`."""
    event = delivery.event
    what = f"{event.channel.value} {event.event}" if isinstance(event, MessageEvent) else "A/B test"
    return f"{what} of {event.user_id!r}"


def wrapped(text: str) -> str:
    """Return prose as lines of 80 columns; a word that is longer, like a URL, stays whole."""
    return fill(text, 80, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def requests_in_words(
    told: Sequence[tuple[ReceivedRequest, Sequence[Difference]]],
    deliveries: Iterable[DeliveryHistory],
    others: Sequence[str],
) -> str:
    """Return what an inbox got as text, that which differs least first, and how it is sent again.

    Args:
        told: Each request with what it differs in.
        deliveries: Those that the requests may be attempts of.
        others: The names of other inboxes, for those who meant one of them.
    """
    if not told:
        return "\n".join(["(it got none)", *(f"there is also inbox {name!r}" for name in others)])
    lines = []
    told = sorted(told, key=lambda each: len(each[1]))
    for request, different in told[:REQUESTS]:
        lines.append(f"{request.method} {request.target}")
        lines += [f"  differs in {each}" for each in different]
    if len(told) > REQUESTS:
        lines.append(f"... and {len(told) - REQUESTS} more")
    nearest = told[0][0].attempt
    # None is left of a request that was no postback, or of a delivery that is forgotten.
    lines += [f"\n{again(each)}" for each in deliveries if nearest and each.id == nearest[0]]
    return "\n".join(lines)


def tracebacks(partners: Iterable[Partner]) -> dict[int, str]:
    """Return, by delivery id, the last traceback of an application."""
    return {
        failure.attempt.delivery_id: failure.traceback
        for partner in partners
        for failure in partner.failures
    }


def raised_in_words(traceback: str | None) -> str:
    """Return what an application raised as text, empty if it did not."""
    return "" if traceback is None else f"the application raised:\n\n{traceback.rstrip()}"


def again(delivery: DeliveryHistory) -> str:
    """Return how a postback is sent once more: by curl, or where no socket is, in the test."""
    if delivery.url.startswith(f"{IN_PROCESS_URL}/"):
        return f"again, in the test:\n  leanplum.resend({delivery.id})"
    by_curl = curl_command("POST", delivery.url, [("Content-Length", "0")])
    return f"again by hand:\n  {by_curl}"


def failure(
    expected: str,
    deliveries: Sequence[DeliveryHistory],
    differences: Mapping[int, Sequence[Difference]],
    context: Context,
) -> str:
    """Return the message of a failed assertion.

    Args:
        expected: What was expected and what was found, a sentence or two.
        deliveries: The nearest first.
        differences: By delivery id, the fields in which it is not what was asked for.
        context: What else is known.
    """
    parts = [expected]
    if context.overdue_at is not None:
        parts.append(
            f"it is {context.overdue_at:%Y-%m-%d %H:%M:%S} by now;\n"
            "leanplum.settle() makes what became due"
        )
    if not deliveries:
        parts.append(f"there are no deliveries:\n  {context.why_none}")
    for delivery in deliveries[:CANDIDATES]:
        text = timeline(delivery, context.templates.get(delivery.postback_id))
        for difference in differences.get(delivery.id, ()):
            text += f"\n  differs in {difference}"
        parts.append(text)
        if delivery.id in context.raised:
            parts.append(raised_in_words(context.raised[delivery.id]))
    more = len(deliveries) - CANDIDATES
    if more > 0:
        parts.append(f"... and {more} more {'delivery' if more == 1 else 'deliveries'}")
    if deliveries:
        parts.append(again(deliveries[0]))
    return "\n\n".join(parts)
