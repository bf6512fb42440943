"""Makes the postbacks that Leanplum would send to an endpoint, with ids that only this run uses."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from mockserver.core.catalog import ALL_CHANNELS, Channel, EventKind, PostbackType, event_kinds
from mockserver.core.events import build_event
from mockserver.core.models import Event, MessageEvent, ParametersEncoding
from mockserver.core.template import Template

#: What every id begins with that a run makes up.
PREFIX = "postbacks-verify"

#: Sixteen digits, as all observed ids have.
_FIRST_ID = 5_838_201_947_316_224


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a rule with this postbackUrl would be fired by.

    Attributes:
        template: The postbackUrl.
        type: Of the rule.
        channels: Of the rule; of no effect for A/B tests.
        parameters_encoding: How `{{Parameters}}` is written.
        kept: Kinds of events that the endpoint keeps, and does not just answer; sent where any
            will do. A click on an email, or the first of `kinds`, unless given.
    """

    template: Template
    type: PostbackType = PostbackType.MESSAGE_EVENTS
    channels: tuple[Channel, ...] = ALL_CHANNELS
    parameters_encoding: ParametersEncoding = "once"
    kept: tuple[EventKind, ...] = ()

    def __post_init__(self) -> None:
        """Choose an event that is kept."""
        if not self.kept:
            kinds = self.kinds
            usual = next((kind for kind in kinds if kind.name == "email.click"), kinds[0])
            object.__setattr__(self, "kept", (usual,))

    @property
    def kinds(self) -> list[EventKind]:
        """Return every kind of event that fires the rule, in the order of the catalog."""
        return [
            kind
            for kind in event_kinds()
            if kind.type is self.type and (kind.channel is None or kind.channel in self.channels)
        ]

    def names_of(self, *placeholders: str) -> set[str]:
        """Return the names under which the query carries any of these values."""
        wanted = {f"{{{{{name}}}}}" for name in placeholders}
        query = urlsplit(self.template.url).query
        return {
            unquote_plus(name)
            for name, _, value in (piece.partition("=") for piece in query.split("&"))
            if any(each in value for each in wanted)
        }

    def carries(self, *placeholders: str) -> bool:
        """Return whether all of these values are sent: those behind # are not."""
        sent = self.template.url.partition("#")[0]
        return all(f"{{{{{name}}}}}" in sent for name in placeholders)


@dataclass(frozen=True, slots=True)
class Postback:
    """One postback: an event, and the URL that it fills.

    Attributes:
        event: What happened.
        url: Rendered.
        key: What no other postback has, part of an id; empty if the URL carries none.
        values: What the endpoint finds under each name of the query, once it has decoded it.
    """

    event: Event
    url: str
    key: str
    values: Mapping[str, str] = field(compare=False)

    @property
    def request_target(self) -> str:
        """Return path and query, as they stand in a request."""
        parts = urlsplit(self.url)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


class Composer:
    """Makes postbacks, no two alike unless told.

    Args:
        subscription: Whom they are for.
        run: What tells this run's ids from another's; chosen by chance unless given.
        begins_at: When the first event happens, aware.
    """

    def __init__(
        self,
        subscription: Subscription,
        run: str | None = None,
        begins_at: datetime | None = None,
    ) -> None:
        self.subscription = subscription
        self.prefix = f"{PREFIX}-{run or secrets.token_hex(3)}"
        self._begins_at = begins_at or datetime.now(UTC).replace(microsecond=0)
        self._made = 0
        self.keys: list[str] = []

    def make(self, kind: EventKind | None = None, *, suffix: str = "", **values: Any) -> Postback:
        """Return a postback with ids of its own.

        Args:
            kind: The kind of event; one that the endpoint keeps unless given.
            suffix: What user id and device id end with.
            values: Fields of the event by name, in place of those it would have.

        Raises:
            InvalidEvent: A value cannot be one of such an event.
        """
        self._made += 1
        key = f"{self.prefix}-{self._made}"
        at = self._begins_at + timedelta(milliseconds=self._made)
        chosen = kind or self.subscription.kept[0]
        fields = self._ids(key, suffix) | {"triggered_at": at} | values
        event = build_event(chosen, "", at, fields)
        return self.compose(event, key)

    def compose(self, event: Event, key: str = "") -> Postback:
        """Return the postback of an event as it is."""
        url = self.subscription.template.render(event, self.subscription.parameters_encoding)
        if not any(key and key in each for each in self._shown_ids(event)):
            key = ""
        if key:
            self.keys.append(key)
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True, errors="surrogateescape")
        return Postback(event, url, key, dict(query))

    def written(self, url: str) -> Postback:
        """Return a postback whose URL was recorded elsewhere."""
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True, errors="surrogateescape")
        event = MessageEvent("", Channel.EMAIL, "Click", self._begins_at)
        return Postback(event, url, "", dict(query))

    @property
    def can_be_recognised(self) -> bool:
        """Return whether a postback can be told from others by what its URL carries."""
        return self.subscription.carries("User ID") or self.subscription.carries("Device ID")

    def _ids(self, key: str, suffix: str) -> dict[str, str]:
        ids = {"user_id": f"{key}{suffix}", "device_id": f"{key}-device{suffix}"}
        number = str(_FIRST_ID + self._made)
        if self.subscription.type is PostbackType.AB_TEST_EVENTS:
            return ids | {"ab_test_id": number}
        return ids | {"message_id": number}

    def _shown_ids(self, event: Event) -> list[str]:
        """Return the ids that the URL carries."""
        ids = {"User ID": event.user_id, "Device ID": event.device_id}
        return [value for name, value in ids.items() if self.subscription.carries(name)]


def kinds_by_channel(kinds: Sequence[EventKind]) -> dict[str, list[EventKind]]:
    """Return kinds of events by the name of their channel."""
    grouped: dict[str, list[EventKind]] = {}
    for kind in kinds:
        grouped.setdefault(str(kind.channel or "A/B test"), []).append(kind)
    return grouped
