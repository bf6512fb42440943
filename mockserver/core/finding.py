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
        text: Those that have this in their URL or in one of the words of their event, e.g. in the
            user id; the case of A to Z does not count.
    """

    state: DeliveryState | None = None
    postback_id: int | None = None
    app_id: str | None = None
    user_id: str | None = None
    event: EventKind | None = None
    since_at: datetime | None = None
    until_at: datetime | None = None
    text: str | None = None

    def accepts(self, delivery: Delivery) -> bool:
        """Return whether a delivery passes, as it stands."""
        return self.accepts_values(
            delivery.state,
            delivery.postback_id,
            delivery.app_id,
            delivery.created_at,
            delivery.event,
            delivery.url,
        )

    def accepts_values(
        self,
        state: DeliveryState,
        postback_id: int,
        app_id: str,
        created_at: datetime,
        event: Event,
        url: str,
    ) -> bool:
        """Return whether a delivery with these values passes."""
        return (
            (self.state is None or state is self.state)
            and (self.postback_id is None or postback_id == self.postback_id)
            and (self.app_id is None or app_id == self.app_id)
            and (self.since_at is None or created_at >= self.since_at)
            and (self.until_at is None or created_at < self.until_at)
            and self.accepts_words(event, url)
        )

    def accepts_words(self, event: Event, url: str) -> bool:
        """Return whether a delivery with this event and this URL passes what is asked of them."""
        if self.user_id is not None and event.user_id != self.user_id:
            return False
        if self.event is not None and not _is_of_kind(event, self.event):
            return False
        if self.text is None:
            return True
        wanted = lowered(self.text)
        return any(wanted in lowered(word) for word in (url, *words_of(event)))


def lowered(text: str) -> str:
    """Return a text with A to Z in small letters and all else as it is, as every store can."""
    return text.translate(_SMALL)


_SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def words_of(event: Event) -> tuple[str, ...]:
    """Return what is searched of an event, each on its own."""
    if isinstance(event, MessageEvent):
        return (
            event.user_id,
            event.device_id,
            event.channel.value,
            event.event,
            event.template_name,
            event.message_id,
        )
    return event.user_id, event.device_id, event.ab_test_id, event.variant_id


def _is_of_kind(event: Event, kind: EventKind) -> bool:
    if not isinstance(event, MessageEvent):
        return kind.channel is None
    return (event.channel, event.event, event.template_name) == (
        kind.channel,
        kind.event,
        kind.template_name,
    )
