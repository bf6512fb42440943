"""Makes events that look alike for the cases that ask whether an endpoint keeps them apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from contracts.verify.postbacks import Postback
from contracts.verify.target import EndpointTarget
from mockserver.core.catalog import EventKind
from mockserver.core.models import Event, MessageEvent

#: Ends of ids that databases take for the same, each with what differs.
NEAR = (
    ("case", "-Ada", "-ada"),
    ("case beyond ASCII", "-Éva", "-éva"),
    ("an accent", "-Müller", "-Muller"),
    ("the form of an accent", "-caf\u00e9", "-cafe\u0301"),
    ("a blank at the end", "-ada", "-ada "),
    ("a letter that is written with two", "-Strasse", "-Straße"),
)
#: By these some endpoints join values to one key, so that two pairs of ids are one text.
JOINS = ("", "-", "_", "|", ":", ",", " ")
_SAME = "the same in all but "
#: Whole ids of which one has zeros at the beginning.
_NUMBER, _PADDED = "420815", "00420815"


def differing(target: EndpointTarget) -> Iterator[tuple[Postback, str]]:
    """Yield an event, and others that differ from it in exactly one value that the endpoint keeps.

    Kinds of events that the endpoint need not keep come first: they must not keep it from storing
    the one that it keeps.
    """
    subscription = target.subscription
    composer = target.composer
    for kind in subscription.kept[:3]:
        first = composer.make(kind)
        for other in subscription.kinds:
            values = _differing_in(kind, other)
            if len(values) == 1 and _is_kept(target, values[0]):
                yield composer.compose(_of_kind(first.event, other)), _all_but(values[0])
        yield first, "an event that others are like"
    last = composer.make()
    yield last, "an event that others are like"
    for placeholder, changed in _changes(last.event):
        if _is_kept(target, placeholder):
            yield composer.compose(changed), _all_but(placeholder)


def near_pairs(target: EndpointTarget) -> Iterator[tuple[Postback, str]]:
    """Yield pairs of events that differ in next to nothing of one id."""
    composer = target.composer
    if _is_kept(target, "User ID"):
        for what, one, other in NEAR:
            event = composer.make().event
            for end in (one, other):
                user = replace(event, user_id=f"{event.user_id}{end}")
                yield composer.compose(user), f"two users that differ only in {what}"
        if _is_kept(target, "Device ID"):
            event = composer.make().event
            for number in (_NUMBER, _PADDED):
                user = replace(event, user_id=number)
                yield composer.compose(user), "two users that differ only in zeros"
    if _is_kept(target, "User ID") and _is_kept(target, "Device ID"):
        for sign in JOINS:
            event = composer.make().event
            for end, begin in ((f"{sign}ada", ""), ("", f"ada{sign}")):
                moved = replace(
                    event,
                    user_id=f"{event.user_id}{end}",
                    device_id=f"{begin}{event.device_id}",
                )
                yield composer.compose(moved), f"two pairs of ids that are one text with {sign!r}"
    if _is_kept(target, "Device ID"):
        for what, one, other in NEAR:
            event = composer.make().event
            for end in (one, other):
                device = replace(event, device_id=f"{event.device_id}{end}")
                yield composer.compose(device), f"two devices that differ only in {what}"


def _is_kept(target: EndpointTarget, placeholder: str) -> bool:
    """Return whether the URL carries a value, and the endpoint keeps it, as far as can be seen."""
    return target.subscription.carries(placeholder) and target.shows(placeholder)


def _changes(event: Event) -> Iterator[tuple[str, Event]]:
    """Yield the same event with one value changed, and which one."""
    yield "User ID", replace(event, user_id=f"{event.user_id}-second")
    yield "Device ID", replace(event, device_id=f"{event.device_id}-tablet")
    yield "Device ID", replace(event, device_id="")
    yield (
        "Trigger time",
        replace(event, triggered_at=event.triggered_at + timedelta(milliseconds=1)),
    )
    if isinstance(event, MessageEvent):
        yield "Message ID", replace(event, message_id=str(int(event.message_id) + 1_000_000))
        link: dict[str, Any] = {"index": 1, **event.parameters}
        yield "Parameters", replace(event, parameters=link | {"url": "https://shop.example/b"})
        yield "Parameters", replace(event, parameters=link | {"index": 3})
    else:
        yield "AB test ID", replace(event, ab_test_id=str(int(event.ab_test_id) + 1_000_000))
        yield "Variant ID", replace(event, variant_id=str(int(event.variant_id) + 1_000_000))


def _of_kind(event: Event, kind: EventKind) -> Event:
    """Return the same event of another kind."""
    assert isinstance(event, MessageEvent), "A/B tests have one kind of event"
    assert kind.channel is not None, "only A/B tests have no channel"
    return replace(event, channel=kind.channel, event=kind.event, template_name=kind.template_name)


def is_varied(what: str) -> bool:
    """Return whether these words say that an event differs from another in one value."""
    return what.startswith(_SAME)


def _all_but(placeholder: str) -> str:
    return f"{_SAME}{{{{{placeholder}}}}}"


def _differing_in(one: EventKind, other: EventKind) -> list[str]:
    """Return the placeholders whose values differ between two kinds of events."""
    values = {
        "Message channel": (one.channel, other.channel),
        "Message event": (one.event, other.event),
        "Template name": (one.template_name, other.template_name),
    }
    return [name for name, (this, that) in values.items() if this != that]
