"""Writes values as columns and text for the SQL ledger, and reads them back exactly as they were.

Instants and durations are whole microseconds, as precise as `datetime` itself, so that no
float ever rounds one. Documents are JSON in ASCII, which any text column takes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

import msgspec

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.errors import InvalidValue, LedgerUnusable
from mockserver.core.instants import plain
from mockserver.core.models import AbTestEvent, App, Event, MessageEvent

_Stored = TypeVar("_Stored")
_Value = TypeVar("_Value")

#: What comes of reading what was never written.
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    InvalidValue,
    LookupError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
)

EPOCH = plain(datetime(1970, 1, 1, tzinfo=UTC))

_DAY = 86_400_000_000
_SECOND = 1_000_000


def stored(
    what: str, taken_away_by: str
) -> Callable[[Callable[[_Stored], _Value]], Callable[[_Stored], _Value]]:
    """Have a function that reads what is stored say so if that is not what this ledger writes.

    Args:
        what: What it reads, for the message; the first column of the row follows.
        taken_away_by: The command that takes it out of the ledger.
    """

    def explaining(read: Callable[[_Stored], _Value]) -> Callable[[_Stored], _Value]:
        @wraps(read)
        def explained(row: _Stored) -> _Value:
            try:
                return read(row)
            except (*UNREADABLE, LedgerUnusable) as error:
                raise _unreadable(f"{what} {_named(row)}", taken_away_by, error) from error

        return explained

    return explaining


def _named(row: Any) -> str:
    return str(row[0])[:100] if isinstance(row, tuple) else ""


def _unreadable(what: str, taken_away_by: str, error: Exception) -> LedgerUnusable:
    return LedgerUnusable(
        f"{what.strip()} cannot be read, because another program has changed it in the ledger "
        f"({type(error).__name__}); put it right or restore the file, or give it up with "
        f"{taken_away_by}"
    )


def unreadable_delivery(delivery_id: object) -> LedgerUnusable:
    """Return the error that says that a delivery that is due cannot be made sense of."""
    return _unreadable(f"delivery {delivery_id}", "`postbacks reset`", ValueError())


def to_microseconds(instant_at: datetime) -> int:
    """Return the microseconds from 1970 UTC to `instant_at` (aware)."""
    since = instant_at - EPOCH
    return since.days * _DAY + since.seconds * _SECOND + since.microseconds


def from_microseconds(microseconds: int) -> datetime:
    """Return the aware UTC instant so many microseconds after 1970 UTC."""
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        # The end of an attempt that an earlier version let begin shortly before the calendar ends.
        return plain(datetime.max.replace(tzinfo=UTC))
    except TypeError as error:
        raise _unreadable("an instant", "`postbacks reset`", error) from error


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
    return _encode_quickly(document)


def decode_event(text: str) -> Event:
    """Return the event that `encode_event` wrote as `text`."""
    document = _decode(text)
    type = document.pop("type")
    document["triggered_at"] = from_microseconds(document["triggered_at"])
    if type == PostbackType.AB_TEST_EVENTS.value:
        return AbTestEvent(**document)
    document["channel"] = _CHANNELS[document["channel"]]
    return MessageEvent(**document)


def encode_app(app: App) -> str:
    """Return `app`, with all its knobs, as JSON text."""
    return _encode_app(app)


def decode_app(text: str) -> App:
    """Return the app that `encode_app` wrote as `text`; what it has no word of is the default."""
    document = json.loads(text)
    retry = document["retry"]
    retry["delays"] = [duration_from_microseconds(delay) for delay in retry["delays"]]
    retry["timeout"] = duration_from_microseconds(retry["timeout"])
    return msgspec.convert(document, App)


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


def _encode_quickly(document: dict[str, Any]) -> str:
    """Return what `_encode` returns, or something that is read back as the same, sooner."""
    for value in document.get("parameters", {}).values():
        # All else msgspec would write in a way of its own, if only by way of an exception.
        if value is not None and type(value) not in _PLAIN:
            return _encode(document)
    try:
        text: str = _write(document).decode()
    except (TypeError, ValueError):
        return _encode(document)
    return text if text.isascii() else _encode(document)


def _decode(text: str) -> Any:
    try:
        return _read(text)
    except msgspec.DecodeError:
        # It takes neither half of a surrogate pair nor infinity, which `_encode` writes.
        return json.loads(text)


_PLAIN = frozenset({str, int, bool})
_CHANNELS = {channel.value: channel for channel in Channel}
_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder().decode


def _plain(value: object) -> object:
    # Read-only mappings are welcome as parameters, and `json` knows dictionaries only.
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON: {value!r}")


def _plain_app(value: object) -> object:
    if isinstance(value, timedelta):
        return duration_to_microseconds(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value):
        return {item.name: getattr(value, item.name) for item in fields(value) if item.init}
    return _plain(value)


_encode = json.JSONEncoder(separators=(",", ":"), default=_plain).encode
_encode_app = json.JSONEncoder(separators=(",", ":"), default=_plain_app).encode
