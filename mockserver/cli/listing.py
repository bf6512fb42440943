"""Writes lists of deliveries and of inboxes, in lines that fit the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from mockserver.cli.output import STYLES, Output, count, instant
from mockserver.cli.shortening import bounded, fitted
from mockserver.cli.timeline import event_text, outcome_of, verdict
from mockserver.core.catalog import event_kinds
from mockserver.web.shapes import DeliveryJson, EventJson, InboxJson

#: How wide lines may be where there is no terminal.
_WIDTH_ELSEWHERE = 120
_INDENT = " " * 8
#: Where there are several apps, so much of the width is for an app id.
_APP_PART = 8


def write_delivery_rows(output: Output, deliveries: Sequence[DeliveryJson]) -> None:
    """Write what each delivery is, whose event it was, how far it has come, and its URL."""
    width = _width_of(output)
    apps = len({delivery.app_id for delivery in deliveries})
    output.line(Text(f"{'ID':>6}  {'STATE':<9}  {'TIME':<19}  EVENT", "bold"))
    for delivery in deliveries:
        state = "under way" if delivery.under_way is not None else delivery.state
        row = Text(f"{delivery.id:>6}  ")
        row.append(f"{state:<9}", STYLES[delivery.state])
        happened = instant(delivery.created_at.replace(microsecond=0))
        row.append(f"  {happened}  ")
        row.append(fitted(event_name(delivery.event), width - row.cell_len))
        output.line(row)
        app = f", app {fitted(delivery.app_id, width // _APP_PART)}" if apps > 1 else ""
        output.line(_INDENT + _whose(delivery, app, width - len(_INDENT)))
        if delivery.state == "pending":
            output.line(_INDENT + verdict(delivery).removeprefix("pending: "))
        _write_url(output, delivery, width)


def write_inbox_rows(output: Output, inboxes: Sequence[InboxJson]) -> None:
    """Write a line for each inbox: its name, what it got, and what it does next."""
    width = _width_of(output)
    longest = max(len(inbox.inbox) for inbox in inboxes)
    names = min(max(longest, len("INBOX")), max(width - 50, 10))
    output.line(Text(f"{'INBOX':<{names}}  {'REQUESTS':>8}  {'LAST AT':<19}  BEHAVIOUR", "bold"))
    for inbox in inboxes:
        last = "-" if inbox.last_at is None else instant(inbox.last_at.replace(microsecond=0))
        row = f"{fitted(inbox.inbox, names):<{names}}  {inbox.requests:>8}  {last:<19}  "
        output.line(row + fitted(inbox.behaviour, width - len(row)))


def event_name(event: EventJson) -> str:
    """Return what `trigger` calls an event, e.g. `email.click`; else what happened."""
    for kind in event_kinds():
        if (kind.channel, kind.event, kind.template_name) == (
            event.channel,
            event.event or "",
            event.template_name or "",
        ):
            return kind.name
    return event_text(event)


def _whose(delivery: DeliveryJson, app: str, room: int) -> str:
    made = len(delivery.attempts)
    attempts = f"{count(made, 'attempt')}" if made else "no attempt yet"
    if made:
        attempts += f": {outcome_of(delivery.attempts[-1])}"
    rest = f"{app}, rule {delivery.postback_id}, {attempts}"
    user = delivery.event.user_id
    return f"user {fitted(user, room - len('user ') - len(rest)) if user else '-'}{rest}"


def _write_url(output: Output, delivery: DeliveryJson, width: int) -> None:
    if output.console.is_terminal:
        output.line(_INDENT + fitted(delivery.url, width - len(_INDENT)), "dim")
    else:
        whole = f"`postbacks deliveries {delivery.id}` has all"
        output.url_line(_INDENT + bounded(delivery.url, whole=whole))


def _width_of(output: Output) -> int:
    return output.console.width if output.console.is_terminal else _WIDTH_ELSEWHERE
