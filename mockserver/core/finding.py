"""Chooses deliveries by what they are and what became of them, for listings of any store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mockserver.core.catalog import EventKind
from mockserver.core.models import Delivery, Event, MessageEvent
from mockserver.core.retry import DeliveryState


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries are wanted: those that pass all that is not None.

    Attributes:
        state: Those in this state now.
        postback_id: Those of this rule.
        app_id: Those of this app.
        user_id: Those of an event of this user.
        event: Those of an event of this kind.
        since_at: Those whose event happened then or later, aware UTC. What counts is when the
            sandbox took it in, not the trigger time, which may lie in the past.
        until_at: Those whose event happened before, aware UTC.
    """

    state: DeliveryState | None = None
    postback_id: int | None = None
    app_id: str | None = None
    user_id: str | None = None
    event: EventKind | None = None
    since_at: datetime | None = None
    until_at: datetime | None = None

    def accepts(self, delivery: Delivery) -> bool:
        """Return whether a delivery passes, as it stands."""
        return self.accepts_values(
            delivery.state,
            delivery.postback_id,
            delivery.app_id,
            delivery.created_at,
            delivery.event,
        )

    def accepts_values(
        self,
        state: DeliveryState,
        postback_id: int,
        app_id: str,
        created_at: datetime,
        event: Event,
    ) -> bool:
        """Return whether a delivery with these values passes."""
        return (
            (self.state is None or state is self.state)
            and (self.postback_id is None or postback_id == self.postback_id)
            and (self.app_id is None or app_id == self.app_id)
            and (self.since_at is None or created_at >= self.since_at)
            and (self.until_at is None or created_at < self.until_at)
            and self.accepts_event(event)
        )

    def accepts_event(self, event: Event) -> bool:
        """Return whether the event of a delivery passes."""
        if self.user_id is not None and event.user_id != self.user_id:
            return False
        return self.event is None or _is_of_kind(event, self.event)


def _is_of_kind(event: Event, kind: EventKind) -> bool:
    if not isinstance(event, MessageEvent):
        return kind.channel is None
    return (event.channel, event.event, event.template_name) == (
        kind.channel,
        kind.event,
        kind.template_name,
    )
