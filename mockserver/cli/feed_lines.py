"""Happenings of the feed as text.

Decides: how each kind of happening is told. Place in the flow: used by `postbacks tail`.
Must not import: the client, the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from rich.text import Text

from mockserver.cli.output import STYLES, elapsed, instant, visible
from mockserver.cli.timeline import event_text, outcome_of
from mockserver.web.shapes import AttemptJson, EventJson


def text_of(kind: str, facts: dict[str, Any]) -> Text:
    """Return one happening as text; a kind of a later version is shown as it is."""
    tell = _TELLERS.get(kind)
    return Text(visible(f"{kind}  {facts}")) if tell is None else tell(facts)


def _attempt(facts: dict[str, Any]) -> Text:
    attempt = msgspec.convert(facts["attempt"], AttemptJson)
    number = "resent" if attempt.number is None else f"attempt {attempt.number}"
    text = Text(f"{instant(attempt.started_at)}  delivery {attempt.delivery_id}  {number}  ")
    text.append(f"{outcome_of(attempt)} in {elapsed(attempt.elapsed_seconds)}  ")
    text.append(str(facts["state"]), STYLES.get(facts["state"], ""))
    if facts.get("due_at"):
        text.append(f", next at {instant(msgspec.convert(facts['due_at'], datetime))}")
    return text


def _event(facts: dict[str, Any]) -> Text:
    event = msgspec.convert(facts["event"], EventJson)
    numbers = ", ".join(str(number) for number in facts["delivery_ids"])
    led_to = f"delivery {numbers}" if numbers else "no rule fired"
    who = visible(event.user_id)
    return Text(f"{instant(event.triggered_at)}  {event_text(event)} by {who}  -> {led_to}", "bold")


def _rule(facts: dict[str, Any]) -> Text:
    if "deleted" in facts:
        return Text(f"rule {facts['deleted']} deleted", "cyan")
    return Text(f"rule {facts['added']} added", "cyan")


def _reset(facts: dict[str, Any]) -> Text:
    return Text("everything was reset", "cyan")


_TELLERS: dict[str, Callable[[dict[str, Any]], Text]] = {
    "attempt": _attempt,
    "event": _event,
    "rule": _rule,
    "reset": _reset,
}
