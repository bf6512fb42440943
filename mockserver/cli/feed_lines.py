"""Writes the entries of the feed as lines of text, for `postbacks tail`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from rich.text import Text

from mockserver.cli.api_lines import call_text
from mockserver.cli.output import STYLES, count, elapsed, instant
from mockserver.cli.shortening import LONGEST, bounded, fitted
from mockserver.cli.timeline import event_text, outcome_of, reasons_of
from mockserver.core.instants import Instant
from mockserver.web.shapes import AttemptJson, EventJson

#: How much of a user id is shown.
_LONGEST_USER = 60
#: How much of the reason why an attempt failed; `postbacks deliveries ID` shows more.
_LONGEST_REASON = 120


def feed_line(kind: str, payload: dict[str, Any]) -> Text:
    """Return the line of one entry; one whose kind is not known here is shown as it is."""
    line_of = _LINES.get(kind)
    return Text(bounded(f"{kind}  {payload}")) if line_of is None else line_of(payload)


def _attempt(payload: dict[str, Any]) -> Text:
    attempt = msgspec.convert(payload["attempt"], AttemptJson)
    number = "resent" if attempt.number is None else f"attempt {attempt.number}"
    text = Text(f"{instant(attempt.started_at)}  delivery {attempt.delivery_id}  {number}  ")
    text.append(f"{outcome_of(attempt)} in {elapsed(attempt.elapsed_seconds)}  ")
    text.append(str(payload["state"]), STYLES.get(payload["state"], ""))
    if payload.get("due_at"):
        text.append(f", next at {instant(msgspec.convert(payload['due_at'], Instant))}")
    reason = reasons_of(attempt)
    if reason:
        # What is to be done about it stands at the end of why nothing was sent.
        longest = LONGEST if attempt.outcome == "blocked" else _LONGEST_REASON
        text.append(f"  {bounded(reason[0], longest)}", "dim")
    return text


def _event(payload: dict[str, Any]) -> Text:
    event = msgspec.convert(payload["event"], EventJson)
    numbers = ", ".join(str(number) for number in payload["delivery_ids"])
    led_to = f"delivery {numbers}" if numbers else "no rule fired"
    who = fitted(event.user_id, _LONGEST_USER)
    return Text(f"{instant(event.triggered_at)}  {event_text(event)} by {who}  -> {led_to}", "bold")


def _forward(payload: dict[str, Any]) -> Text:
    text = Text(f"{instant(msgspec.convert(payload['arrived_at'], Instant))}  ")
    text.append(f"inbox {payload['inbox']} forwarded #{payload['request_id']} to its endpoint: ")
    text.append(str(payload["status"] or "no answer"))
    text.append(f" in {elapsed(payload['elapsed_real_seconds'])}")
    if payload["error"]:
        text.append(f"  {bounded(payload['error'], LONGEST)}", "dim")
    return text


def _rule(payload: dict[str, Any]) -> Text:
    if "deleted" in payload:
        return Text(f"rule {payload['deleted']} deleted", "cyan")
    return Text(f"rule {payload['added']} added", "cyan")


def _call(payload: dict[str, Any]) -> Text:
    text = Text(f"{instant(msgspec.convert(payload['called_at'], Instant))}  API  ")
    text += call_text(
        payload["action"], payload["app_id"], payload["status"], None, payload["behaviour"]
    )
    said = [payload["refused"], *payload["warnings"]]
    for each in said:
        if each:
            text.append(f"  {bounded(each)}")
    return text


def _app(payload: dict[str, Any]) -> Text:
    return Text(f"app {bounded(payload['deleted'])} deleted, with all that was its", "cyan")


def _clock(payload: dict[str, Any]) -> Text:
    return Text(f"clock moved to {instant(msgspec.convert(payload['now'], Instant))}", "cyan")


def _reset(payload: dict[str, Any]) -> Text:
    what = "everything was reset, apps and clock too" if payload.get("everything") else ""
    return Text(what or "everything was reset", "cyan")


def _retention(payload: dict[str, Any]) -> Text:
    removed = count(payload["removed"], "old delivery", "old deliveries")
    return Text(f"{removed} removed, which are not to be kept", "cyan")


_LINES: dict[str, Callable[[dict[str, Any]], Text]] = {
    "attempt": _attempt,
    "event": _event,
    "forward": _forward,
    "rule": _rule,
    "app": _app,
    "call": _call,
    "clock": _clock,
    "reset": _reset,
    "retention": _retention,
}
