"""Writes the text of a failed assertion: what was expected, what came nearest, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.core.wording import count
from mockserver.receiver.journal import ReceivedRequest
from mockserver.testing.delivery_text import raised_text, resend_advice, timeline
from mockserver.testing.evidence import Evidence
from mockserver.testing.matching import Difference, differences, nearest
from mockserver.testing.repeats import with_tracebacks_once

#: How many deliveries a failure shows.
SHOWN_DELIVERIES = 3

#: How many requests.
SHOWN_REQUESTS = 10


def failure_text(expected: str, fields: Mapping[str, Any], evidence: Evidence) -> str:
    """Return the text of an assertion about deliveries that failed.

    Args:
        expected: What was expected and what was found, a sentence or two.
        fields: What was asked for; the deliveries that differ least are shown first.
        evidence: What happened.
    """
    deliveries = nearest(evidence.deliveries, fields)
    parts = [expected, *_overdue(evidence)]
    if not deliveries:
        parts.append(f"there are no deliveries:\n  {_why_none(evidence)}")
    for delivery in deliveries[:SHOWN_DELIVERIES]:
        text = timeline(delivery, evidence.templates.get(delivery.postback_id))
        for difference in differences(delivery, fields):
            text += f"\n  differs in {difference}"
        parts.append(text)
        if delivery.id in evidence.tracebacks:
            parts.append(raised_text(evidence.tracebacks[delivery.id]))
    more = len(deliveries) - SHOWN_DELIVERIES
    if more > 0:
        parts.append(f"... and {count(more, 'more delivery', 'more deliveries')}")
    if deliveries:
        parts.append(resend_advice(deliveries[0], evidence.applications))
    return with_tracebacks_once("\n\n".join(parts))


def requests_text(
    requests: Sequence[tuple[ReceivedRequest, Sequence[Difference]]],
    inbox: str,
    evidence: Evidence,
) -> str:
    """Return what an inbox got as text, and how the nearest request is sent again.

    Args:
        requests: Each with what it differs in; the one that differs least is shown first.
        inbox: The name of the inbox. The others are named if it got nothing, since one of them
            may be meant.
        evidence: What happened.
    """
    if not requests:
        others = [name for name in evidence.inboxes if name != inbox]
        return "\n".join(["(it got none)", *(f"there is also inbox {name!r}" for name in others)])
    lines = []
    requests = sorted(requests, key=lambda each: len(each[1]))
    for request, different in requests[:SHOWN_REQUESTS]:
        lines.append(f"{request.method} {request.target}")
        lines += [f"  differs in {each}" for each in different]
    if len(requests) > SHOWN_REQUESTS:
        lines.append(f"... and {len(requests) - SHOWN_REQUESTS} more")
    attempt = requests[0][0].attempt
    # There is none for a request that was no postback, or whose delivery is forgotten.
    sent = [each for each in evidence.deliveries if attempt and each.id == attempt[0]]
    lines += [f"\n{resend_advice(each, evidence.applications)}" for each in sent]
    return "\n".join(lines)


def newest_timelines(evidence: Evidence, *, without: str = "") -> list[str]:
    """Return the newest deliveries as text, without those that the text `without` shows."""
    shown = [item for item in evidence.deliveries if f"delivery {item.id}: " not in without]
    texts: list[str] = []
    for item in shown[-SHOWN_DELIVERIES:]:
        texts.append(timeline(item, evidence.templates.get(item.postback_id)))
        raised = raised_text(evidence.tracebacks.get(item.id))
        if raised and raised not in texts:
            texts.append(raised)
    earlier = len(shown) - SHOWN_DELIVERIES
    if earlier > 0:
        texts.insert(0, f"({count(earlier, 'earlier delivery', 'earlier deliveries')})")
    return texts


def _overdue(evidence: Evidence) -> list[str]:
    """Return a remark if a frozen time was moved past attempts that are due."""
    due = [each.due_at for each in evidence.deliveries if each.due_at is not None]
    if all(due_at > evidence.now_at for due_at in due):
        return []
    now = f"{evidence.now_at:%Y-%m-%d %H:%M:%S}"
    return [f"it is {now} by now;\nleanplum.settle() makes what became due"]


def _why_none(evidence: Evidence) -> str:
    if not evidence.templates:
        return "no rule is registered, so nothing can be delivered"
    if not evidence.triggered:
        return "no event has happened; trigger one, e.g. leanplum.trigger('email.click')"
    mismatches = [item for event in evidence.triggered for item in event.mismatches]
    if not mismatches:
        return "the events came before there was a rule"
    reasons = dict.fromkeys(mismatch.reason for mismatch in mismatches)
    return "no event has fired a rule\n" + "\n".join(f"  {reason}" for reason in reasons)
