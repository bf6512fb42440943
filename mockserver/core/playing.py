"""Plays a scenario on whatever lets events happen, and compares what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from mockserver.core.clock import later
from mockserver.core.samples import SAMPLE_VALUES
from mockserver.core.scenario import NOTHING, Step

#: How many events happen in one call.
AT_ONCE = 500

#: The name and the values of an event that is to happen.
Happening = tuple[str, Mapping[str, Any]]


class Became(NamedTuple):
    """What became of a delivery.

    Attributes:
        delivery_id: Its id.
        state: Where it stands.
        why: In a few words; empty for one that was delivered.
    """

    delivery_id: int
    state: str
    why: str = ""


class Stage(Protocol):
    """Where events happen and time is moved."""

    def now(self) -> datetime:
        """Return the present."""

    def advance_to(self, at: datetime) -> None:
        """Move the clock, unless it is there or beyond already."""

    def run_until_idle(self) -> None:
        """Move the clock until nothing is pending."""

    def trigger(self, events: Sequence[Happening]) -> list[list[int]]:
        """Let events happen; return the ids of the deliveries of each."""

    def became(self, delivery_ids: Sequence[int]) -> list[Became]:
        """Return what became of these deliveries."""


class Checked(NamedTuple):
    """An expectation, and what there is.

    Attributes:
        line: Of the scenario.
        repeat: Which time it was played, from 1.
        event: The name of the event.
        user_id: Its user.
        expected: The state, or `nothing`.
        deliveries: What became of each delivery.
    """

    line: int
    repeat: int
    event: str
    user_id: str
    expected: str
    deliveries: tuple[Became, ...]

    @property
    def is_met(self) -> bool:
        """Return whether what is expected is there."""
        if self.expected == NOTHING:
            return not self.deliveries
        states = {each.state for each in self.deliveries}
        return states == {self.expected}

    @property
    def difference(self) -> str:
        """Return in a sentence what is there in place of what was expected."""
        expected = "no delivery" if self.expected == NOTHING else self.expected
        there = [
            f"delivery {each.delivery_id} is {each.state}" + (f" ({each.why})" if each.why else "")
            for each in self.deliveries
            if self.expected == NOTHING or each.state != self.expected
        ]
        again = f", time {self.repeat}" if self.repeat > 1 else ""
        found = ", ".join(there[:_MOST_SHOWN]) or "it fired no rule"
        if len(there) > _MOST_SHOWN:
            found += f" and {len(there) - _MOST_SHOWN} more"
        return (
            f"line {self.line}{again}: {self.event} of {self.user_id}: expected {expected}; {found}"
        )


class Played(NamedTuple):
    """What came of a scenario.

    Attributes:
        events: How many have happened.
        deliveries: How many deliveries they led to.
        took: How far the clock has gone.
        checked: Every expectation, in the order of the lines.
    """

    events: int
    deliveries: int
    took: timedelta
    checked: tuple[Checked, ...]

    @property
    def unmet(self) -> list[Checked]:
        """Return the expectations that are not met."""
        return [each for each in self.checked if not each.is_met]


class _Open(NamedTuple):
    step: Step
    repeat: int
    user_id: str
    delivery_ids: list[int]


def play(steps: Sequence[Step], stage: Stage, *, times: int = 1, own_users: bool = False) -> Played:
    """Play all steps, as often as wanted, then look at what was expected.

    Args:
        steps: As `parse_scenario` returns them.
        stage: Where.
        times: How often, one after the other, each from the present on.
        own_users: Whether each time has users of its own: `-1`, `-2` and so on behind their ids.
    """
    begun_at = stage.now()
    events, deliveries = 0, 0
    expected: list[_Open] = []
    for repeat in range(1, times + 1):
        for happened, led_to in _played_once(steps, stage, repeat if own_users else None):
            events += 1
            deliveries += len(led_to)
            if happened.expect is not None:
                user_id = _user_of(happened, repeat if own_users else None)
                expected.append(_Open(happened, repeat, user_id, led_to))
    ids = sorted({number for each in expected for number in each.delivery_ids})
    became = {each.delivery_id: each for each in stage.became(ids)}
    checked = tuple(_checked(each, became) for each in expected)
    return Played(events, deliveries, stage.now() - begun_at, checked)


def _played_once(
    steps: Sequence[Step], stage: Stage, own: int | None
) -> Iterator[tuple[Step, list[int]]]:
    """Yield each event that has happened, with the ids of its deliveries."""
    begun_at = stage.now()
    for at, group in groupby(steps, lambda step: step.at):
        if at is None:
            stage.run_until_idle()
        else:
            stage.advance_to(later(begun_at, at))
        waiting = [step for step in group if step.event is not None]
        for begin in range(0, len(waiting), AT_ONCE):
            part = waiting[begin : begin + AT_ONCE]
            yield from zip(part, stage.trigger([_event(step, own) for step in part]), strict=True)


def _event(step: Step, own: int | None) -> Happening:
    assert step.event is not None, "only of steps with an event"
    if own is None:
        return step.event, step.values
    return step.event, {**step.values, "user_id": _user_of(step, own)}


def _user_of(step: Step, own: int | None) -> str:
    user_id = str(step.values.get("user_id", SAMPLE_VALUES["user_id"]))
    return user_id if own is None else f"{user_id}-{own}"


def _checked(open_: _Open, became: Mapping[int, Became]) -> Checked:
    step = open_.step
    assert step.event is not None
    assert step.expect is not None
    found = tuple(
        became.get(number, Became(number, "gone", "it was forgotten meanwhile"))
        for number in open_.delivery_ids
    )
    return Checked(step.line, open_.repeat, step.event, open_.user_id, step.expect, found)


_MOST_SHOWN = 3
