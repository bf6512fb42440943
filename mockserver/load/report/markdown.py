"""Writes a load as Markdown, for tickets and pull requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.load.report.figures import (
    beyond_rows,
    counted,
    headline,
    percentile_rows,
    rate,
    share,
    took,
)
from mockserver.net.visible_text import one_line


def markdown(facts: Mapping[str, Any]) -> str:
    """Return the report."""
    parts = [
        f"# Load: {headline(facts)}",
        f"`{_code(facts['url'])}`, {facts['real_seconds']:.1f} s"
        + (f"; ended early: {_text(facts['why'])}" if facts["why"] else ""),
        _table(("postbacks", "", ""), counted(facts)),
        "## Durations",
        "Latency counts from the planned instant, service time from the instant of sending; lag "
        "lies between the two.",
        _table(("", "latency", "service time", "lag"), percentile_rows(facts)),
        _table(("", "postbacks", "share"), beyond_rows(facts)),
        *_capacity(facts),
        *_calendar(facts),
        *_echo(facts),
        *_remarks(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _capacity(facts: Mapping[str, Any]) -> list[str]:
    capacity = facts["capacity"]
    if capacity is None:
        return []
    rows = [
        (
            rate(each["rate"]),
            rate(each["reached"]),
            took(each["p50"]),
            took(each["p99"]),
            share(each["failed"] / max(1, each["planned"])),
            "passed" if each["is_passed"] else f"not passed: {each['why_not']}",
        )
        for each in capacity["steps"]
    ]
    knee = capacity["knee"]
    told = "below the first step" if knee is None else rate(knee)
    return [
        "## Capacity",
        _table(("asked", "reached", "p50", "p99", "failed", ""), rows),
        f"Knee: {told}.",
    ]


def _calendar(facts: Mapping[str, Any]) -> list[str]:
    if not facts["calendar"]:
        return []
    rows = [(f"+{each['hour']} h", each["attempts"]) for each in facts["calendar"]]
    return ["## What Leanplum would send again", _table(("", "attempts"), rows)]


def _echo(facts: Mapping[str, Any]) -> list[str]:
    echo = facts["echo"]
    if echo is None:
        return []
    parts = [f"## The echo: the same load at an endpoint of {rate(echo['capacity'])}"]
    for said in echo["said"]:
        parts.append(f"{said['jitter']}:")
        parts.append("\n".join(f"- {_text(each)}" for each in said["sentences"]))
    return parts


def _remarks(facts: Mapping[str, Any]) -> list[str]:
    if not facts["remarks"]:
        return []
    return ["## Remarks", "\n".join(f"- {_text(each)}" for each in facts["remarks"])]


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else _text(str(value)).replace("|", "\\|")


def _text(text: str) -> str:
    """Return text that Markdown takes as it is."""
    shown = one_line(text)
    return "".join(f"\\{letter}" if letter in "\\`*_<>[]#" else letter for letter in shown)


def _code(text: str) -> str:
    return one_line(text).replace("`", "%60")
