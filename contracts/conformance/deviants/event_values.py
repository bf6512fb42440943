"""Breaks single events, and single values of events: by kind, by length, by age.

Each function takes the kind, the length or the age, so that it can be drawn as well; see `drawn`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import MATCHING, Value, mismatched_by, written_as
from mockserver.core.catalog import IN_APP_TEMPLATE_EVENTS, Channel
from mockserver.core.matching import Matches, Mismatch, why_not
from mockserver.core.models import (
    AbTestEvent,
    Delivery,
    Event,
    MessageEvent,
    NewDelivery,
    PostbackRule,
)
from mockserver.core.template import milliseconds, write_parameters
from mockserver.delivery.intake import _Matching
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger

_DAY = timedelta(days=1)

#: Whether it is about an event.
Which = Callable[[Event], bool]


def of_kind(channel: str, event: str = "", template: str = "") -> Which:
    """Return whether an event is of this channel, name and template, as far as they are given."""
    return lambda happened: (
        isinstance(happened, MessageEvent)
        and happened.channel == channel
        and event in ("", happened.event)
        and template in ("", happened.template_name)
    )


def missing(name: str, change: str, which: Which) -> Deviant:
    """Return a fake that does not know an event."""

    def reason(rule: PostbackRule, event: Event) -> str | None:
        return "no such event is known" if which(event) else why_not(rule, event)

    return Deviant(name, "events", change, patches=mismatched_by(reason))


def written(name: str, change: str, write: Callable[[Value], str]) -> Deviant:
    """Return a fake that writes values otherwise."""
    return Deviant(name, "events", change, patches=written_as(write))


def emptied(name: str, change: str, placeholder: str, which: Which, to: str = "") -> Deviant:
    """Return a fake that does not fill a value of some events."""
    return written(
        name,
        change,
        lambda value: to if value.name == placeholder and which(value.event) else value.text,
    )


def cut(name: str, change: str, placeholder: str, length: int) -> Deviant:
    """Return a fake that keeps so many characters of a value."""

    def write(value: Value) -> str:
        if value.name != placeholder:
            return value.text
        return quote(unquote(value.text)[:length], safe="")

    return written(name, change, write)


def parameters_written(
    name: str, change: str, write: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> Deviant:
    """Return a fake that changes the document of an event."""

    def changed(value: Value) -> str:
        if value.name != "Parameters" or not isinstance(value.event, MessageEvent):
            return value.text
        return write_parameters(write(value.event.parameters), value.encoding)

    return written(name, change, changed)


def told_time(
    name: str,
    change: str,
    tell: Callable[[datetime, datetime], datetime],
    which: Which | None = None,
) -> Deviant:
    """Return a fake that tells another time: of the time of an event and the present."""

    class Telling(MemoryLedger):
        def add_deliveries(self, new: Sequence[NewDelivery]) -> list[Delivery]:
            return super().add_deliveries([self._told(item) for item in new])

        def _told(self, new: NewDelivery) -> NewDelivery:
            if which is not None and not which(new.event):
                return new
            happened_at = new.event.triggered_at
            before = str(milliseconds(happened_at))
            after = str(milliseconds(tell(happened_at, new.due_at)))
            return new._replace(url=new.url.replace(before, after))

    return Deviant(name, "events", change, ledger=Telling)


def as_float(name: str, change: str, placeholder: str) -> Deviant:
    """Return a fake through whose floats an id goes."""

    def write(value: Value) -> str:
        if value.name != placeholder or not value.text.isdigit():
            return value.text
        return str(int(float(value.text)))

    return written(name, change, write)


def once_only(name: str, change: str, which: Which) -> Deviant:
    """Return a fake in which a second event of the same user and kind is none."""

    class Once(_Matching):
        def __init__(self, ledger: Ledger) -> None:
            super().__init__(ledger)
            self._seen = {_who(delivery.event) for delivery in ledger.deliveries()}

        def of(self, event: Event) -> Matches:
            matches, who = super().of(event), _who(event)
            if which(event) and who in self._seen:
                known = [Mismatch(rule, "it has happened already") for rule in matches.matched]
                return Matches([], known)
            self._seen.add(who)
            return matches

    return Deviant(name, "events", change, patches=((MATCHING, Once),))


def _who(event: Event) -> tuple[str, ...]:
    if isinstance(event, AbTestEvent):
        return event.app_id, event.user_id, event.ab_test_id
    return event.app_id, event.user_id, event.channel, event.event, event.template_name


def _is_custom(event: Event) -> bool:
    return (
        isinstance(event, MessageEvent)
        and event.channel is Channel.IN_APP
        and event.template_name not in IN_APP_TEMPLATE_EVENTS
    )


def _is_ab_test(event: Event) -> bool:
    return isinstance(event, AbTestEvent)


def _is_message(event: Event) -> bool:
    return isinstance(event, MessageEvent)


def _custom_lower_case(value: Value) -> str:
    is_name = value.name == "Template name" and _is_custom(value.event)
    return value.text.lower() if is_name else value.text


def _opened(value: Value) -> str:
    is_open = value.name == "Message event" and of_kind("Push Notification", "Open")(value.event)
    return "Opened" if is_open else value.text


def _spam(value: Value) -> str:
    is_event = value.name == "Message event"
    return value.text.replace("spam", "Spam") if is_event else value.text


def _large_as_text(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        key: str(item) if type(item) is int and abs(item) > 1_000_000 else item
        for key, item in parameters.items()
    }


def _not_nested(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: item for key, item in parameters.items() if not isinstance(item, list | dict)}


def _no_nulls(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: item for key, item in parameters.items() if item is not None}


def short_address(name: str, change: str, length: int) -> Deviant:
    """Return a fake that keeps so many characters of an address that was clicked."""
    return parameters_written(
        name,
        change,
        lambda parameters: {
            key: item[:length] if isinstance(item, str) else item
            for key, item in parameters.items()
        },
    )


def small_document(name: str, change: str, length: int) -> Deviant:
    """Return a fake that leaves out a document of more characters."""
    return parameters_written(
        name,
        change,
        lambda parameters: parameters if len(json.dumps(dict(parameters))) <= length else {},
    )


def not_older_than(name: str, change: str, age: timedelta) -> Deviant:
    """Return a fake for which nothing happened longer ago."""
    return told_time(name, change, lambda happened_at, now_at: max(happened_at, now_at - age))


def not_ahead_by(name: str, change: str, by: timedelta) -> Deviant:
    """Return a fake for which nothing happens further ahead."""
    return told_time(name, change, lambda happened_at, now_at: min(happened_at, now_at + by))


def _one_letter_lost(value: Value) -> str:
    return "" if value.name in ("User ID", "Device ID") and len(value.text) == 1 else value.text


def _in_summer(happened_at: datetime, now_at: datetime) -> datetime:
    return happened_at - timedelta(hours=1) if happened_at.month in range(4, 10) else happened_at


DEVIANTS: tuple[Deviant, ...] = (
    missing(
        "select-button-2-missing",
        "Select Button 2 of a Rich Interstitial fires nothing.",
        of_kind("In-app Message", "Select Button 2"),
    ),
    missing(
        "survey-held-back-missing",
        "Held Back of a Satisfaction Survey fires nothing.",
        of_kind("In-app Message", "Held Back", "Satisfaction Survey"),
    ),
    missing("unsubscribe-missing", "Unsubscribe fires nothing.", of_kind("Email", "Unsubscribe")),
    emptied(
        "bounce-without-parameters",
        "Parameters of a Bounce are always {}.",
        "Parameters",
        of_kind("Email", "Bounce"),
        "%7B%7D",
    ),
    emptied(
        "push-without-parameters",
        "Parameters of push notifications are always {}.",
        "Parameters",
        of_kind("Push Notification"),
        "%7B%7D",
    ),
    emptied(
        "button-2-without-parameters",
        "Parameters of Select Button 2 are always {}.",
        "Parameters",
        of_kind("In-app Message", "Select Button 2"),
        "%7B%7D",
    ),
    written(
        "custom-name-lower-case",
        "The name of a customer's own template is in lower case.",
        _custom_lower_case,
    ),
    emptied(
        "confirm-without-name",
        "Template name is empty for Confirm.",
        "Template name",
        of_kind("In-app Message", "", "Confirm"),
    ),
    as_float("message-id-as-float", "Message ID goes through a float.", "Message ID"),
    as_float("variant-id-as-float", "Variant ID goes through a float.", "Variant ID"),
    once_only(
        "same-user-once",
        "The same message event of the same user fires once.",
        _is_message,
    ),
    once_only(
        "same-user-one-test",
        "A user who enters the same test again fires nothing.",
        _is_ab_test,
    ),
    written("push-open-written-opened", "Open of a push notification is Opened.", _opened),
    parameters_written(
        "numbers-above-a-million-as-text",
        "Whole numbers above a million are text in Parameters.",
        _large_as_text,
    ),
    parameters_written(
        "nested-parameters-lost", "Parameters has no lists and objects.", _not_nested
    ),
    parameters_written("null-parameters-lost", "Parameters has no null.", _no_nulls),
    emptied(
        "device-of-in-app-lost",
        "Device ID is empty for in-app messages.",
        "Device ID",
        of_kind("In-app Message"),
    ),
    written("spam-mark-capital", "Marked as spam is written Marked as Spam.", _spam),
    cut("user-id-cut-at-255", "User ID has 255 characters at most.", "User ID", 255),
    cut("user-id-cut-at-511", "User ID has 511 characters at most.", "User ID", 511),
    cut("device-id-cut-at-64", "Device ID has 64 characters at most.", "Device ID", 64),
    cut("message-id-cut-at-128", "Message ID has 128 characters at most.", "Message ID", 128),
    short_address(
        "address-cut-at-2048", "Texts in Parameters have 2,048 characters at most.", 2_048
    ),
    small_document(
        "parameters-left-out-above-4096",
        "Parameters of more than 4,096 characters are left out.",
        4_096,
    ),
    written("one-letter-ids-lost", "Ids of one character are empty.", _one_letter_lost),
    not_older_than("a-day-at-most", "Trigger time is a day ago at most.", _DAY),
    not_older_than("ninety-days-at-most", "Trigger time is 90 days ago at most.", 90 * _DAY),
    not_older_than("a-year-at-most", "Trigger time is 365 days ago at most.", 365 * _DAY),
    told_time(
        "whole-seconds",
        "Trigger time is in whole seconds.",
        lambda happened_at, now_at: happened_at.replace(microsecond=0),
    ),
    told_time(
        "rounded-to-ten-milliseconds",
        "Trigger time is rounded down to ten milliseconds.",
        lambda happened_at, now_at: (
            happened_at - timedelta(microseconds=happened_at.microsecond % 10_000)
        ),
    ),
    told_time("an-hour-off-in-summer", "Trigger time is an hour less from April on.", _in_summer),
    told_time(
        "ab-test-now",
        "Trigger time of an A/B test event is the present.",
        lambda happened_at, now_at: now_at,
        _is_ab_test,
    ),
    not_ahead_by("no-later-than-now", "Trigger time is the present at most.", timedelta()),
    not_ahead_by("no-later-than-tomorrow", "Trigger time is in a day at most.", _DAY),
)
