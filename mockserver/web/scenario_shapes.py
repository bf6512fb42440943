"""Describes the JSON about scenarios as types.

`web.shapes` has them with all others.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct


class ScenarioRequest(Struct, forbid_unknown_fields=True):
    """A scenario: one JSON object a line."""

    text: Annotated[str, Meta(description='`{"event": "email.click", "at": "1h"}`, for instance.')]


class StepJson(Struct):
    """One line of a scenario."""

    line: int
    at_seconds: Annotated[
        float | None,
        Meta(description="Since the beginning; null: as soon as nothing is pending any more."),
    ]
    event: Annotated[str | None, Meta(description="Null if only the clock is moved.")]
    values: dict[str, Any]
    expect: Annotated[
        str | None,
        Meta(description="The state of its deliveries at the end, or `nothing`: it fires no rule."),
    ]


class ScenarioAnswer(Struct):
    """What a scenario says; or the first thing that is wrong with it."""

    steps: list[StepJson]
    problem: Annotated[str | None, Meta(description="With its line; null if it can be played.")]
