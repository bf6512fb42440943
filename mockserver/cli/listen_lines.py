"""Writes what `postbacks listen` tells: as lines for people, or as one JSON document a line."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.text import Text

from mockserver.cli.following import Notice
from mockserver.cli.output import STYLES, count, elapsed, instant
from mockserver.cli.shortening import LONGEST, bounded, fitted
from mockserver.cli.timeline import event_text, outcome_of, reasons_of
from mockserver.core.instants import Instant
from mockserver.web.shapes import AttemptJson

_LONGEST_USER = 60


def lines_of(notice: Notice) -> list[Text]:
    """Return the lines for people of a postback or another request."""
    if notice.attempt is None:
        return _other(notice.facts)
    attempt = notice.attempt
    text = Text(f"{instant(attempt.started_at)}  ")
    if notice.event is None:
        text.append(f"delivery {attempt.delivery_id}", "bold")
    else:
        who = fitted(notice.event.user_id, _LONGEST_USER)
        text.append(f"{event_text(notice.event)} by {who}", "bold")
    if attempt.number != 1:
        text.append("  resent" if attempt.number is None else f"  attempt {attempt.number}")
    text.append("  -> ")
    text.append(f"{outcome_of(attempt)} in {elapsed(attempt.elapsed_real_seconds)}", _style(notice))
    state = str(notice.facts["state"])
    if state != "delivered":
        text.append(f"  {state}", STYLES.get(state, ""))
        due_at = notice.facts.get("due_at")
        if due_at:
            text.append(f", next at {instant(msgspec.convert(due_at, Instant))}")
    return [text, *(Text(f"    {bounded(line, LONGEST)}", "dim") for line in _why(attempt))]


def document_of(notice: Notice) -> dict[str, Any]:
    """Return the JSON document of a notice."""
    if notice.kind == "attempt" and notice.attempt is not None:
        attempt = notice.attempt
        event = notice.event
        return {
            "kind": "postback",
            "at": attempt.started_at,
            "delivery_id": attempt.delivery_id,
            "attempt": attempt.number,
            "event": None if event is None else event_text(event),
            "user_id": None if event is None else event.user_id,
            "url": notice.facts["url"],
            "outcome": attempt.outcome,
            "status": attempt.status,
            "elapsed_real_seconds": attempt.elapsed_real_seconds,
            "reason": _why(attempt),
            "state": notice.facts["state"],
            "due_at": notice.facts.get("due_at"),
        }
    if notice.kind == "other":
        return {"kind": "request", **notice.facts}
    document: dict[str, Any] = {"kind": notice.kind}
    if notice.kind == "gap":
        document["missed"] = notice.missed
    if notice.reason:
        document["reason"] = notice.reason
    return document


def remark_of(notice: Notice) -> str:
    """Return what is told of a gap, and of a server that was gone."""
    if notice.kind == "gap":
        if notice.missed is None:
            return "the server was started anew; what happened in between is not known here"
        return f"{count(notice.missed, 'happening')} missing here; `postbacks deliveries` has them"
    if notice.kind == "gone":
        return f"the server is gone: {notice.reason}; waiting for it, Ctrl-C ends this"
    if notice.kind == "back":
        return "the server is back"
    return f"{notice.reason}, so inbox and rule were put up again"


def _other(facts: dict[str, Any]) -> list[Text]:
    text = Text(f"{instant(msgspec.convert(facts['arrived_at'], Instant))}  ")
    text.append(f"{bounded(facts['method'], 20)} of another sender", "bold")
    answered = facts["status"] or "no answer"
    text.append(f"  -> {answered} in {elapsed(facts['elapsed_real_seconds'])}")
    return [text, *([Text(f"    {bounded(facts['error'])}", "dim")] if facts["error"] else [])]


def _why(attempt: AttemptJson) -> list[str]:
    is_success = attempt.status is not None and 200 <= attempt.status < 300
    return [] if is_success else reasons_of(attempt)


def _style(notice: Notice) -> str:
    status = None if notice.attempt is None else notice.attempt.status
    if status is None or status >= 500:
        return "red"
    return "green" if 200 <= status < 300 else "magenta"
