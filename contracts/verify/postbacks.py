"""Makes the postbacks that Leanplum would send to an endpoint, with ids that only this run uses."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from mockserver.core.catalog import ALL_CHANNELS, Channel, EventKind, PostbackType, event_kinds
from mockserver.core.events import build_event
from mockserver.core.models import Event, MessageEvent, ParametersEncoding
from mockserver.core.template import Template

#: The beginning of every id that a run makes up.
PREFIX = "postbacks-verify"
#: What follows the key in a device id, and in the link of a click.
DEVICE, LINK = "-device", "-link"

#: Sixteen digits, as all observed ids have.
_FIRST_ID = 5_838_201_947_316_224


@dataclass(frozen=True, slots=True)
class Subscription:
    """A rule with this postbackUrl, and the events that fire it.

    Attributes:
        template: The postbackUrl.
        type: The type of the rule.
        channels: The channels of the rule; of no effect for A/B tests.
        parameters_encoding: How `{{Parameters}}` is written.
        kept: Kinds of events that the endpoint stores and does not only answer. Cases send these
            where the kind does not matter. Unless given, a click on an email, or else the
            first of `kinds`.
    """

    template: Template
    type: PostbackType = PostbackType.MESSAGE_EVENTS
    channels: tuple[Channel, ...] = ALL_CHANNELS
    parameters_encoding: ParametersEncoding = "once"
    kept: tuple[EventKind, ...] = ()

    def __post_init__(self) -> None:
        """Choose the default of `kept`."""
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

    def keeps(self, event: Event) -> bool:
        """Return whether the endpoint stores events of this kind."""
        if not isinstance(event, MessageEvent):
            return True
        return any(
            (kind.channel, kind.event, kind.template_name)
            == (event.channel, event.event, event.template_name)
            for kind in self.kept
        )

    def carries(self, *placeholders: str) -> bool:
        """Return whether the URL sends all of these values; those after # are not sent."""
        sent = self.template.url.partition("#")[0]
        return all(f"{{{{{name}}}}}" in sent for name in placeholders)


@dataclass(frozen=True, slots=True)
class Postback:
    """One postback: an event, and the URL that it fills.

    Attributes:
        event: What happened.
        url: The rendered URL.
        key: The part of its ids that no other postback has; empty if the URL carries no id.
        values: The decoded values of the query by name, as the endpoint should read them.
        path_values: The decoded values of the path, by their placeholders.
        decoded: Those values that an endpoint may decode once more, and what they are then:
            Parameters, if the rule encodes them twice.
        is_own: Whether the run made it up; a recorded one may be of any event.
        is_plain: Whether all of its values are usual ones.
        may_be_ignored: Whether it need not be stored where it is answered 2xx: its event has no
            user, or is of years ago.
        is_exact: Whether its values must be stored as they are; one may be too odd for that.
    """

    event: Event
    url: str
    key: str
    values: Mapping[str, str] = field(compare=False)
    path_values: Mapping[str, str] = field(default_factory=dict, compare=False)
    decoded: Mapping[str, str] = field(default_factory=dict, compare=False)
    is_own: bool = True
    is_plain: bool = False
    is_exact: bool = True
    may_be_ignored: bool = False

    @property
    def forms(self) -> set[str]:
        """Return in which forms its key stands in the URL: as user id, device id, or link."""
        if not self.key:
            return set()
        pattern = re.compile(rf"{re.escape(self.key)}(?!\d)({DEVICE}|{LINK})?")
        values = (*self.values.values(), *self.path_values.values())
        return {found[1] or "" for value in values for found in pattern.finditer(value)}

    @property
    def request_target(self) -> str:
        """Return path and query, as they stand in a request."""
        parts = urlsplit(self.url)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


class Composer:
    """Makes postbacks, each with ids of its own.

    Args:
        subscription: The postbackUrl, and what it is registered for.
        run: Part of every id, so that ids of different runs differ; random unless given.
        begins_at: When the first event happens, aware; now unless given.
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
            kind: The kind of event; the first of `Subscription.kept` unless given.
            suffix: Appended to user id and device id.
            values: Fields of the event by name, instead of the usual ones.

        Raises:
            InvalidEvent: Such an event cannot have one of these values.
        """
        self._made += 1
        key = f"{self.prefix}-{self._made}"
        at = self._begins_at + timedelta(milliseconds=self._made)
        chosen = kind or self.subscription.kept[0]
        fields = self._ids(key, suffix) | {"triggered_at": at} | values
        event = build_event(chosen, "", at, fields)
        made = self.compose(event)
        return replace(made, is_plain=not suffix and not values)

    @property
    def next_key(self) -> str:
        """Return the key of the postback that is made next."""
        return f"{self.prefix}-{self._made + 1}"

    def link(self) -> str:
        """Return a link with the key of the postback that is made next."""
        return f"https://shop.example/{self.next_key}{LINK}"

    def compose(self, event: Event) -> Postback:
        """Return the postback of a given event."""
        url = self.subscription.template.render(event, self.subscription.parameters_encoding)
        key = self._key_of(event)
        if key and key not in self.keys[-1:]:
            self.keys.append(key)
        values, decoded = _query_of(url), {}
        if self.subscription.parameters_encoding == "twice":
            once = _query_of(self.subscription.template.render(event, "once"))
            decoded = {name: text for name, text in once.items() if text != values.get(name)}
        # Every event is documented to have a user.
        is_odd = not event.user_id
        path_values = self._path_values(event)
        return Postback(event, url, key, values, path_values, decoded, may_be_ignored=is_odd)

    def written(self, url: str) -> Postback:
        """Return a postback whose URL was recorded elsewhere."""
        event = MessageEvent("", Channel.EMAIL, "Click", self._begins_at)
        return Postback(event, url, "", _query_of(url), is_own=False)

    @property
    def can_be_recognised(self) -> bool:
        """Return whether the URL carries an id by which a stored postback can be found."""
        return self.subscription.carries("User ID") or self.subscription.carries("Device ID")

    def _ids(self, key: str, suffix: str) -> dict[str, str]:
        ids = {"user_id": f"{key}{suffix}", "device_id": f"{key}-device{suffix}"}
        number = str(_FIRST_ID + self._made)
        if self.subscription.type is PostbackType.AB_TEST_EVENTS:
            return ids | {"ab_test_id": number}
        return ids | {"message_id": number}

    def _key_of(self, event: Event) -> str:
        """Return the key of this run that stands in a value that the URL carries."""
        link = event.parameters.get("url", "") if isinstance(event, MessageEvent) else ""
        values = {"User ID": event.user_id, "Device ID": event.device_id, "Parameters": str(link)}
        shown = (value for name, value in values.items() if self.subscription.carries(name))
        found = (re.search(rf"{re.escape(self.prefix)}-\d+", value) for value in shown)
        return next((each[0] for each in found if each), "")

    def _path_values(self, event: Event) -> dict[str, str]:
        path = urlsplit(self.subscription.template.url).path
        ids = {"{{User ID}}": event.user_id, "{{Device ID}}": event.device_id}
        return {placeholder: value for placeholder, value in ids.items() if placeholder in path}


def _query_of(url: str) -> dict[str, str]:
    query = urlsplit(url).query
    return dict(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))
