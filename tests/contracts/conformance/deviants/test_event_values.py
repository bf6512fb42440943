"""What the deviants about single events, lengths and instants do otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from .acting import Actor, Probe, name_of, prove

_BUTTON_2 = "in-app.rich-interstitial.select-button-2"
_ID = "9007199254740993"
_ROUNDED = "9007199254740992"


def _text(template: str, event: str, **values: Any) -> Callable[[Actor], str]:
    return lambda actor: unquote(actor.filled(f"?{template}", event, **values))[1:]


def _parameters(event: str, **parameters: Any) -> Callable[[Actor], str]:
    return _text("{{Parameters}}", event, parameters=parameters)


def _length(field: str, placeholder: str, length: int) -> Callable[[Actor], int]:
    def look(actor: Actor) -> int:
        return len(_text(f"{{{{{placeholder}}}}}", "push.open", **{field: "x" * length})(actor))

    return look


def _fired(name: str, beside: str) -> Callable[[Actor], list[int]]:
    """Look at how many rules an event fires, and one beside it."""

    def look(actor: Actor) -> list[int]:
        actor.add(actor.inbox())
        return [len(actor.fire(each)) for each in (name, beside)]

    return look


def _twice(name: str, type: str = "messageEvents") -> Callable[[Actor], int]:
    def look(actor: Actor) -> int:
        actor.add(actor.inbox(), type=type)
        for user in ("ada", "ada", "bob"):
            actor.fire(name, user_id=user)
        return len(actor.requests())

    return look


def _off(name: str, **ago: float) -> Callable[[Actor], float]:
    """Look at how many seconds the time that is told is off, for an event of so long ago."""

    def look(actor: Actor) -> float:
        at = actor.control.clock().now - timedelta(**ago)
        told = int(actor.filled("?{{Trigger time}}", name, triggered_at=at.isoformat())[1:])
        return round(told / 1000 - at.timestamp(), 3)

    return look


_DAY = 86_400.0

PROBES = (
    Probe(
        "select-button-2-missing",
        _fired(_BUTTON_2, "in-app.rich-interstitial.select-button-1"),
        [1, 1],
        [0, 1],
    ),
    Probe(
        "survey-held-back-missing",
        _fired("in-app.satisfaction-survey.held-back", "in-app.banner.held-back"),
        [1, 1],
        [0, 1],
    ),
    Probe("unsubscribe-missing", _fired("email.unsubscribe", "email.open"), [1, 1], [0, 1]),
    Probe("bounce-without-parameters", _parameters("email.bounce", a=1), '{"a":1}', "{}"),
    Probe("push-without-parameters", _parameters("push.open", a=1), '{"a":1}', "{}"),
    Probe("button-2-without-parameters", _parameters(_BUTTON_2, a=1), '{"a":1}', "{}"),
    Probe(
        "custom-name-lower-case",
        _text("{{Template name}}", "in-app.banner.view", template_name="Scratch Card"),
        "Scratch Card",
        "scratch card",
    ),
    Probe("confirm-without-name", _text("{{Template name}}", "in-app.confirm.view"), "Confirm", ""),
    Probe(
        "message-id-as-float", _text("{{Message ID}}", "push.open", message_id=_ID), _ID, _ROUNDED
    ),
    Probe(
        "variant-id-as-float",
        _text("{{Variant ID}}", "ab-test.enter", variant_id=_ID),
        _ID,
        _ROUNDED,
    ),
    Probe("same-user-once", _twice("push.open"), 3, 2),
    Probe("same-user-one-test", _twice("ab-test.enter", "abTestEvents"), 3, 2),
    Probe("push-open-written-opened", _text("{{Message event}}", "push.open"), "Open", "Opened"),
    Probe(
        "numbers-above-a-million-as-text",
        _parameters("push.open", a=1_000_001),
        '{"a":1000001}',
        '{"a":"1000001"}',
    ),
    Probe(
        "nested-parameters-lost", _parameters("push.open", a=1, b=[1]), '{"a":1,"b":[1]}', '{"a":1}'
    ),
    Probe(
        "null-parameters-lost",
        _parameters("push.open", a=1, b=None),
        '{"a":1,"b":null}',
        '{"a":1}',
    ),
    Probe(
        "device-of-in-app-lost",
        _text("{{Device ID}}", "in-app.banner.view", device_id="D-1"),
        "D-1",
        "",
    ),
    Probe(
        "spam-mark-capital",
        _text("{{Message event}}", "email.marked-as-spam"),
        "Marked as spam",
        "Marked as Spam",
    ),
    Probe("user-id-cut-at-255", _length("user_id", "User ID", 256), 256, 255),
    Probe("user-id-cut-at-511", _length("user_id", "User ID", 512), 512, 511),
    Probe("device-id-cut-at-64", _length("device_id", "Device ID", 65), 65, 64),
    Probe("message-id-cut-at-128", _length("message_id", "Message ID", 129), 129, 128),
    Probe(
        "address-cut-at-2048",
        lambda actor: len(_parameters("email.click", url="x" * 2049)(actor)),
        2059,
        2058,
    ),
    Probe(
        "parameters-left-out-above-4096",
        lambda actor: len(_parameters("email.click", url="x" * 4090)(actor)),
        4100,
        2,
    ),
    Probe("one-letter-ids-lost", _length("user_id", "User ID", 1), 1, 0),
    Probe("a-day-at-most", _off("push.open", days=2), 0.0, _DAY),
    Probe("ninety-days-at-most", _off("push.open", days=91), 0.0, _DAY),
    Probe("a-year-at-most", _off("push.open", days=366), 0.0, _DAY),
    Probe("whole-seconds", _off("push.open", seconds=0.75), 0.0, -0.25),
    Probe("rounded-to-ten-milliseconds", _off("push.open", seconds=0.995), 0.0, -0.005),
    Probe("an-hour-off-in-summer", _off("push.open", days=150), 0.0, -3600.0),
    Probe("ab-test-now", _off("ab-test.enter", seconds=5), 0.0, 5.0),
    Probe("no-later-than-now", _off("push.open", seconds=-5), 0.0, -5.0),
    Probe("no-later-than-tomorrow", _off("push.open", days=-2), 0.0, -_DAY),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
