"""Draws arrivals and what becomes of them as text, 80 columns wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any

from mockserver.core.durations import format_duration
from mockserver.core.wording import count
from mockserver.load.echo import Slice
from mockserver.load.plan import Arrivals, Outcomes, Plan, clock_time, format_hours
from mockserver.load.quantities import format_rate
from mockserver.load.verdicts import jitter_named, sentences
from mockserver.net.visible_text import one_line

COLUMNS = 80
#: How many rows arrivals have at most.
ROWS = 24
#: So many hours in which only new postbacks come, and are answered, have a row each.
FEW = 2
#: How long a row of arrivals may be, in seconds.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_SECOND = timedelta(seconds=1)


def slice_of(lasts: timedelta, rows: int = ROWS) -> timedelta:
    """Return how long a slice is, so that there are `rows` of them at most."""
    for step in _STEPS:
        if lasts // (step * _SECOND) < rows:
            return step * _SECOND
    days = lasts // (rows * timedelta(days=1)) + 1
    return timedelta(days=days)


def arrivals_lines(stream: Mapping[str, Any], arrivals: Arrivals, full: str = "#") -> list[str]:
    """Return a drawing of arrivals: a row for some time, its bar as long as its busiest second.

    Args:
        stream: The load as JSON.
        arrivals: When it comes.
        full: What bars are drawn of.
    """
    every = slice_of(arrivals.lasts)
    lines = [
        f"{count(arrivals.total, 'postback')} in {rounded(arrivals.lasts)}, "
        f"{arrivals.peak:,}/s at the peak ({clock_time(arrivals.peak_at.total_seconds())})",
        *described(stream),
        "",
        f"{'from':>9}  {'arrivals':>13}  {'peak/s':>11}  each row is {format_duration(every)}",
    ]
    width = COLUMNS - 39
    for at, number, peak in arrivals.sliced(every):
        bar = _bar(peak, arrivals.peak, width, full)
        from_at = clock_time(at.total_seconds())
        lines.append(f"{from_at:>9}  {number:>13,}  {peak:>11,}  {bar}".rstrip())
    return lines


def rounded(lasts: timedelta) -> str:
    """Return a duration for people, to the second if it has several."""
    if lasts > 10 * _SECOND:
        lasts = round(lasts / _SECOND) * _SECOND
    return format_hours(lasts)


def described(stream: Mapping[str, Any]) -> list[str]:
    """Return in words how a load was made."""
    shape = stream["shape"]
    if shape == "file":
        return [f"recorded in {one_line(stream['path'])}"]
    people = stream["people"]
    if shape != "campaign":
        return [f"shape {shape}: {stream['event']}, seed {people['seed']}"]
    mix = ", ".join(
        f"{name} {_percent(part)}" for name, part in stream["mix"].items() if part != "0"
    )
    pace = {"blast": "all at once", "even": "evenly", "minutes": "in bursts of a minute"}
    rate = stream["send_rate"]
    at_rate = "" if rate is None else f" at {format_rate(Fraction(rate))}"
    return [
        f"campaign to {count(stream['audience'], 'user')} ({mix})",
        f"sent {pace[stream['pace']]}{at_rate}, seed {people['seed']}",
        "shares and delays are assumed: `postbacks plan --assumed` lists them",
    ]


def plan_lines(plan: Plan, full: str = "#") -> list[str]:
    """Return a drawing of a plan."""
    lines = [*arrivals_lines(plan.stream, plan.arrivals, full), "", *endpoint_lines(plan)]
    for outcomes in plan.outcomes:
        lines += ["", *outcomes_lines(plan, outcomes, full)]
    return lines


def endpoint_lines(plan: Plan) -> list[str]:
    """Return what the load meets, in words."""
    endpoint = plan.endpoint
    lines = [
        f"endpoint: answers {format_rate(endpoint.capacity)}, {endpoint.queue:,} more wait; "
        "what finds no place gets a 503"
    ]
    for begins, ends in endpoint.outages:
        does = "answers 503" if endpoint.outage_answer == "503" else "does not answer"
        lines.append(
            f"outage: {does} from {clock_time(begins.total_seconds())} to "
            f"{clock_time(ends.total_seconds())}"
        )
    return lines


def outcomes_lines(plan: Plan, outcomes: Outcomes, full: str = "#") -> list[str]:
    """Return what becomes of a load under one jitter: sentences, and a row for each hour."""
    title = f"What becomes of it, {jitter_named(outcomes)}"
    lines = [title, "-" * len(title)]
    for sentence in sentences(plan, outcomes):
        lines += _wrapped(sentence)
    lines += ["", f"{'hour':>9}  {'new':>11}  {'retries':>11}  {'failed':>11}  {'peak/s':>9}"]
    hours = sorted(outcomes.echo.hours().items())
    most = max((each.attempts for _, each in hours), default=1)
    for quiet, run in groupby(hours, key=lambda item: not item[1].retries and not item[1].failed):
        found = list(run)
        if quiet and len(found) > FEW:
            first, last = found[0][0], found[-1][0]
            together = sum((each for _, each in found), Slice())
            lines.append(_hour(f"+{first}..{last}h", together, most, full))
        else:
            lines += [_hour(f"+{hour}h", each, most, full) for hour, each in found]
    return lines


def _hour(named: str, each: Slice, most: int, full: str) -> str:
    bar = _bar(min(each.attempts, most), most, COLUMNS - 63, full)
    return (
        f"{named:>9}  {each.first_attempts:>11,}  {each.retries:>11,}  {each.failed:>11,}  "
        f"{each.peak:>9,}  {bar}"
    ).rstrip()


def _bar(value: int, most: int, width: int, full: str) -> str:
    if not value:
        return ""
    return full * max(1, round(value * width / most))


def _percent(share: str) -> str:
    top, _, bottom = share.partition("/")
    return f"{100 * int(top) / int(bottom or 1):g}%"


def _wrapped(text: str) -> Sequence[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > COLUMNS - 2:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    lines.append(line)
    return [f"{'- ' if not place else '  '}{each}" for place, each in enumerate(lines)]
