"""Finds what went wrong in a test although none of its assertions failed, and writes it as text.

What it is written with is imported with the first problem: most tests have none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from mockserver.api.calls import ApiCall
from mockserver.core.models import App, KeyClass
from mockserver.core.outcome import OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.testing.api_calls import NO_STATUS, RefusedCall
from mockserver.testing.evidence import Evidence

if TYPE_CHECKING:
    from mockserver.delivery.history import DeliveryHistory
    from mockserver.testing.partner import Partner
    from mockserver.transport.application.failure import ApplicationFailure

#: What `allow` can name, each with what it lets pass.
ALLOWED = {
    "refused": "calls of Leanplum's API that were refused, and connections that may not leave",
    "ignored": "arguments of calls of Leanplum's API that no method knows",
    "lost": "deliveries that were lost after ten attempts",
    "rejected": "deliveries that were rejected at once",
    "raised": "exceptions of applications, though the test passes",
    "unreachable": "deliveries to where the test sends nothing",
    "unawaited": "calls of leanplum.aio that were never begun",
}

#: How many of a kind are shown.
SHOWN = 10
#: The status of a call with a wrong key.
_FORBIDDEN = 403

ProblemKind = Literal[
    "refused", "ignored", "lost", "rejected", "raised", "unreachable", "unawaited"
]


_KINDS: dict[DeliveryState, ProblemKind] = {
    DeliveryState.LOST: "lost",
    DeliveryState.REJECTED: "rejected",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong unnoticed.

    Attributes:
        kind: What `allow` calls it.
        text: What happened, with its cause.
    """

    kind: ProblemKind
    text: str


def problems_of(evidence: Evidence) -> list[Problem]:
    """Return what went wrong without the test saying so: calls, then deliveries by id."""
    found = [Problem("refused", _refusal(call, evidence.app)) for call in evidence.refused_calls]
    for asked in evidence.unawaited:
        text = f"{asked} was never awaited, so nothing of it was done"
        found.append(Problem("unawaited", _after_kind("unawaited", text)))
    for told in evidence.refused_connections:
        found.append(Problem("refused", _after_kind("refused", told)))
    for call in evidence.sandbox.api.calls:
        # One that was refused is told with its reason.
        if call.ignored and call.refused is None:
            found.append(Problem("ignored", _ignored(call)))
    for delivery in evidence.deliveries:
        kind = _KINDS.get(delivery.state)
        last = delivery.attempts[-1].outcome if delivery.attempts else None
        if last is not None and last.kind is OutcomeKind.BLOCKED:
            # Nothing was sent: whoever expects a rejection means the answer of an endpoint.
            kind = "unreachable"
        elif kind is None or delivery.id in evidence.expected:
            continue
        found.append(Problem(kind, _delivery_text(delivery, kind, evidence)))
    return found + _raised(evidence)


def _raised(evidence: Evidence) -> list[Problem]:
    """Return what applications raised and no other problem shows, each once."""
    # Not without need: most applications raise nothing, and the ledger need not be read.
    if not any(application.failures for application in evidence.applications):
        return []
    shown = {each.id for each in evidence.deliveries if each.state in _KINDS}
    shown |= evidence.expected | evidence.timed

    def is_told(failure: ApplicationFailure) -> bool:
        # What was answered well all the same no assertion about the delivery speaks of.
        is_beside = bool(failure.place) or failure.answered is not None
        return is_beside or failure.attempt.delivery_id not in shown

    return raised_in(evidence.applications, is_told)


def raised_in(
    applications: Iterable[Partner], is_told: Callable[[ApplicationFailure], bool]
) -> list[Problem]:
    """Return what applications raised, as far as `is_told` says so, each text once."""
    texts: dict[str, None] = {}
    for application in applications:
        for failure in application.failures:
            number = failure.attempt.delivery_id
            if not is_told(failure):
                continue
            where = f", in {failure.place}" if failure.place else f" at delivery {number}"
            if failure.answered is not None:
                where += f", which it answered {failure.answered} all the same"
            what = f"the application at {application.url_prefix} raised{where}:"
            texts[f"{what}\n\n{failure.traceback.rstrip()}"] = None
    return [Problem("raised", text) for text in texts]


def problems_text(problems: Iterable[Problem]) -> str:
    """Return problems as text: a few of each kind, and those with the same text once."""
    by_kind: dict[ProblemKind, Counter[str]] = {}
    for problem in problems:
        by_kind.setdefault(problem.kind, Counter())[problem.text] += 1
    parts = []
    for kind, texts in by_kind.items():
        for text, times in islice(texts.items(), SHOWN):
            parts.append(f"{kind}: {text}" + (f"\n  ({times} times)" if times > 1 else ""))
        more = sum(islice(texts.values(), SHOWN, None))
        if more:
            parts.append(f"... and {more} more {kind}")
    from mockserver.testing.repeats import with_tracebacks_once

    return with_tracebacks_once("\n\n".join(parts))


def _delivery_text(delivery: DeliveryHistory, kind: ProblemKind, evidence: Evidence) -> str:
    from mockserver.testing.delivery_text import raised_text, resend_advice, timeline

    text = timeline(delivery, evidence.templates.get(delivery.postback_id))
    parts = [text, raised_text(evidence.tracebacks.get(delivery.id))]
    if kind != "unreachable":
        parts.append(resend_advice(delivery, evidence.applications))
    return "\n\n".join(part for part in parts if part)


def _ignored(call: ApiCall) -> str:
    text = f"{call.action} was answered {call.status}, but {'; '.join(call.warnings)}"
    return _after_kind("ignored", text)


def _refusal(call: RefusedCall, app: App) -> str:
    if call.reply.status == NO_STATUS:
        return _after_kind("refused", f"{call.action} is never answered: {call.message}")
    text = f"{call.action} was refused with {call.reply.status}: {call.message}"
    if call.reply.status == _FORBIDDEN:
        key = app.keys[KeyClass.DATA_EXPORT]
        text += f"; here appId is {app.app_id!r} and clientKey {key!r}"
    return _after_kind("refused", text)


def _after_kind(kind: ProblemKind, text: str) -> str:
    from mockserver.testing.delivery_text import wrapped

    # Wherever it is shown, its kind stands before it: the lines are broken as with that.
    return wrapped(f"{kind}: {text}").removeprefix(f"{kind}: ")
