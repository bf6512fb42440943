"""How values become columns and text, and come back exactly as they were.

Decides: the stored form of instants, durations, events, apps, headers and channels. Place in
the flow: between the SQL ledger and its tables. Must not import: SQLAlchemy, or anything
but `core`.

Instants and durations are whole microseconds, as precise as `datetime` itself, so that no
float ever rounds one. Documents are JSON in ASCII, which any text column takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.models import AbTestEvent, App, Event, KeyClass, MessageEvent
from mockserver.core.retry import RetryPolicy

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DAY = 86_400_000_000
_SECOND = 1_000_000


def to_microseconds(instant_at: datetime) -> int:
    """Return the microseconds from 1970 UTC to `instant_at` (aware)."""
    since = instant_at - EPOCH
    return since.days * _DAY + since.seconds * _SECOND + since.microseconds


def from_microseconds(microseconds: int) -> datetime:
    """Return the aware UTC instant so many microseconds after 1970 UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def duration_to_microseconds(duration: timedelta) -> int:
    """Return `duration` as a whole number of microseconds."""
    return duration.days * _DAY + duration.seconds * _SECOND + duration.microseconds


def duration_from_microseconds(microseconds: int) -> timedelta:
    """Return so many microseconds as a duration."""
    return timedelta(microseconds=microseconds)


def encode_event(event: Event) -> str:
    """Return `event` as JSON text."""
    document: dict[str, Any] = {
        "type": PostbackType.MESSAGE_EVENTS.value,
        "app_id": event.app_id,
        "triggered_at": to_microseconds(event.triggered_at),
        "user_id": event.user_id,
        "device_id": event.device_id,
    }
    if isinstance(event, MessageEvent):
        document["channel"] = event.channel.value
        document["event"] = event.event
        document["message_id"] = event.message_id
        document["template_name"] = event.template_name
        document["parameters"] = event.parameters
    else:
        document["type"] = PostbackType.AB_TEST_EVENTS.value
        document["ab_test_id"] = event.ab_test_id
        document["variant_id"] = event.variant_id
    return _encode(document)


def decode_event(text: str) -> Event:
    """Return the event that `encode_event` wrote as `text`."""
    document = json.loads(text)
    type = document.pop("type")
    document["triggered_at"] = from_microseconds(document["triggered_at"])
    if type == PostbackType.AB_TEST_EVENTS.value:
        return AbTestEvent(**document)
    document["channel"] = Channel(document["channel"])
    return MessageEvent(**document)


def encode_app(app: App) -> str:
    """Return `app`, with all its knobs, as JSON text."""
    retry = app.retry
    return _encode(
        {
            "app_id": app.app_id,
            "keys": {key_class.value: key for key_class, key in app.keys.items()},
            "retry": {
                "delays": [duration_to_microseconds(delay) for delay in retry.delays],
                "retry_on": sorted(retry.retry_on),
                "timeout": duration_to_microseconds(retry.timeout),
            },
            "parameters_encoding": app.parameters_encoding,
            "rule_limit": app.rule_limit,
        }
    )


def decode_app(text: str) -> App:
    """Return the app that `encode_app` wrote as `text`."""
    document = json.loads(text)
    keys = {KeyClass(key_class): key for key_class, key in document["keys"].items()}
    retry = document["retry"]
    return App(
        app_id=document["app_id"],
        keys=MappingProxyType(keys),
        retry=RetryPolicy(
            delays=tuple(duration_from_microseconds(delay) for delay in retry["delays"]),
            retry_on=frozenset(retry["retry_on"]),
            timeout=duration_from_microseconds(retry["timeout"]),
        ),
        parameters_encoding=document["parameters_encoding"],
        rule_limit=document["rule_limit"],
    )


def encode_headers(headers: tuple[tuple[str, str], ...]) -> str:
    """Return header fields, their order and repetitions kept, as JSON text."""
    return _encode(headers)


def decode_headers(text: str) -> tuple[tuple[str, str], ...]:
    """Return the header fields that `encode_headers` wrote as `text`."""
    return tuple((name, value) for name, value in json.loads(text))


def encode_channels(channels: tuple[Channel, ...]) -> str:
    """Return channels, their order kept, as JSON text."""
    return _encode([channel.value for channel in channels])


def decode_channels(text: str) -> tuple[Channel, ...]:
    """Return the channels that `encode_channels` wrote as `text`."""
    return tuple(Channel(name) for name in json.loads(text))


def encode_line(text: str) -> str:
    """Return `text` so that a text column takes it, broken surrogates written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _plain(value: object) -> object:
    # Read-only mappings are welcome as parameters, and `json` knows dictionaries only.
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON: {value!r}")


_encode = json.JSONEncoder(separators=(",", ":"), default=_plain).encode
