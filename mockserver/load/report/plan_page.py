"""Writes a plan as one HTML page, to be read by people and attached to tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mockserver.core.durations import format_duration
from mockserver.core.wording import count
from mockserver.load.drawing import described, endpoint_lines, rounded, slice_of
from mockserver.load.echo import Slice
from mockserver.load.plan import Arrivals, Outcomes, Plan, clock_time
from mockserver.load.quantities import format_rate
from mockserver.load.report.charts import MOST_BARS, Bar, Chart, chart
from mockserver.load.report.page import render
from mockserver.load.verdicts import jitter_named, sentences


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands large at the top of a page."""

    name: str
    value: str
    sentence: str
    bad: bool = False


def plan_page(plan: Plan) -> str:
    """Return a plan as one self-contained page."""
    arrivals = plan.arrivals
    return render(
        "plan.html.j2",
        title=f"{count(arrivals.total, 'postback')} in {rounded(arrivals.lasts)}",
        eyebrow="postbacks plan: a load thought through, nothing sent",
        facts=[*described(plan.stream), *endpoint_lines(plan)],
        figures=_figures(plan),
        arrivals=arrivals_chart(arrivals, float(plan.endpoint.capacity)),
        every=format_duration(slice_of(arrivals.lasts, MOST_BARS)),
        outcomes=[_outcomes(plan, each) for each in plan.outcomes],
        clock_time=clock_time,
    )


def arrivals_chart(arrivals: Arrivals, capacity: float | None = None) -> Chart:
    """Return a chart of the busiest second in each slice, with a line at a capacity."""
    bars = [
        Bar(clock_time(at.total_seconds()), (("arrivals", peak),))
        for at, _, peak in arrivals.sliced(slice_of(arrivals.lasts, MOST_BARS))
    ]
    named = "" if capacity is None else f"capacity {format_rate(capacity)}"
    name = f"Postbacks a second, {arrivals.peak:,} at the peak"
    return chart(name, bars, unit="/s", line=capacity, line_named=named)


def _figures(plan: Plan) -> list[Figure]:
    figures = [
        Figure(
            "At the peak",
            f"{plan.arrivals.peak:,}/s",
            f"{format_rate(plan.endpoint.capacity)} are answered",
        ),
    ]
    for each in plan.outcomes:
        load, named = each.load, jitter_named(each)
        figures += [
            Figure("Lost", f"{load.lost:,}", named, bool(load.lost)),
            Figure("Drained at", clock_time(load.drained) if load.drained else "at once", named),
        ]
    return figures


def _outcomes(plan: Plan, outcomes: Outcomes) -> dict[str, Any]:
    drawn, every = _hours_chart(outcomes)
    return {
        "named": jitter_named(outcomes),
        "sentences": sentences(plan, outcomes),
        "chart": drawn,
        "every": every,
        "waves": [wave for _, wave in sorted(outcomes.load.waves.items())],
        "hours": sorted(outcomes.echo.hours().items()),
    }


def _hours_chart(outcomes: Outcomes) -> tuple[Chart, str]:
    """Return a chart of all attempts, and how long its slices are."""
    length = 30
    while max(outcomes.echo.minutes, default=0) // length >= MOST_BARS:
        length *= 2
    slices: dict[int, Slice] = {}
    for minute, each in outcomes.echo.minutes.items():
        slices[minute // length] = slices.get(minute // length, Slice()) + each
    bars = []
    for place in range(max(slices, default=0) + 1):
        each = slices.get(place, Slice())
        at = clock_time(place * length * 60)
        bars.append(Bar(at, (("answered", each.answered), ("failed", each.failed))))
    every = format_duration(timedelta(minutes=length))
    return chart(f"Attempts, {jitter_named(outcomes)}", bars), every
