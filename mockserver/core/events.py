"""Makes an event from a name and a few values, with samples for all that was not given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from mockserver.core.catalog import (
    Channel,
    EventKind,
    PostbackType,
    check_message_event,
    suggestion,
)
from mockserver.core.clock import as_utc
from mockserver.core.errors import InvalidEvent
from mockserver.core.json_values import fault_in, is_text
from mockserver.core.models import AbTestEvent, Event, MessageEvent
from mockserver.core.samples import carried_by, sample_value

MESSAGE_FIELDS = ("user_id", "device_id", "message_id", "template_name", "parameters")
AB_TEST_FIELDS = ("user_id", "device_id", "ab_test_id", "variant_id")


def build_event(
    kind: EventKind, app_id: str, triggered_at: datetime, overrides: Mapping[str, Any]
) -> Event:
    """Return an event of `kind` with sample values, `overrides` taking their place.

    Args:
        kind: From `catalog.event_kind`.
        app_id: The app it happens in.
        triggered_at: When it happens, aware; `overrides["triggered_at"]` wins.
        overrides: Fields of the event by name.

    Raises:
        InvalidEvent: An override is no field of such an event, or has the wrong type.
    """
    return check_event(draft_event(kind, app_id, triggered_at, overrides))


def draft_event(
    kind: EventKind, app_id: str, triggered_at: datetime, overrides: Mapping[str, Any]
) -> Event:
    """Do what `build_event` does, and leave the values unchecked; for what is checked later.

    Raises:
        InvalidEvent: An override is no field of such an event, or `triggered_at` no instant.
    """
    values = dict(overrides)
    triggered_at = _checked_instant(values.pop("triggered_at", triggered_at))
    _check_names(kind, values)
    if kind.type is PostbackType.AB_TEST_EVENTS:
        samples = _samples(kind.channel, kind.event, AB_TEST_FIELDS)
        return AbTestEvent(app_id, triggered_at, **(samples | values))
    assert kind.channel is not None, "only A/B tests have no channel"
    values.setdefault("template_name", kind.template_name)
    if "parameters" not in values:
        values["parameters"] = dict(carried_by(kind.channel, kind.event).parameters)
    fields = _samples(kind.channel, kind.event, MESSAGE_FIELDS) | values
    return MessageEvent(app_id, kind.channel, kind.event, triggered_at, **fields)


def check_event(event: Event) -> Event:
    """Return `event` if Leanplum could have produced it and a URL can carry it.

    Raises:
        InvalidEvent: A field is wrong; the message says which, and what was expected.
    """
    as_utc(event.triggered_at, "triggered_at")
    if isinstance(event, MessageEvent):
        if not _are_sound(event.user_id, event.device_id, event.message_id, event.template_name):
            _check_texts(event, MESSAGE_FIELDS)
        channel = event.channel
        if type(channel) is not Channel:
            channel = Channel(channel)
        check_message_event(channel, event.event, event.template_name)
        if not _is_plain(event.parameters):
            _check_parameters(event.parameters)
    elif not _are_sound(event.user_id, event.device_id, event.ab_test_id, event.variant_id):
        _check_texts(event, AB_TEST_FIELDS)
    return event


def _checked_instant(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise InvalidEvent(
            "triggered_at must be an instant like 2026-01-01T12:00:00Z or an aware datetime"
        )
    return as_utc(value, "triggered_at")


def _check_names(kind: EventKind, values: Mapping[str, Any]) -> None:
    allowed = AB_TEST_FIELDS if kind.type is PostbackType.AB_TEST_EVENTS else MESSAGE_FIELDS
    for name in values:
        if name not in allowed:
            raise InvalidEvent(
                f"{kind.name} has no field {name!r}{suggestion(name, allowed)}; "
                f"it has: {', '.join(allowed)}, triggered_at"
            )


@cache
def _samples(channel: Channel | None, event: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: sample_value(name, channel, event) for name in names}


def _are_sound(*texts: Any) -> bool:
    """Return whether a URL can carry these texts; almost all can, so all are tried at once."""
    try:
        "".join(texts).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def _is_plain(parameters: Any) -> bool:
    """Return whether parameters are a flat dictionary that is known to be sound."""
    if type(parameters) is not dict:
        return False
    texts = list(parameters)
    for value in parameters.values():
        kind = type(value)
        if kind is str:
            texts.append(value)
        # Python refuses to write numbers of several thousand digits.
        elif value is not None and not (kind is bool or (kind is int and value < _LARGE > -value)):
            return False
    return _are_sound(*texts)


_LARGE = 1 << 64


def _check_texts(event: Event, names: tuple[str, ...]) -> None:
    for name in names:
        if name != "parameters":
            _check_text(name, getattr(event, name))


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise InvalidEvent(
            f"{name} must be text, got {value!r}; ids have 16 digits, quote them so that no "
            "digit is lost"
        )
    if not is_text(value):
        raise InvalidEvent(
            f"{name} holds half of a surrogate pair, which no URL can carry: {value[:100]!r}"
        )


def _check_parameters(parameters: Any) -> None:
    if not isinstance(parameters, Mapping):
        raise InvalidEvent(f"parameters must be a JSON object, got a {type(parameters).__name__}")
    fault = fault_in(parameters)
    if fault is not None:
        raise InvalidEvent(f"parameters cannot be written as JSON: parameters{fault}")
