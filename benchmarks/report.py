"""Writes figures as text, as JSON, and as the tables of the README."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.measure import Comparison, Report, is_reached, spread

README = Path(__file__).with_name("README.md")


def as_text(name: str, report: Report, others: str) -> str:
    """Return a report as a terminal shows it."""
    parts = [
        f"{report.plan.title} ({name}, {report.rounds} rounds; {others})",
        "",
        *_aligned(ratios(report)),
    ]
    parts += ["", *_aligned(figures(report)), *_missing(report), ""]
    return "\n".join(parts)


def as_json(name: str, report: Report, others: str) -> dict[str, Any]:
    """Return a report with every figure of every round."""
    return {
        "name": name,
        "title": report.plan.title,
        "rounds": report.rounds,
        "others": others,
        "figures": {case: dict(found) for case, found in report.figures.items()},
        "comparisons": [
            {
                "label": label(comparison),
                "values": list(values),
                "median": spread(values).median,
                "aim": aim(comparison),
                "reached": is_reached(comparison, values),
            }
            for comparison, values in report.ratios
        ],
        "skipped": dict(report.skipped),
        "failed": dict(report.failed),
    }


def write_readme(name: str, report: Report, others: str, readme: Path = README) -> None:
    """Replace the tables between the two markers of one benchmark.

    Args:
        name: Of the benchmark.
        report: What came of it.
        others: What `Bystanders.share` said after it.
        readme: The file to change.

    Raises:
        ValueError: The README does not have the markers.
    """
    begin, end = f"<!-- results of {name} -->", f"<!-- end of {name} -->"
    text = readme.read_text(encoding="utf-8")
    if begin not in text or end not in text:
        raise ValueError(f"{readme} has no {begin!r} followed by {end!r}")
    body = "\n".join(
        [
            f"{datetime.now(UTC).date()}, {machine()}, {report.rounds} rounds; {others}.",
            "",
            *_markdown(ratios(report)),
            "",
            *_markdown(figures(report)),
            *_missing(report),
        ]
    )
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    text = pattern.sub(lambda _: f"{begin}\n{body}\n{end}", text, count=1)
    readme.write_text(text, encoding="utf-8")


def ratios(report: Report) -> list[tuple[str, ...]]:
    """Return a table of the comparisons, its first row the headings."""
    rows: list[tuple[str, ...]] = [("compared", "median [least to greatest]", "aim", "reached")]
    for comparison, values in report.ratios:
        reached = {None: "", True: "yes", False: "no"}[is_reached(comparison, values)]
        rows.append((label(comparison), str(spread(values)), aim(comparison), reached))
    return rows


def figures(report: Report) -> list[tuple[str, ...]]:
    """Return a table of the figures, its first row the headings."""
    rows: list[tuple[str, ...]] = [("measured", "quantity", "median [least to greatest]")]
    for case, found in report.figures.items():
        for quantity, values in found.items():
            rows.append((case, quantity, str(spread(values))))
    return rows


def label(comparison: Comparison) -> str:
    """Return what a comparison compares."""
    if comparison.against is None:
        return f"{comparison.of}: {comparison.quantity}"
    if comparison.quantity == "per second":
        return f"{comparison.of}: times the rate of {comparison.against}"
    return f"{comparison.of}: times the {comparison.quantity} of {comparison.against}"


def aim(comparison: Comparison) -> str:
    """Return the aim of a comparison; empty if it has none."""
    if comparison.at_least is not None:
        return f"≥ {comparison.at_least:g}"
    return "" if comparison.at_most is None else f"≤ {comparison.at_most:g}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _markdown(rows: Sequence[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], f"|{'---|' * len(rows[0])}", *lines[1:]]


def _missing(report: Report) -> list[str]:
    lines = [f"- skipped: {case}: {reason}" for case, reason in report.skipped.items()]
    for case, reason in report.failed.items():
        # The last line of a traceback says the most.
        lines.append(f"- failed: {case}: {reason.splitlines()[-1]}")
    return ["", *lines] if lines else []
