"""Runs the cases of a benchmark in rounds, and makes ratios and medians of their figures.

A ratio is always taken within a round, never between rounds: a machine's speed changes more
from round to round than most cases differ.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple


class Skipped(Exception):
    """A case cannot be run here, for instance because a peer is not installed."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is measured.

    Attributes:
        name: Unique in its plan.
        run: Does it once and returns its figures by quantity, e.g. `{"seconds": 2.1}`.
    """

    name: str
    run: Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a figure should be: a ratio of two cases, or a value if `against` is None.

    Attributes:
        quantity: Which figure of the cases.
        of: The case it is about.
        against: The case it is divided by.
        at_least: The aim from below, if there is one.
        at_most: The aim from above, if there is one.
    """

    quantity: str
    of: str
    against: str | None = None
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The cases of one benchmark and what to make of their figures.

    Attributes:
        skipped: Reasons by the name of the case.
    """

    title: str
    cases: Sequence[Case]
    comparisons: Sequence[Comparison]
    skipped: Mapping[str, str] = field(default_factory=dict)


#: Builds a plan, its servers running as long as the context is open. The scale multiplies
#: the amount of work: 1 for figures, far less to see that it works.
Benchmark = Callable[[float], AbstractContextManager[Plan]]


class Spread(NamedTuple):
    """The median of some figures, the least and the greatest of them."""

    median: float
    least: float
    greatest: float

    def __str__(self) -> str:
        return f"{short(self.median)} [{short(self.least)} to {short(self.greatest)}]"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a plan.

    Attributes:
        figures: By case and quantity, in the order of the plan, one figure a round.
        ratios: The figures of each comparison that could be made, one a round.
        skipped: Reasons by the name of the case.
        failed: Errors by the name of the case; the other cases went on.
    """

    plan: Plan
    rounds: int
    figures: Mapping[str, Mapping[str, Sequence[float]]]
    ratios: Sequence[tuple[Comparison, Sequence[float]]]
    skipped: Mapping[str, str]
    failed: Mapping[str, str]


def run(plan: Plan, rounds: int) -> Report:
    """Run all cases once a round, every other round in reverse order.

    A case that raises `Skipped` or `RuntimeError` is not run again.
    """
    figures: dict[str, dict[str, list[float]]] = {case.name: {} for case in plan.cases}
    skipped, failed = dict(plan.skipped), dict[str, str]()
    for number in range(rounds):
        for case in plan.cases if number % 2 == 0 else reversed(plan.cases):
            if case.name in skipped or case.name in failed:
                continue
            print(f"  round {number + 1}/{rounds}: {case.name}", file=sys.stderr, flush=True)
            try:
                made = case.run()
            except (Skipped, RuntimeError) as reason:
                where = skipped if isinstance(reason, Skipped) else failed
                where[case.name] = str(reason)
                figures[case.name].clear()
                continue
            for quantity, value in made.items():
                figures[case.name].setdefault(quantity, []).append(value)
    made_figures = {name: quantities for name, quantities in figures.items() if quantities}
    ratios = [
        (comparison, values)
        for comparison in plan.comparisons
        if (values := _ratios(comparison, made_figures))
    ]
    return Report(plan, rounds, made_figures, ratios, skipped, failed)


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the extremes of `values`."""
    return Spread(statistics.median(values), min(values), max(values))


def is_reached(comparison: Comparison, values: Sequence[float]) -> bool | None:
    """Return whether the median is within the aim; None if there is no aim."""
    if comparison.at_least is None and comparison.at_most is None:
        return None
    median = statistics.median(values)
    return (comparison.at_least is None or median >= comparison.at_least) and (
        comparison.at_most is None or median <= comparison.at_most
    )


def short(value: float) -> str:
    """Return `value` with three digits that count, and no exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or not value else f"{value:.3g}"


def _ratios(
    comparison: Comparison, figures: Mapping[str, Mapping[str, Sequence[float]]]
) -> list[float]:
    of = figures.get(comparison.of, {}).get(comparison.quantity, ())
    if comparison.against is None:
        return list(of)
    against = figures.get(comparison.against, {}).get(comparison.quantity, ())
    if not of or not against:
        return []
    return [one / other for one, other in zip(of, against, strict=True)]
