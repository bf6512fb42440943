"""Makes an event from a name and a few values, with samples for all that was not given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
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
from mockserver.core.models import AbTestEvent, Event, MessageEvent
from mockserver.core.template import write_parameters

#: Values for the fields that nobody set. The plus is there because real ids have it and
#: receivers get it wrong; it must arrive as a plus, not as a space.
SAMPLE_VALUES: Mapping[str, str] = MappingProxyType(
    {
        "user_id": "ada+news@example.com",
        "device_id": "7C3A9C52-1F0B-4D8E-9C61-0A5D2B7E4F10",
        "message_id": "5838201947316224",
        "ab_test_id": "4912773501100032",
        "variant_id": "5001344097845248",
    }
)

#: What a Click carries (observed); every other event carries no parameters.
SAMPLE_CLICK_PARAMETERS: Mapping[str, Any] = MappingProxyType(
    {"index": 1, "url": "https://example.com/offers?from=newsletter"}
)

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
    values = dict(overrides)
    triggered_at = _checked_instant(values.pop("triggered_at", triggered_at))
    _check_names(kind, values)
    if kind.type is PostbackType.AB_TEST_EVENTS:
        return check_event(
            AbTestEvent(app_id, triggered_at, **_with_samples(values, AB_TEST_FIELDS))
        )
    assert kind.channel is not None, "only A/B tests have no channel"
    values.setdefault("template_name", kind.template_name)
    if "parameters" not in values:
        values["parameters"] = dict(SAMPLE_CLICK_PARAMETERS) if kind.event == "Click" else {}
    fields = _with_samples(values, MESSAGE_FIELDS)
    return check_event(MessageEvent(app_id, kind.channel, kind.event, triggered_at, **fields))


def check_event(event: Event) -> Event:
    """Return `event` if Leanplum could have produced it and a URL can carry it.

    Raises:
        InvalidEvent: A field is wrong; the message says which, and what was expected.
    """
    as_utc(event.triggered_at, "triggered_at")
    names = MESSAGE_FIELDS if isinstance(event, MessageEvent) else AB_TEST_FIELDS
    for name in names:
        value = getattr(event, name)
        if name != "parameters":
            _check_text(name, value)
    if isinstance(event, MessageEvent):
        check_message_event(Channel(event.channel), event.event, event.template_name)
        _check_parameters(event.parameters)
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


def _with_samples(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values.get(name, SAMPLE_VALUES.get(name, "")) for name in names}


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise InvalidEvent(
            f"{name} must be text, got {value!r}; ids have 16 digits, quote them so that no "
            "digit is lost"
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidEvent(
            f"{name} holds half of a surrogate pair, which no URL can carry: {value!r}"
        ) from None


def _check_parameters(parameters: Any) -> None:
    if not isinstance(parameters, Mapping):
        raise InvalidEvent(f"parameters must be a JSON object, got {parameters!r}")
    try:
        write_parameters(parameters)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidEvent(f"parameters cannot be written as JSON: {error}") from None
