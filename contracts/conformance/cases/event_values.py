"""Checks that every event arrives with all of its own values, whatever they are.

`events` and `template` try one event each; here every event of the documentation happens, with
values drawn by the seed of the run: long and short, old and new, and the same user again and again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from contracts.conformance.cases.events import EMAIL, IN_APP, PUSH
from contracts.conformance.cases.template import query_of
from contracts.conformance.target import EVERY_AB_TEST_VALUE, EVERY_MESSAGE_VALUE, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 55

ROUNDS = 3
_CUSTOM = ("Scratch Card", "wheel of fortune", "NPS-2026 (é)", "Banner 2")
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

#: One of each order of magnitude, and both sides of what somebody may have taken for a limit.
AGES = tuple(
    timedelta(**{unit: number})
    for unit, numbers in (
        ("milliseconds", (1, 10, 999)),
        ("seconds", (1, 59, 60)),
        ("minutes", (5, 59, 60)),
        ("hours", (12, 23, 24, 25)),
        ("days", (2, 7, 29, 31, 60, 90, 120, 150, 180, 210, 240, 270, 300, 364, 366)),
    )
    for number in numbers
)
#: How long an id may be by what people take for limits: one less, as many, one more.
ID_LENGTHS = (1, 2, 36, 63, 64, 65, 127, 128, 129, 254, 255, 256, 257, 500, 511, 512)
ADDRESS_LENGTHS = (100, 1_023, 1_025, 2_047, 2_049, 4_095, 4_097, 6_000)

_Row = tuple[tuple[str, str], ...]


@case(
    "PB-EVENTS-EVERY-VALUE",
    "Each event of the documentation arrives with its own values, each time that it happens",
    why="What was never seen in a test is where a mapping has a hole: the survey, the spam mark.",
    fix="Fill each value from the event that happened, whatever its kind.",
    catches=[
        "push-held-back-missing",
        "email-dropped-missing",
        "in-app-accept-missing",
        "ab-test-missing",
        "custom-template-missing",
        "select-button-2-missing",
        "survey-held-back-missing",
        "unsubscribe-missing",
        "bounce-without-parameters",
        "push-without-parameters",
        "button-2-without-parameters",
        "custom-name-lower-case",
        "confirm-without-name",
        "message-id-as-float",
        "variant-id-as-float",
        "same-user-once",
        "same-user-one-test",
        "push-open-written-opened",
        "numbers-above-a-million-as-text",
        "nested-parameters-lost",
        "null-parameters-lost",
        "device-of-in-app-lost",
        "spam-mark-capital",
    ],
)
def every_value(target: Target, rec: Recorder) -> None:
    """Lets all events happen, three times each, with values of their own, and compares arrivals."""
    random, now_at = rec.random, target.now()
    users = [_word(random, random.randint(1, 30)) for _ in range(8)]
    names = list(_kinds()) * rec.samples(ROUNDS)
    random.shuffle(names)
    values = [_message_values(random, users, now_at) for _ in names]
    for template in _CUSTOM:
        # View and Held Back are what a template of a customer's own has.
        for name in ("in-app.banner.view", "in-app.confirm.held-back"):
            names.append(name)
            own = _message_values(random, users, now_at)
            values.append(own | {"template_name": template})
    _compare(target, rec, names, values)
    tests = [_ab_test_values(random, users[:3], now_at) for _ in range(12)]
    _compare(target, rec, ["ab-test.enter"] * 14, [*tests, tests[0], tests[0]])


@case(
    "PB-EVENTS-LENGTHS",
    "A value arrives whole, however long it is",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="An id that was cut is another user's, or nobody's; a document that was cut is no JSON.",
    fix="Nothing is documented; the fake neither cuts nor refuses what fits into a URL.",
    catches=[
        "user-id-cut-at-255",
        "user-id-cut-at-511",
        "device-id-cut-at-64",
        "message-id-cut-at-128",
        "address-cut-at-2048",
        "parameters-left-out-above-4096",
        "one-letter-ids-lost",
    ],
)
def lengths(target: Target, rec: Recorder) -> None:
    """Fires events with ids of 1 to 512 characters, and addresses and documents of up to 6 KB."""
    random, now_at = rec.random, target.now()
    names, values = [], []
    for length in ID_LENGTHS:
        names.append("push.open")
        ids = {name: _word(random, length) for name in ("user_id", "device_id", "message_id")}
        values.append(ids | {"parameters": {}, "triggered_at": now_at.isoformat()})
    for length in ADDRESS_LENGTHS:
        address = "https://example.com/" + _word(random, length - 20)
        many = {f"key {place}": _word(random, 12) for place in range(length // 24)}
        for parameters in ({"index": 1, "url": address}, many):
            names.append("email.click")
            values.append(_message_values(random, ["ada"], now_at) | {"parameters": parameters})
    _compare(target, rec, names, values)
    tests = [
        {name: _word(random, length) for name in ("user_id", "device_id")}
        | {"ab_test_id": _digits(random), "variant_id": _digits(random)}
        | {"triggered_at": now_at.isoformat()}
        for length in ID_LENGTHS
    ]
    _compare(target, rec, ["ab-test.enter"] * len(tests), tests)


@case(
    "PB-EVENTS-INSTANTS",
    "Trigger time is exact to the millisecond, however long ago the event happened",
    why="Devices report what happened offline after hours, days, or on the next holiday.",
    fix="Write the time of the event; neither round it nor move it nearer.",
    catches=[
        "now-not-trigger-time",
        "seconds-not-milliseconds",
        "a-day-at-most",
        "ninety-days-at-most",
        "a-year-at-most",
        "whole-seconds",
        "rounded-to-ten-milliseconds",
        "an-hour-off-in-summer",
        "ab-test-now",
    ],
)
def instants(target: Target, rec: Recorder) -> None:
    """Fires events of a millisecond to a year ago, of both kinds, at drawn milliseconds too."""
    _compare_instants(target, rec, -1)


@case(
    "PB-EVENTS-AHEAD",
    "A trigger time that lies ahead is written as it is",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="The clocks of phones are wrong; who refuses the future, or sorts by it, meets them.",
    fix="Nothing is documented; the fake writes what the event says.",
    catches=["no-later-than-now", "no-later-than-tomorrow"],
)
def ahead(target: Target, rec: Recorder) -> None:
    """Fires events of a millisecond to a year ahead."""
    _compare_instants(target, rec, +1)


def _compare_instants(target: Target, rec: Recorder, sign: int) -> None:
    random, now_at = rec.random, target.now()
    ages = [*AGES, *(random.choice(AGES) * random.uniform(0.1, 1.0) for _ in range(20))]
    at = [now_at + sign * (age // _MILLISECOND) * _MILLISECOND for age in ages]
    for name, draw in (("email.open", _message_values), ("ab-test.enter", _ab_test_values)):
        own = [draw(random, ["ada"], now_at) | {"triggered_at": each.isoformat()} for each in at]
        _compare(target, rec, [name] * len(own), own)


def _compare(
    target: Target, rec: Recorder, names: Sequence[str], values: Sequence[Mapping[str, Any]]
) -> None:
    """Let events of one type happen at once, and compare all that arrives with all they had."""
    is_test = names[0].startswith("ab-test")
    app, inbox = target.another_app(), target.inbox()
    template = EVERY_AB_TEST_VALUE if is_test else EVERY_MESSAGE_VALUE
    app.add(inbox.url + template, type="abTestEvents" if is_test else "messageEvents")
    app.trigger_many(names, values)
    expected = Counter(_row(_expected(name, own)) for name, own in zip(names, values, strict=True))
    arrived = Counter(_row(_arrived(query_of(request))) for request in inbox.requests())
    missing, more = expected - arrived, arrived - expected
    rec.expect(
        (0, [], []),
        (expected.total() - arrived.total(), _in_short(missing, more), _in_short(more, missing)),
        f"of {expected.total()} events: how many are missing, and what differs",
    )


def _expected(name: str, values: Mapping[str, Any]) -> dict[str, str]:
    at = datetime.fromisoformat(values["triggered_at"])
    found = {
        "user_id": values["user_id"],
        "device_id": values["device_id"],
        "time": str((at - _EPOCH) // _MILLISECOND),
    }
    if name.startswith("ab-test"):
        return found | {"test": values["ab_test_id"], "variant": values["variant_id"]}
    channel, event, template = _kinds()[name]
    return found | {
        "message_id": values["message_id"],
        "event": event,
        "channel": channel,
        "template_name": values.get("template_name", template),
        "parameters": json.dumps(values["parameters"], sort_keys=True),
    }


def _arrived(query: dict[str, str]) -> dict[str, str]:
    try:
        document = json.loads(query["parameters"])
    except (KeyError, ValueError):
        return query
    return query | {"parameters": json.dumps(document, sort_keys=True)}


def _row(values: Mapping[str, str]) -> _Row:
    return tuple(sorted(values.items()))


def _in_short(rows: Counter[_Row], others: Counter[_Row]) -> list[str]:
    """Return what the first of some rows has, where no other row has the same."""
    for row in rows:
        if not others:
            return [", ".join(f"{name}={value[:40]}" for name, value in row)]
        nearest = min(others, key=lambda other: len(set(row) ^ set(other)))
        return [f"{name}={value[:80]}" for name, value in row if (name, value) not in nearest]
    return []


def _kinds() -> dict[str, tuple[str, str, str]]:
    """Return channel, event and template of each message event, by the name that triggers it."""
    kinds = {name: ("Push Notification", event, "") for name, event in PUSH.items()}
    kinds |= {name: ("Email", event, "") for name, event in EMAIL.items()}
    for template, own in IN_APP.items():
        for event in ("View", "Held Back", *own):
            kinds[f"in-app.{_slug(template)}.{_slug(event)}"] = ("In-app Message", event, template)
    return kinds


def _message_values(random: Random, users: Sequence[str], now_at: datetime) -> dict[str, Any]:
    return {
        "user_id": random.choice(users),
        "device_id": random.choice(("", _word(random, 16))),
        "message_id": _digits(random),
        "parameters": _parameters(random),
        "triggered_at": _some_time_ago(random, now_at),
    }


def _ab_test_values(random: Random, users: Sequence[str], now_at: datetime) -> dict[str, Any]:
    return {
        "user_id": random.choice(users),
        "device_id": random.choice(("", _word(random, 16))),
        "ab_test_id": _digits(random),
        "variant_id": _digits(random),
        "triggered_at": _some_time_ago(random, now_at),
    }


def _some_time_ago(random: Random, now_at: datetime) -> str:
    return (now_at - random.randint(0, 10**9) * _MILLISECOND).isoformat()


def _digits(random: Random) -> str:
    """Return an id of 16 digits that a 64-bit float cannot hold: odd, and above 2**53."""
    return str(random.randrange(2**53 + 1, 10**16, 2))


def _word(random: Random, length: int) -> str:
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789+@._-", k=length))


def _parameters(random: Random) -> dict[str, Any]:
    """Return a document that is hardly any other event's."""
    values: list[Any] = [
        _word(random, random.randint(1, 40)),
        random.randint(-(10**6), 10**9),
        random.choice((True, False)),
        None,
        [_word(random, 3), random.randint(0, 9), {"a b": [None, _word(random, 5)]}],
    ]
    kept = random.sample(values, random.randint(2, len(values)))
    return {_word(random, random.randint(1, 12)): value for value in kept}


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
