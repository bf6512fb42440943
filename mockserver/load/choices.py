"""Makes the stream that a user chose by options, and refuses what does not go together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from mockserver.core.catalog import suggestion
from mockserver.core.errors import InvalidValue
from mockserver.load.arrival import Stream
from mockserver.load.assumptions import MIX, Step, parse_mix, with_knobs
from mockserver.load.campaign import Campaign, CampaignStream
from mockserver.load.paced import PacedStream, constant, ramp, steps
from mockserver.load.people import People
from mockserver.load.quantities import (
    MOST_EVENTS,
    format_rate,
    parse_count,
    parse_rate,
    parse_span,
)
from mockserver.load.recorded import RecordedStream, Recording
from mockserver.load.streams import SHAPES

#: How many events there are unless told.
DEFAULT_EVENTS = 100_000
DEFAULT_EVENT = "email.click"
#: How many users a second a campaign is sent to unless told (assumed).
DEFAULT_SEND_RATE = Fraction(10_000)
DEFAULT_STEPS = 10
DEFAULT_STEP = timedelta(seconds=30)

#: Which shapes each option is for; the others are for all.
FOR_SHAPES: Mapping[str, tuple[str, ...]] = {
    "events": ("campaign", "constant"),
    "audience": ("campaign", "constant", "ramp", "steps"),
    "send_rate": ("campaign",),
    "pace": ("campaign",),
    "mix": ("campaign",),
    "assume": ("campaign",),
    "within": ("campaign",),
    "rate": ("constant", "ramp", "steps"),
    "duration": ("campaign", "constant", "ramp"),
    "steps": ("steps",),
    "step_duration": ("steps",),
    "event": ("constant", "ramp", "steps"),
}


@dataclass(frozen=True, slots=True)
class ShapeChoices:
    """What a user said of a load, as it was typed; None or empty if nothing.

    Attributes:
        shape: `campaign`, `constant`, `ramp`, `steps`, or the name of a file.
        events: About how many.
        audience: How many users there are.
        send_rate: How fast a campaign is sent.
        pace: `blast`, `even` or `minutes`.
        mix: The share of each channel.
        assume: Numbers that replace those that are assumed.
        within: How late the last event may follow on another.
        rate: Events a second; two with `..` between for `ramp` and `steps`.
        duration: How long it lasts, or how long a campaign is sent.
        steps: How many steps.
        step_duration: How long each lasts.
        event: What happens, in all shapes but a campaign and a file.
    """

    shape: str = "campaign"
    events: str | None = None
    audience: str | None = None
    send_rate: str | None = None
    pace: str | None = None
    mix: str | None = None
    assume: tuple[str, ...] = ()
    within: str | None = None
    rate: str | None = None
    duration: str | None = None
    steps: str | None = None
    step_duration: str | None = None
    event: str | None = None


def chosen_stream(
    choices: ShapeChoices, people: People | None = None, template: str = ""
) -> Stream:
    """Return the stream that was chosen.

    Args:
        choices: What was typed.
        people: Who the users are.
        template: The postbackUrl by which events are read from recorded URLs.

    Raises:
        InvalidValue: A value cannot be read, or does not go with the others.
        InvalidConfig: A recording cannot be read.
    """
    people = people or People()
    shape = _shape(choices.shape)
    _check_belongs(choices, shape)
    if shape == "campaign":
        return CampaignStream(_campaign(choices, people))
    if shape == "file":
        return RecordedStream(Recording(Path(choices.shape), people, template))
    options: dict[str, Any] = {"people": people, "event": choices.event or DEFAULT_EVENT}
    if choices.audience is not None:
        options["audience"] = parse_count(choices.audience, "the audience")
    if shape == "constant":
        return _constant(choices, options)
    first, last = _rates(choices, shape)
    if shape == "ramp":
        lasts = _duration(choices.duration, "the duration", timedelta(minutes=1))
        return PacedStream(ramp(first, last, lasts, **options))
    number = DEFAULT_STEPS if choices.steps is None else parse_count(choices.steps, "the steps")
    if number > 10_000:
        raise InvalidValue(f"there can be 10,000 steps at most, got {number:,}")
    each = _duration(choices.step_duration, "a step", DEFAULT_STEP)
    return PacedStream(steps(first, last, number, each, **options))


def events_per_user(steps_of: Mapping[str, tuple[Step, ...]], mix: Mapping[str, Fraction]) -> float:
    """Return how many events a user of a campaign has on the average."""
    events = 0.0
    for channel, share in mix.items():
        happens = {"": 1.0}
        taken: dict[tuple[str, str], float] = {}
        for step in steps_of[channel]:
            key = (step.after, step.way)
            part = 1 - taken.get(key, 0.0) if step.share is None else float(step.share)
            if step.way:
                taken[key] = taken.get(key, 0.0) + part
            happens[step.name] = happens[step.after] * part
            events += float(share) * happens[step.name]
    return events


def _shape(shape: str) -> str:
    if shape in SHAPES:
        return shape
    if os.path.exists(shape) or os.sep in shape or "." in shape:
        return "file"
    raise InvalidValue(
        f"there is no shape and no file {shape[:60]!r}{suggestion(shape, SHAPES)}; the shapes are "
        f"{', '.join(SHAPES)}, or name a recorded file"
    )


def _check_belongs(choices: ShapeChoices, shape: str) -> None:
    for field in fields(choices):
        allowed = FOR_SHAPES.get(field.name)
        if allowed is not None and getattr(choices, field.name) and shape not in allowed:
            of = "a recorded file" if shape == "file" else f"the shape {shape}"
            raise InvalidValue(
                f"--{field.name.replace('_', '-')} says nothing to {of}; it is for: "
                + ", ".join(allowed)
            )


def _campaign(choices: ShapeChoices, people: People) -> Campaign:
    mix = MIX if choices.mix is None else parse_mix(choices.mix)
    assumed = with_knobs(choices.assume)
    if choices.audience is not None and choices.events is not None:
        raise InvalidValue(
            "--audience and --events say the same of a campaign, twice: how many events there are "
            "follows from the audience; give one of them"
        )
    if choices.audience is not None:
        audience = parse_count(choices.audience, "the audience")
    else:
        events = _events(choices)
        each = events_per_user(assumed, mix)
        if each * MOST_EVENTS < events:
            raise InvalidValue("nothing happens in such a campaign: all of its shares are nothing")
        audience = max(1, round(events / each))
    rate = None if choices.send_rate is None else parse_rate(choices.send_rate, "the send rate")
    if choices.duration is not None:
        if rate is not None:
            raise InvalidValue("--send-rate and --duration say the same of a campaign: give one")
        lasts = _duration(choices.duration, "the duration", timedelta(0))
        rate = Fraction(audience * 1_000_000, lasts // timedelta(microseconds=1))
    pace: Any = choices.pace or "even"
    if rate is None and pace != "blast":
        rate = DEFAULT_SEND_RATE
    within = _duration(choices.within, "the time within", timedelta(hours=24))
    return Campaign(audience, people, pace, rate, mix, assumed, within)


def _constant(choices: ShapeChoices, options: dict[str, Any]) -> PacedStream:
    rate, duration = choices.rate, choices.duration
    if rate is None and (duration is None or choices.events is None):
        raise InvalidValue(
            "the shape constant needs --rate, and --duration or --events; e.g. --rate 500/s"
        )
    if rate is not None and duration is not None and choices.events is not None:
        raise InvalidValue("--rate, --duration and --events say the same twice: give two of them")
    if rate is not None and ".." in rate:
        raise InvalidValue(f"the shape constant has one rate, got {rate[:60]!r}; see ramp")
    if duration is None:
        assert rate is not None, "one of them is given"
        found = parse_rate(rate)
        lasts = Fraction(_events(choices) * 1_000_000) / found
        if lasts > timedelta(days=366) // timedelta(microseconds=1):
            raise InvalidValue(
                f"{_events(choices):,} events at {format_rate(found)} take over a year"
            )
        # So long that the last event is still in it, and no other.
        stretched = timedelta(microseconds=-int(-lasts // 1))
        exact = Fraction(_events(choices) * 1_000_000, stretched // timedelta(microseconds=1))
        return PacedStream(constant(min(found, exact), stretched, **options))
    lasts_for = _duration(duration, "the duration", timedelta(0))
    if rate is None:
        seconds = Fraction(lasts_for // timedelta(microseconds=1), 1_000_000)
        return PacedStream(constant(_events(choices) / seconds, lasts_for, **options))
    return PacedStream(constant(parse_rate(rate), lasts_for, **options))


def _rates(choices: ShapeChoices, shape: str) -> tuple[Fraction, Fraction]:
    first, separator, last = (choices.rate or "").partition("..")
    if not separator:
        raise InvalidValue(f"the shape {shape} needs two rates with .. between: --rate 10/s..500/s")
    return parse_rate(first), parse_rate(last)


def _events(choices: ShapeChoices) -> int:
    return DEFAULT_EVENTS if choices.events is None else parse_count(choices.events, "the events")


def _duration(text: str | None, what: str, otherwise: timedelta) -> timedelta:
    if text is None:
        return otherwise
    span = parse_span(text, what)
    if not span:
        raise InvalidValue(f"{what} must be longer than nothing, got {text[:60]!r}")
    return span
