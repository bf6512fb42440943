"""Writes the figures of a load for people, the same in every format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mockserver.load.report.document import seconds


def rate(number: float) -> str:
    """Return a rate, e.g. `512/s`."""
    return f"{number:,.0f}/s" if number >= 10 else f"{number:.2g}/s"


def share(part: float) -> str:
    """Return a share: `0 %`, `0.04 %`, `12 %`; only all of it is 100 %."""
    if part in (0, 1):
        return f"{100 * part:.0f} %"
    percent = 100 * part
    if percent < 10:
        return f"{max(percent, 0.001):.2g} %"
    return f"{min(percent, 99.9):.3g} %"


def took(value: float) -> str:
    """Return a duration that is given in seconds."""
    return seconds(timedelta(seconds=value))


def headline(facts: Mapping[str, Any]) -> str:
    """Return what came of a load in a sentence."""
    counts = facts["counts"]
    sent, delivered = counts["sent"], counts["delivered"]
    if not sent:
        return "nothing was sent"
    told = f"{delivered:,} of {counts['expected']:,} postbacks delivered"
    capacity = facts["capacity"]
    if capacity is not None:
        if capacity["highest"] is None:
            return f"{told}; not even the first step was passed"
        least = "" if capacity["is_bounded"] else "at least "
        return f"{told}; it takes {least}{rate(capacity['highest'])}"
    return told


def counted(facts: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Return what the postbacks came to: a name, a number, and what it means; no empty ones."""
    counts = facts["counts"]
    rows = [
        ("delivered", counts["delivered"], "answered 2xx"),
        ("failed", counts["failed"], _ends(facts)),
        ("not sent", counts["unsent"], _reasons(facts)),
        ("cut", counts["cut"], "under way when the load was ended"),
        ("unknown", counts["unknown"], "sent by a worker that was lost before it told"),
    ]
    return [row for row in rows if row[1]]


def percentile_rows(facts: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return each percentile with latency, service time and lag."""
    durations = facts["durations"]
    return [
        (
            name,
            took(durations["latency"][name]),
            took(durations["service"][name]),
            took(durations["lag"][name]),
        )
        for name in durations["latency"]
    ]


def beyond_rows(facts: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Return how many took longer than each limit, and their share."""
    return [
        (f"beyond {each['seconds']:g} s", each["count"], share(each["share"]))
        for each in facts["beyond"]
    ]


def _ends(facts: Mapping[str, Any]) -> str:
    statuses = [f"{n:,} x {status}" for status, n in facts["statuses"].items() if status[0] != "2"]
    errors = [f"{n:,} {kind}" for kind, n in facts["errors"].items()]
    return ", ".join([*statuses, *errors])


def _reasons(facts: Mapping[str, Any]) -> str:
    found = facts["unsent"]
    if len(found) == 1:
        return str(next(iter(found)))
    return "; ".join(f"{number:,}: {why}" for why, number in found.items())
