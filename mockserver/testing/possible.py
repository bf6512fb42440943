"""Refuses what no delivery and no request can be equal to, so that no test asks for it in vain.

An assertion about what did not happen would hold whatever happens. Only plain values are judged:
other objects, like those of dirty-equals, decide themselves what they are equal to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from mockserver.core.catalog import Channel, EventKind, event_kinds, suggestion
from mockserver.core.errors import InvalidValue
from mockserver.core.retry import DeliveryState
from mockserver.receiver.inboxes import inbox_of

#: What has a type of its own, and is equal to nothing of another one.
_PLAIN = frozenset(
    {bool, bytearray, bytes, date, datetime, dict, float, frozenset, int, list, set, str, time}
    | {timedelta, tuple}
)

#: The fields that have only these words.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "event": (
        *dict.fromkeys(kind.name for kind in event_kinds()),
        *dict.fromkeys(kind.event for kind in event_kinds() if kind.event),
    ),
    "channel": tuple(channel.value for channel in Channel),
    "state": tuple(state.value for state in DeliveryState),
}
#: What fields are that are not text: how that is called, and what may be compared with it.
_TYPES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "parameters": ("a dict", (dict,)),
    "triggered_at": ("an aware datetime", (datetime,)),
    "postback_id": ("a number", (int, float)),
}
_MESSAGE_ONLY = ("message_id", "template_name", "parameters")
_AB_TEST_ONLY = ("ab_test_id", "variant_id")


def check_values(wanted: Mapping[str, Any]) -> None:
    """Check that a delivery can have these values, and all of them at once.

    Args:
        wanted: By field; fields that do not exist are checked elsewhere.

    Raises:
        InvalidValue: None can; the message says why.
    """
    __tracebackhide__ = True
    for field, value in wanted.items():
        if field == "query":
            check_query(value)
            continue
        name, types = _TYPES.get(field, ("text", (str,)))
        if type(value) in _PLAIN and type(value) not in types:
            raise InvalidValue(f"{field} is {name}, so no delivery has {field}={value!r}")
        if isinstance(value, datetime) and value.tzinfo is None:
            raise InvalidValue(
                f"triggered_at is an aware datetime, so no delivery has {value!r}; "
                "give it a time zone, e.g. tzinfo=timezone.utc"
            )
        _check_word(field, value)
    _check_together(wanted)


def check_query(wanted: object) -> None:
    """Check that a query can be, or have, what is wanted of it.

    Raises:
        InvalidValue: It cannot.
    """
    __tracebackhide__ = True
    if not isinstance(wanted, Mapping):
        if wanted is None or type(wanted) in _PLAIN:
            raise InvalidValue(f"query takes a dict like {{'user': 'ada'}}, got {wanted!r}")
        return
    for key, value in wanted.items():
        for each in (key, value):
            if type(each) in _PLAIN and type(each) is not str:
                raise InvalidValue(
                    f"a query holds text only, so none has {{{key!r}: {value!r}}}; "
                    f"write {{{str(key)!r}: {str(value)!r}}}"
                )


def check_request(inbox: str, wanted: Mapping[str, Any]) -> None:
    """Check that a request at an inbox can have these parts.

    Raises:
        InvalidValue: It cannot; the message says why.
    """
    __tracebackhide__ = True
    for name, value in wanted.items():
        if name == "query":
            check_query(value)
        elif value is None or (type(value) in _PLAIN and type(value) is not str):
            raise InvalidValue(f"{name} is text, so no request has {name}={value!r}")
    method, path = wanted.get("method"), wanted.get("path")
    if type(method) is str and method != method.upper():
        raise InvalidValue(
            f"methods are in capitals, so no request has method={method!r}; "
            f"write {method.upper()!r}"
        )
    if type(path) is str and ("?" in path or not path.startswith("/") or inbox_of(path) != inbox):
        other = inbox_of(path)
        advice = f"ask inbox={other!r}" if other and "?" not in path else "the rest is its query"
        raise InvalidValue(
            f"paths at inbox {inbox!r} begin with '/inbox/{inbox}' and have no query, so no "
            f"request has path={path!r}; {advice}"
        )


def _check_word(field: str, value: object) -> None:
    """Refuse a word that no delivery can have: nothing would ever be found, or be missed."""
    __tracebackhide__ = True
    words = _WORDS.get(field)
    # An enum is written with care, and other objects decide themselves what they are equal to.
    if words is None or type(value) is not str or value in words or (field, value) == ("event", ""):
        return
    raise InvalidValue(
        f"no delivery has {field}={value!r}{suggestion(value, words)}; there are:\n"
        f"{', '.join(words)}"
    )


def _check_together(wanted: Mapping[str, Any]) -> None:
    """Refuse words that exist, of which no event has all."""
    __tracebackhide__ = True
    told = {
        name: str(value)
        for name, value in wanted.items()
        if isinstance(value, str) and name in ("event", "channel", "template_name")
    }
    told |= {
        name: ""
        for name in (*_MESSAGE_ONLY, *_AB_TEST_ONLY)
        if name not in told and type(wanted.get(name)) in _PLAIN
    }
    if len(told) > 1 and not any(_has(kind, told) for kind in event_kinds()):
        shown = ", ".join(f"{name}={wanted[name]!r}" for name in wanted if name in told)
        raise InvalidValue(f"no event has all of {shown}, so no delivery can be meant")


def _has(kind: EventKind, told: Mapping[str, str]) -> bool:
    """Return whether an event of this kind can have what is told of it."""
    event = told.get("event")
    if event is not None and event not in (kind.name, kind.event):
        return False
    if "channel" in told and (kind.channel is None or told["channel"] != kind.channel.value):
        return False
    if kind.channel is None:
        return not any(name in told for name in _MESSAGE_ONLY)
    if any(name in told for name in _AB_TEST_ONLY):
        return False
    template_name = told.get("template_name")
    # A customer's own template has the events of every template, but not their full names.
    is_own_possible = kind.channel is Channel.IN_APP and event != kind.name
    return template_name is None or template_name == kind.template_name or is_own_possible
