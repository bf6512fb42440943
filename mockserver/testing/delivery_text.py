"""Writes deliveries as plain text, for the failures of assertions and the end of a test.

Lines have at most 72 columns where the values allow it, so that they fit into a terminal of 80
columns with what pytest puts before them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from textwrap import fill

from mockserver.core.models import Attempt, MessageEvent
from mockserver.core.retry import DeliveryState
from mockserver.core.template import encoded_separator
from mockserver.core.wording import count
from mockserver.delivery.history import DeliveryHistory
from mockserver.delivery.wiring import IN_PROCESS_URL
from mockserver.net.curl_command import curl_command


def timeline(delivery: DeliveryHistory, template: str | None = None) -> str:
    """Return a delivery as text: a line for each attempt, and how it ended.

    Args:
        delivery: With its attempts.
        template: That of its rule, if the rule is still registered.
    """
    lines = [f"delivery {delivery.id}: {event_text(delivery)}, {delivery.state.value}"]
    if template is not None:
        lines.append(f"  template  {template}")
        remark = encoded_separator(template)
        if remark is not None:
            lines += [f"            {line}" for line in fill(remark, 60).splitlines()]
    lines.append(f"  sent      {delivery.url}")
    last_error = None
    for attempt in delivery.attempts:
        lines.append(attempt_line(attempt, delivery.attempts[0].started_at))
        if attempt.outcome.error and attempt.outcome.error != last_error:
            lines.append(f"              {attempt.outcome.error}")
        last_error = attempt.outcome.error
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
        return f"lost after {count(delivery.attempts_made, 'attempt')}"
    if delivery.state is DeliveryState.REJECTED:
        last = delivery.attempts[-1].outcome.summary if delivery.attempts else "the answer"
        return f"rejected: {last} is not retried, the data is gone"
    return "delivered"


def since(duration: timedelta) -> str:
    """Return how long after the first attempt, e.g. `+65h` or `+1h00m30s`."""
    seconds = round(duration.total_seconds())
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if not rest:
        return f"+{hours}h"
    return f"+{hours}h{minutes:02d}m" + (f"{seconds:02d}s" if seconds else "")


def event_text(delivery: DeliveryHistory) -> str:
    """Return which event it was and whose, e.g. `Email Click of 'ada'`."""
    event = delivery.event
    what = f"{event.channel.value} {event.event}" if isinstance(event, MessageEvent) else "A/B test"
    return f"{what} of {event.user_id!r}"


def raised_text(traceback: str | None) -> str:
    """Return what an application raised as text; empty if it raised nothing."""
    return "" if traceback is None else f"the application raised:\n\n{traceback.rstrip()}"


def resend_advice(delivery: DeliveryHistory) -> str:
    """Return how to send a postback again: with curl, or in the test if it used no socket."""
    if delivery.url.startswith(f"{IN_PROCESS_URL}/"):
        return f"again, in the test:\n  leanplum.resend({delivery.id})"
    by_curl = curl_command("POST", delivery.url, [("Content-Length", "0")])
    return f"again by hand:\n  {by_curl}"


def wrapped(text: str) -> str:
    """Return prose as lines of 80 columns; a word that is longer, like a URL, stays whole."""
    return fill(text, 80, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
