"""Writes deliveries as plain text, for the failures of assertions and the end of a test.

Lines have at most 72 columns where the values allow it, so that they fit into a terminal of 80
columns with what pytest puts before them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from textwrap import fill, wrap
from typing import TYPE_CHECKING

from mockserver.core.models import Attempt, MessageEvent
from mockserver.core.outcome import OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.core.template import encoded_separator
from mockserver.core.wording import SPEND_INSTEAD, count
from mockserver.delivery.history import DeliveryHistory
from mockserver.delivery.wiring import IN_PROCESS_URL
from mockserver.net.answer_text import answer_lines
from mockserver.net.curl_command import curl_command

if TYPE_CHECKING:
    from mockserver.testing.partner import Partner


#: From here on it is said that an attempt takes real time, which passes in no sandbox.
_LONG_REAL_SECONDS = 1.0
_LONG = timedelta(seconds=_LONG_REAL_SECONDS)


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
    before: list[str] = []
    for attempt in delivery.attempts:
        lines.append(attempt_line(attempt, delivery.attempts[0].started_at))
        reason = reason_lines(attempt)
        if reason != before:
            lines += reason
        before = reason
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


def reason_lines(attempt: Attempt) -> list[str]:
    """Return why an attempt did not succeed: what went wrong, or what the answer says."""
    outcome = attempt.outcome
    # A server's page about what the application raised says less than that.
    said = (
        [outcome.error]
        if outcome.error
        else answer_lines(outcome.status, outcome.headers, outcome.body)
    )
    waited = outcome.elapsed_real_seconds
    if waited >= _LONG_REAL_SECONDS and outcome.elapsed + _LONG <= timedelta(seconds=waited):
        said = [*said, f"it took {waited:.1f} real seconds. {SPEND_INSTEAD}"]
    indent = " " * 14
    return [
        line
        for each in said
        for line in wrap(
            each,
            72,
            initial_indent=indent,
            subsequent_indent=f"{indent}  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def fate(delivery: DeliveryHistory) -> str:
    """Return in a sentence what became of a delivery."""
    if delivery.state is DeliveryState.PENDING:
        return f"pending: the next attempt is due at {delivery.due_at:%Y-%m-%d %H:%M:%S}"
    if delivery.state is DeliveryState.LOST:
        return f"lost after {count(delivery.attempts_made, 'attempt')}"
    if delivery.state is DeliveryState.REJECTED:
        last = delivery.attempts[-1].outcome.summary if delivery.attempts else "the answer"
        if last == OutcomeKind.BLOCKED.value:
            return "unreachable: nothing was sent, and nothing is tried again"
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


def resend_advice(delivery: DeliveryHistory, applications: Iterable[Partner] = ()) -> str:
    """Return how to send a postback again: with curl, or in the test if it used no socket.

    Args:
        delivery: What was sent.
        applications: Those of the test. What went to one of them is nowhere else: whatever answers
            at a real host of that name is not what was tested.
    """
    last = delivery.attempts[-1].outcome if delivery.attempts else None
    if last is not None and last.kind is OutcomeKind.BLOCKED:
        # A line for curl would send it where the test sends nothing.
        return f"again, in the test, when it may go there:\n  leanplum.resend({delivery.id})"
    here = delivery.url.startswith(f"{IN_PROCESS_URL}/")
    if here or any(application.accepts(delivery.url) for application in applications):
        return f"again, in the test:\n  leanplum.resend({delivery.id})"
    by_curl = curl_command("POST", delivery.url, [("Content-Length", "0")])
    return f"again by hand:\n  {by_curl}"


def wrapped(text: str) -> str:
    """Return prose as lines of 80 columns; a word that is longer, like a URL, stays whole."""
    return fill(text, 80, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
