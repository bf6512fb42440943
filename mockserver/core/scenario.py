"""Reads and writes scenarios: events, when each happens, and what shall have become of them.

A scenario is text with one JSON object a line. Every line is checked before the first is played.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn

from mockserver.core.catalog import (
    Channel,
    event_kind,
    event_kinds,
    suggestion,
)
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.durations import format_duration, parse_duration
from mockserver.core.errors import InvalidEvent, InvalidScenario, InvalidValue
from mockserver.core.events import build_event
from mockserver.core.models import AbTestEvent, Event
from mockserver.core.retry import DeliveryState

#: What may stand in `expect` besides the states: the event fires no rule.
NOTHING = "nothing"
#: What may stand in `at`, in the last line: the clock goes on until nothing is pending.
IDLE = "idle"
#: How many lines there may be.
MOST_LINES = 100_000

_FIELDS = ("event", "values", "at", "expect")
_EXPECTED = (*(state.value for state in DeliveryState), NOTHING)


@dataclass(frozen=True, slots=True)
class Step:
    """One line.

    Attributes:
        line: Its number in the text, from 1.
        at: How long after the beginning; None: as soon as nothing is pending any more.
        event: The name of the event that happens then; None if only the clock is moved.
        values: What is told of the event; everything else has its sample value.
        expect: The state that all its deliveries shall have at the end, or `nothing`; None if that
            does not matter.
    """

    line: int
    at: timedelta | None
    event: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    expect: str | None = None


def parse_scenario(text: str, place: str = "scenario") -> tuple[Step, ...]:
    """Return the steps of a scenario.

    Args:
        text: All of it.
        place: What it is called in messages, e.g. the name of its file.

    Raises:
        InvalidScenario: Naming place, line, field, and what was expected.
    """
    steps: list[Step] = []
    last_at: Step | None = None
    # Not `splitlines`: within texts of JSON there may be other ends of lines, as they are.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip(" \t\r"):
            step = _Line(place, number).step(line)
            _check_order(step, last_at, place)
            last_at = step
            steps.append(step)
        if len(steps) > MOST_LINES:
            raise InvalidScenario(f"{place}: a scenario may have {MOST_LINES} lines; cut it in two")
    if not steps:
        raise InvalidScenario(
            f'{place} has no line; one is, for instance, {{"event": "email.click", '
            '"values": {"user_id": "ada"}, "at": "0s", "expect": "delivered"}'
        )
    return tuple(steps)


def format_scenario(steps: Iterable[Step]) -> str:
    """Return the text of steps, which `parse_scenario` reads; their lines are counted anew."""
    return "".join(f"{_written(step)}\n" for step in steps)


def told(event: Event, implied_at: object = None) -> tuple[str, dict[str, Any]]:
    """Return the name of an event and the values with which the same event is made again.

    Args:
        event: It.
        implied_at: When it happens if nothing is told of that.
    """
    values: dict[str, Any] = {"user_id": event.user_id, "device_id": event.device_id}
    if isinstance(event, AbTestEvent):
        name = "ab-test.enter"
        values |= {"ab_test_id": event.ab_test_id, "variant_id": event.variant_id}
    else:
        alike = [
            kind
            for kind in event_kinds()
            if (kind.channel, kind.event) == (event.channel, event.event)
        ]
        exact = [kind for kind in alike if kind.template_name == event.template_name]
        name = (exact or alike)[0].name
        values["message_id"] = event.message_id
        if event.channel is Channel.IN_APP and not exact:
            values["template_name"] = event.template_name
        values["parameters"] = dict(event.parameters)
    if event.triggered_at != implied_at:
        values["triggered_at"] = event.triggered_at.isoformat()
    return name, values


class _Line:
    """One line that is being read; knows how to name what is wrong with it."""

    def __init__(self, place: str, number: int) -> None:
        self._where = f"{place}:{number}"
        self._number = number

    def step(self, line: str) -> Step:
        found = self._object(line)
        for name in found:
            if name not in _FIELDS:
                self._refuse(
                    f"there is no field {name[:60]!r}{suggestion(name, _FIELDS)}; a line has: "
                    + ", ".join(_FIELDS)
                )
        if found.get("event") is None:
            self._check_alone(found)
            return Step(self._number, self._at(found))
        at = self._at(found)
        if at is None:
            self._refuse(f'at: "{IDLE}" stands alone, without an event, in the last line')
        return Step(
            self._number, at, *self._event(found["event"], found.get("values")), self._expect(found)
        )

    def _object(self, line: str) -> dict[str, Any]:
        try:
            found = json.loads(line, object_pairs_hook=self._without_doubles)
        except json.JSONDecodeError as error:
            self._refuse(f"this is no JSON: {error.msg} at column {error.colno}")
        except (ValueError, RecursionError) as error:
            self._refuse(f"this is no JSON that can be read: {error}")
        if not isinstance(found, dict):
            self._refuse('a line is a JSON object like {"event": "email.click"}')
        return found

    def _without_doubles(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                self._refuse(f"{name[:60]!r} stands there twice; keep one")
            found[name] = value
        return found

    def _at(self, found: Mapping[str, Any]) -> timedelta | None:
        at = found.get("at", "0s" if "event" in found else None)
        if at == IDLE:
            return None
        if not isinstance(at, str):
            self._refuse(
                f'at must be a duration since the beginning like "1h30m", or "{IDLE}"'
                + ("" if at is None else f", got {_shown(at)}")
            )
        try:
            return parse_duration(at)
        except InvalidValue as error:
            self._refuse(f"at: {error}")

    def _check_alone(self, found: Mapping[str, Any]) -> None:
        for name in ("event", "values", "expect"):
            if name in found:
                self._refuse(f"{name} needs an event, e.g. email.click")
        if "at" not in found:
            self._refuse("it has neither an event nor at; one of them is needed")

    def _event(self, name: Any, values: Any) -> tuple[str, dict[str, Any]]:
        given = {} if values is None else values
        if not isinstance(given, dict):
            self._refuse(f'values must be an object like {{"user_id": "ada"}}, got {_shown(given)}')
        try:
            kind = event_kind(name)
        except InvalidEvent as error:
            self._refuse(f"event: {error}")
        try:
            build_event(kind, "any", DEFAULT_START_AT, given)
        except (InvalidEvent, InvalidValue) as error:
            self._refuse(f"values: {error}")
        return kind.name, given

    def _expect(self, found: Mapping[str, Any]) -> str | None:
        expect = found.get("expect")
        if expect is None:
            return None
        if expect not in _EXPECTED:
            near = suggestion(expect, _EXPECTED) if isinstance(expect, str) else ""
            self._refuse(
                f"expect cannot be {_shown(expect)}{near}; it is one of: {', '.join(_EXPECTED)}"
            )
        return str(expect)

    def _refuse(self, reason: str) -> NoReturn:
        raise InvalidScenario(f"{self._where}: {reason}")


def _check_order(step: Step, before: Step | None, place: str) -> None:
    if before is None:
        return
    if before.at is None:
        raise InvalidScenario(
            f'{place}:{before.line}: at: "{IDLE}" is for the last line, and line {step.line} '
            "follows; give it a duration"
        )
    if step.at is not None and step.at < before.at:
        raise InvalidScenario(
            f"{place}:{step.line}: at: {format_duration(step.at)} is earlier than "
            f"{format_duration(before.at)} of line {before.line}, and no clock goes back; put the "
            "lines in order"
        )


def _written(step: Step) -> str:
    line: dict[str, Any] = {}
    if step.event is not None:
        line["event"] = step.event
        if step.values:
            line["values"] = dict(step.values)
    if step.at is None:
        line["at"] = IDLE
    elif step.at or step.event is None:
        line["at"] = format_duration(step.at)
    if step.expect is not None:
        line["expect"] = step.expect
    return json.dumps(line, ensure_ascii=False, default=str)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}..."
