"""Finds out how many of the fakes that a seed draws are caught by one run of the suite."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib.resources import files

import msgspec

from contracts.conformance.deviants.deviant_server import DeviantServer
from contracts.conformance.deviants.drawn import drawn_deviant
from contracts.proof.matrix import CAUGHT, Draw, DrawnDeviant
from contracts.proof.workers import in_workers
from contracts.suite.generated import Effort, keep_nothing
from contracts.suite.registry import Case, provider_cases
from contracts.suite.runner import run_case
from contracts.suite.subject import Names

#: The file that says what came of the last draw.
LAST_DRAW = "last_draw.json"


def names_of(seed: int, number: int) -> list[str]:
    """Return the names of the first `number` fakes that a seed draws."""
    return [f"drawn-{seed}-{each}" for each in range(number)]


def prove_drawn(
    seed: int,
    number: int,
    *,
    workers: int | None = None,
    on_column: Callable[[str], None] = lambda name: None,
) -> Draw:
    """Run the cases, with their default seed, against drawn fakes until each is caught."""
    names = names_of(seed, number)
    caught: dict[str, str] = {}
    count = min(workers or os.cpu_count() or 1, number)
    for name, case_id in in_workers(first_catcher, names, workers=count, prepare=keep_nothing):
        caught[name] = case_id
        on_column(name)
    return Draw(seed, [_drawn(seed, place, caught[name]) for place, name in enumerate(names)])


def first_catcher(name: str) -> str:
    """Return the id of the first case that catches a drawn fake, those of its area first."""
    seed, number = map(int, name.split("-")[1:])
    deviant = drawn_deviant(seed, number)
    with DeviantServer(deviant) as fake:
        for case in _nearest_first(provider_cases(), deviant.area):
            # As `contracts run` does it, with all of its samples and its default seed.
            if run_case(case, fake, Effort(shrink=False), Names()).status in CAUGHT:
                return case.id
    return ""


def last_draw() -> Draw:
    """Return what came of the last draw that was written down."""
    return msgspec.json.decode(files("contracts").joinpath(LAST_DRAW).read_bytes(), type=Draw)


def written_down(draw: Draw) -> bytes:
    """Return the file of a draw."""
    return msgspec.json.format(msgspec.json.encode(draw), indent=1) + b"\n"


def _drawn(seed: int, number: int, caught_by: str) -> DrawnDeviant:
    deviant = drawn_deviant(seed, number)
    return DrawnDeviant(deviant.name, deviant.area, deviant.change, caught_by)


def _nearest_first(cases: Sequence[Case], area: str) -> list[Case]:
    return sorted(cases, key=lambda case: case.area != area)
