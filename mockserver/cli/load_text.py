"""Writes a load for people who read it in a terminal: what is planned, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mockserver.cli.output import Output, count
from mockserver.core.durations import format_duration
from mockserver.net.visible_text import one_line

if TYPE_CHECKING:
    from mockserver.cli.load_choices import LoadPlan

#: A drawing of the arrivals has so many rows at most, and bars of so many characters.
_ROWS, _BAR = 24, 40


def write_planned(output: Output, plan: LoadPlan) -> None:
    """Write how much would be sent when."""
    amount = plan.planned
    if output.as_json:
        output.document(
            {
                "url": plan.masks.masked(plan.job.url),
                "postbacks": amount.total,
                "lasts_seconds": amount.lasts.total_seconds(),
                "peak": amount.peak,
                "run": plan.run,
                "stream": plan.job.stream,
            }
        )
        return
    output.line(
        f"{count(amount.total, 'postback')} within {format_duration(amount.lasts)}, at most "
        f"{amount.peak:,} in a second; nothing was sent",
        "bold",
    )
    output.url_line(f"to {one_line(plan.masks.masked(plan.job.url))}")
    every = max(timedelta(seconds=1), timedelta(seconds=-(-amount.lasts.total_seconds() // _ROWS)))
    counts = plan.stream.counts(every)
    most = max(counts.values(), default=1)
    for number in range(amount.lasts // every + 1):
        in_it = counts.get(number, 0)
        bar = "#" * -(-in_it * _BAR // most)
        output.line(f"{format_duration(number * every):>10}  {bar:<{_BAR}}  {in_it:,}")


def write_result(output: Output, facts: Mapping[str, Any]) -> None:
    """Write what came of a load."""
    from mockserver.load.report import figures

    output.line(figures.headline(facts), "bold")
    if facts["why"]:
        output.line(f"ended early: {one_line(facts['why'])}", "yellow")
    for name, number, meaning in figures.counted(facts):
        output.line(f"{name:<12} {number:>12,}  {one_line(meaning)}")
    if not facts["counts"]["sent"]:
        _write_remarks(output, facts)
        return
    output.line()
    output.table(
        ["", "latency", "service time", "lag"],
        [list(row) for row in figures.percentile_rows(facts)],
    )
    for name, number, part in figures.beyond_rows(facts):
        output.line(f"{name:<12} {number:>12,}  {part}")
    _write_capacity(output, facts)
    _write_calendar(output, facts)
    _write_echo(output, facts)
    _write_remarks(output, facts)


def _write_capacity(output: Output, facts: Mapping[str, Any]) -> None:
    from mockserver.load.report.figures import rate, share, took

    capacity = facts["capacity"]
    if capacity is None:
        return
    output.line()
    output.table(
        ["asked", "reached", "median", "p99", "failed", ""],
        [
            [
                rate(each["rate"]),
                rate(each["reached"]),
                took(each["p50"]),
                took(each["p99"]),
                share(each["failed"] / max(1, each["planned"])),
                "passed" if each["is_passed"] else f"not passed: {each['why_not']}",
            ]
            for each in capacity["steps"]
        ],
    )
    knee = capacity["knee"]
    output.line(f"knee         {'below the first step' if knee is None else rate(knee)}")


def _write_calendar(output: Output, facts: Mapping[str, Any]) -> None:
    calendar = facts["calendar"]
    if not calendar:
        return
    output.line()
    output.line("What failed would be sent again, if it goes on failing", "bold")
    output.table(
        ["hour", "attempts"],
        [[f"+{each['hour']}h", f"{each['attempts']:,}"] for each in calendar],
    )


def _write_echo(output: Output, facts: Mapping[str, Any]) -> None:
    echo = facts["echo"]
    if echo is None:
        return
    from mockserver.load.report.figures import rate

    output.line()
    output.line(f"The echo: the same load at an endpoint of {rate(echo['capacity'])}", "bold")
    for said in echo["said"]:
        output.line(f"{said['jitter']}:")
        for sentence in said["sentences"]:
            output.line(f"  {sentence}")


def _write_remarks(output: Output, facts: Mapping[str, Any]) -> None:
    for remark in facts["remarks"]:
        output.line(f"NOTE  {one_line(remark)}", "yellow")
