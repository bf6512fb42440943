"""Lists what can happen at Leanplum: channels, events, in-app templates, and their names.

Sources: the lists are documented. On the wire *Sent* is written `Send` (observed); the
other events are written as listed (`Open`, `Click`: observed; the rest assumed).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mockserver.core.errors import InvalidEvent, InvalidValue


class PostbackType(StrEnum):
    """What a postback rule listens to (documented)."""

    MESSAGE_EVENTS = "messageEvents"
    AB_TEST_EVENTS = "abTestEvents"


class Channel(StrEnum):
    """A messaging channel, by the name `{{Message channel}}` carries (documented)."""

    PUSH = "Push Notification"
    EMAIL = "Email"
    IN_APP = "In-app Message"


ALL_CHANNELS: tuple[Channel, ...] = tuple(Channel)

#: The events of every in-app message, whatever its template.
IN_APP_EVENTS: tuple[str, ...] = ("View", "Held Back")

#: The further events of the in-app templates that have some.
IN_APP_TEMPLATE_EVENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Center Popup": ("Accept",),
        "Confirm": ("Accept",),
        "Interstitial": ("Accept",),
        "Rich Interstitial": ("Select Button 1", "Select Button 2"),
        "Satisfaction Survey": ("Submit",),
        "Banner": ("Select",),
    }
)

CHANNEL_EVENTS: Mapping[Channel, tuple[str, ...]] = MappingProxyType(
    {
        Channel.PUSH: ("Send", "Open", "Held Back"),
        Channel.EMAIL: (
            "Send",
            "Deferred",
            "Delivered",
            "Bounce",
            "Open",
            "Click",
            "Marked as spam",
            "Dropped",
            "Unsubscribe",
            "Held Back",
        ),
        Channel.IN_APP: IN_APP_EVENTS,
    }
)

_CHANNEL_SLUGS = {Channel.PUSH: "push", Channel.EMAIL: "email", Channel.IN_APP: "in-app"}


@dataclass(frozen=True, slots=True)
class EventKind:
    """One combination that can fire a postback.

    Attributes:
        name: What `trigger` calls it, e.g. `email.click`.
        type: Which type of rule it concerns.
        channel: None for A/B tests.
        event: As `{{Message event}}` carries it; empty for A/B tests.
        template_name: Empty unless the channel is in-app.
    """

    name: str
    type: PostbackType
    channel: Channel | None = None
    event: str = ""
    template_name: str = ""


def event_kinds() -> tuple[EventKind, ...]:
    """Return every combination of the catalog, in the order of the documentation."""
    return tuple(_KINDS.values())


def event_kind(name: str) -> EventKind:
    """Return the combination called `name`, e.g. `in-app.banner.select`.

    Raises:
        InvalidEvent: No combination has this name; the nearest ones are offered.
    """
    if not isinstance(name, str):
        raise InvalidEvent(f"an event has a name like 'email.click', got {name!r}")
    kind = _KINDS.get(name.lower())
    if kind is None:
        raise InvalidEvent(
            f"unknown event {name!r}{suggestion(name, _KINDS)}; "
            "`postbacks events` lists all of them"
        )
    return kind


def check_message_event(channel: Channel, event: str, template_name: str = "") -> None:
    """Refuse a combination that Leanplum cannot produce.

    An in-app template outside the documented six is taken for a customer's own, which has
    the events of every template (assumed).

    Raises:
        InvalidEvent: The message names the events that this channel and template have.
    """
    allowed = events_of(channel, template_name)
    if event not in allowed:
        where = f"{channel.value} has no event {event!r}"
        if channel is Channel.IN_APP:
            where = f"{channel.value} {template_name!r} has no event {event!r}"
        raise InvalidEvent(f"{where}; it has: {', '.join(allowed)}")
    if template_name and channel is not Channel.IN_APP:
        raise InvalidEvent(
            f"{channel.value} messages have no template name, got {template_name!r}; "
            "only in-app messages do: leave it empty"
        )


def events_of(channel: Channel, template_name: str = "") -> tuple[str, ...]:
    """Return the events that a channel (and, for in-app, a template) has."""
    events = CHANNEL_EVENTS[channel]
    if channel is Channel.IN_APP:
        events = events + IN_APP_TEMPLATE_EVENTS.get(template_name, ())
    return events


def parse_channel(name: str) -> Channel:
    """Return the channel with exactly this name.

    Raises:
        InvalidValue: There is none; the allowed names are listed.
    """
    try:
        return Channel(name)
    except ValueError:
        allowed = ", ".join(ALL_CHANNELS)
        raise InvalidValue(
            f"unknown channel {name!r}{suggestion(name, ALL_CHANNELS)}; allowed: {allowed}"
        ) from None


def parse_type(name: str) -> PostbackType:
    """Return the type of postback with exactly this name.

    Raises:
        InvalidValue: There is none; the allowed names are listed.
    """
    try:
        return PostbackType(name)
    except ValueError:
        allowed = ", ".join(PostbackType)
        raise InvalidValue(f"unknown type {name!r}; allowed: {allowed}") from None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean ...?)` with the nearest known names, or an empty string."""
    lowered = {candidate.lower(): candidate for candidate in known}
    # Only a mistake needs it, and every start would pay for it.
    import difflib

    near = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.6)
    if not near:
        return ""
    return f" (did you mean {' or '.join(repr(str(lowered[match])) for match in near)}?)"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _build_kinds() -> dict[str, EventKind]:
    kinds: list[EventKind] = []
    for channel in (Channel.PUSH, Channel.EMAIL):
        for event in CHANNEL_EVENTS[channel]:
            name = f"{_CHANNEL_SLUGS[channel]}.{_slug(event)}"
            kinds.append(EventKind(name, PostbackType.MESSAGE_EVENTS, channel, event))
    for template_name in IN_APP_TEMPLATE_EVENTS:
        for event in events_of(Channel.IN_APP, template_name):
            name = f"in-app.{_slug(template_name)}.{_slug(event)}"
            kinds.append(
                EventKind(name, PostbackType.MESSAGE_EVENTS, Channel.IN_APP, event, template_name)
            )
    kinds.append(EventKind("ab-test.enter", PostbackType.AB_TEST_EVENTS))
    return {kind.name: kind for kind in kinds}


_KINDS: dict[str, EventKind] = _build_kinds()
