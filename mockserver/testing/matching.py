"""Compares single deliveries and requests with the fields that a test names.

Values are compared with `==`, so that objects like those of dirty-equals work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mockserver.core.catalog import event_kinds, suggestion
from mockserver.core.errors import InvalidValue
from mockserver.core.models import MessageEvent
from mockserver.delivery.history import DeliveryHistory
from mockserver.receiver.journal import ReceivedRequest
from mockserver.testing.possible import check_request, check_values

#: The fields of a delivery that a test can name. `query` can be named too.
FIELDS = (
    "event",
    "channel",
    "user_id",
    "device_id",
    "message_id",
    "template_name",
    "parameters",
    "ab_test_id",
    "variant_id",
    "triggered_at",
    "url",
    "state",
    "postback_id",
    "app_id",
)

#: The parts of a request that a test can name.
PARTS = ("method", "path", "body", "query")

_NAMES = {(kind.channel, kind.event, kind.template_name): kind.name for kind in event_kinds()}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that has not the expected value."""

    field: str
    expected: object
    actual: object

    def __str__(self) -> str:
        """Return it as a line of a failure."""
        return f"{self.field}: expected {self.expected!r}, it is {self.actual!r}"


def differences(delivery: DeliveryHistory, wanted: Mapping[str, Any]) -> list[Difference]:
    """Return the fields in which a delivery is not what is wanted; none if it matches."""
    found = []
    for field, expected in wanted.items():
        if field == "query":
            pairs = parse_qsl(urlsplit(delivery.url).query, keep_blank_values=True)
            # Of a repeated name the first value counts, as in requests that were received.
            found += query_differences(expected, dict(reversed(pairs)))
            continue
        actual = _values(delivery, field)
        # In this order, so that an object that a test hands in decides what it is equal to.
        if not any(expected == value for value in actual):
            found.append(Difference(field, expected, actual[0]))
    return found


def query_differences(expected: Any, query: Mapping[str, str]) -> list[Difference]:
    """Return the keys in which a query differs; it is compared as a whole with what is no dict."""
    if not isinstance(expected, Mapping):
        return [] if expected == query else [Difference("query", expected, dict(query))]
    return [
        Difference(f"query {name!r}", value, query.get(name))
        for name, value in expected.items()
        if value != query.get(name)
    ]


def request_differences(request: ReceivedRequest, wanted: Mapping[str, Any]) -> list[Difference]:
    """Return the parts in which a request is not what is wanted; none if it matches."""
    parts = {"method": request.method, "path": request.path, "body": request.text}
    found = []
    for name, expected in wanted.items():
        if name == "query":
            found += query_differences(expected, request.query)
        elif expected != parts[name]:
            found.append(Difference(name, expected, parts[name]))
    return found


def check_fields(wanted: Mapping[str, Any]) -> None:
    """Check that deliveries have these fields, and can have these values.

    Raises:
        InvalidValue: There is no such field, or no such value; the message says which.
    """
    __tracebackhide__ = True
    for field in wanted:
        if field not in (*FIELDS, "query"):
            raise InvalidValue(
                f"a delivery has no field {field!r}{suggestion(field, (*FIELDS, 'query'))};\n"
                f"it has: {', '.join((*FIELDS, 'query'))}"
            )
    check_values(wanted)


def check_parts(inbox: str, wanted: Mapping[str, Any]) -> None:
    """Check that requests at an inbox have these parts, and can have these values.

    Raises:
        InvalidValue: There is no such part, or no such value; the message says which.
    """
    __tracebackhide__ = True
    for name in wanted:
        if name not in PARTS:
            raise InvalidValue(
                f"a request has no {name!r}{suggestion(name, PARTS)}; it has: {', '.join(PARTS)}"
            )
    check_request(inbox, wanted)


def nearest(
    deliveries: Sequence[DeliveryHistory], wanted: Mapping[str, Any]
) -> list[DeliveryHistory]:
    """Return the deliveries, those that differ in the fewest fields first."""
    return sorted(deliveries, key=lambda delivery: len(differences(delivery, wanted)))


def _values(delivery: DeliveryHistory, field: str) -> list[object]:
    """Return the values that a field may be compared with, the usual one first."""
    if field in ("url", "state", "postback_id", "app_id"):
        value = getattr(delivery, field)
        return [value.value if isinstance(value, Enum) else value]
    event = delivery.event
    if field == "event":
        if not isinstance(event, MessageEvent):
            return ["ab-test.enter", ""]
        name = _NAMES.get((event.channel, event.event, event.template_name), event.event)
        return [name, event.event]
    return [getattr(event, field, None)]
