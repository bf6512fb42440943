"""Serves the clock: where it stands, and how it is moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import UNSET, Meta

from mockserver.core.clock import as_utc
from mockserver.core.durations import parse_duration
from mockserver.core.errors import InvalidValue, LedgerUnusable
from mockserver.sandbox import Sandbox
from mockserver.web import encoding, shapes
from mockserver.web.control.first_attempts import FirstAttempts
from mockserver.web.current import current_request
from mockserver.web.cutting import cut_values
from mockserver.web.routes import ControlRoute
from mockserver.web.under_way import advance_under_way

#: Its place in the OpenAPI document.
ORDER = 1

#: How long a cancel waits for the advance to end.
_CANCEL_REAL_SECONDS = 5.0


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on the clock."""

    def clock() -> shapes.ClockState:
        rate = getattr(sandbox.clock, "rate", 1.0)
        return shapes.ClockState(
            sandbox.clock_mode,
            sandbox.now(),
            sandbox.ledger.next_due_at(),
            sandbox.ledger.pending_count(),
            rate,
            advance_under_way(sandbox.advance_progress),
        )

    def advance(body: shapes.AdvanceRequest) -> shapes.AdvanceAnswer:
        try:
            done, attempts = sandbox.advance_within(
                _goal_of(body),
                body.budget,
                body.real_seconds,
                to_next=body.until == "next",
                listed=body.listed,
                is_unwanted=_is_client_gone(),
            )
        except LedgerUnusable as error:
            stands_at = sandbox.now().isoformat().replace("+00:00", "Z")
            raise LedgerUnusable(
                f"{error}. The clock stands at {stands_at}; what was sent until then is kept, and "
                "another advance goes on from there"
            ) from error
        if done.now_at != done.from_at:
            # For whoever watches: nothing may have been due on the way, or at its end.
            sandbox.feed.add("clock", {"from": done.from_at, "now": done.now_at})
        first_at = FirstAttempts(sandbox)
        return shapes.AdvanceAnswer(
            done.from_at,
            done.now_at,
            [
                cut_values(
                    encoding.attempt_json(item, first_at(item)),
                    f"GET deliveries/{item.delivery_id} has all",
                )
                for item in attempts
            ],
            done.next_due_at,
            done.complete,
            done.cancelled,
            attempts.total,
            dict(attempts.outcomes.most_common()),
        )

    def cancel() -> shapes.CancelAnswer:
        return shapes.CancelAnswer(sandbox.cancel_advance(_CANCEL_REAL_SECONDS), clock())

    return [
        ControlRoute("GET", "clock", "Where the clock stands.", clock, shapes.ClockState),
        ControlRoute(
            "POST",
            "clock/advance",
            "Move the clock, making every attempt on the way at its own instant.",
            advance,
            shapes.AdvanceAnswer,
            body=Annotated[shapes.AdvanceRequest, _EXACTLY_ONE],
        ),
        ControlRoute(
            "POST",
            "clock/advance/cancel",
            "End the advance that is under way; what has no answer yet is dropped and due again.",
            cancel,
            shapes.CancelAnswer,
        ),
    ]


_WAYS = ("by", "to", "until")
_EXACTLY_ONE = Meta(extra_json_schema={"oneOf": [{"required": [name]} for name in _WAYS]})


def _is_client_gone() -> Callable[[], bool] | None:
    """Return what tells whether the client of this request has gone, if the server knows."""
    asked: Callable[[], bool] | None = current_request().environ.get("waitress.client_disconnected")
    return asked


def _goal_of(body: shapes.AdvanceRequest) -> timedelta | datetime | None:
    given = [name for name in _WAYS if getattr(body, name) is not UNSET]
    if len(given) != 1:
        raise InvalidValue(
            'an advance takes exactly one of by ("10h"), to (an instant), until ("next" or '
            f'"idle"); got {" and ".join(given) or "none"}'
        )
    if body.by is not UNSET:
        return _not_negative(parse_duration(body.by))
    if body.to is not UNSET:
        return parse_instant(body.to, "to")
    return None


def parse_instant(text: str, name: str) -> datetime:
    """Return the aware UTC instant that `text` names.

    Raises:
        InvalidValue: It is none, has no time zone, or lies outside the calendar.
    """
    try:
        return as_utc(datetime.fromisoformat(text), name)
    except ValueError:
        raise InvalidValue(
            f"{name} must be an instant like 2026-01-01T12:00:00Z, got {text[:60]!r}"
        ) from None


def _not_negative(duration: timedelta) -> timedelta:
    if duration < timedelta(0):
        raise InvalidValue("the clock only moves forward; give a duration that is not negative")
    return duration
