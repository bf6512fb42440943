"""Puts the facts of a load together, from which every format is written; it is the JSON report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hdrh.histogram import HdrHistogram

from mockserver.core.wording import count
from mockserver.load.capacity import Capacity
from mockserver.load.histogram import Histogram
from mockserver.load.outcomes import LIMITS, Second, Totals
from mockserver.load.result import LoadResult
from mockserver.version import __version__

#: Names the form of the JSON report.
FORMAT = "postbacks-load/1"
PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)
#: HdrHistogram's limits: longer than any postback takes.
_LONGEST_MICROSECONDS = 3_600_000_000
#: What the sender itself may add before it is worth a word.
_NOTABLE = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report is made of, beside the result.

    Attributes:
        url: The postbackUrl, secrets masked.
        stream: What was sent when; as JSON.
        run: What the user ids of the run have in common.
        capacity: What the endpoint takes, if the load had steps.
        calendar: How many attempts Leanplum would make in each hour after the load.
        echo: What becomes of the same load at an endpoint of that capacity.
    """

    url: str
    stream: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""
    capacity: Capacity | None = None
    calendar: Sequence[Mapping[str, Any]] = ()
    echo: Mapping[str, Any] | None = None


def document(result: LoadResult, facts: Facts) -> dict[str, Any]:
    """Return all facts of a load as plain values; durations in seconds."""
    totals = result.totals
    return {
        "format": FORMAT,
        "postbacks": __version__,
        "url": facts.url,
        "began_at": None if result.began_at is None else result.began_at.isoformat(),
        "real_seconds": round(result.real_seconds, 3),
        "end": str(result.end),
        "why": result.why,
        "exit_code": result.exit_code,
        "run": facts.run,
        "stream": dict(facts.stream),
        "counts": _counts(result),
        "unsent": result.unsent,
        "statuses": dict(sorted(totals.statuses.items())),
        "errors": dict(sorted(totals.errors.items())),
        "examples": totals.examples,
        "durations": {
            name: _durations(getattr(totals, name)) for name in ("latency", "service", "lag")
        },
        "beyond": [
            {"seconds": limit.total_seconds(), "count": number, "share": _share(number, totals)}
            for limit, number in zip(LIMITS, totals.beyond, strict=True)
        ],
        "seconds": [_second(number, totals.seconds[number]) for number in sorted(totals.seconds)],
        "capacity": None if facts.capacity is None else _capacity(facts.capacity),
        "calendar": list(facts.calendar),
        "echo": facts.echo,
        "stored": None,
        "workers": [
            {
                "part": each.part,
                "host": each.host,
                "pid": each.pid,
                "state": each.state,
                "trouble": each.trouble,
            }
            for each in result.workers.values()
        ],
        "remarks": remarks(result, facts.capacity),
        "histograms": {
            name: hdr(getattr(totals, name)).encode().decode()
            for name in ("latency", "service", "lag")
        },
    }


def json_text(facts: Mapping[str, Any]) -> str:
    """Return the JSON report."""
    return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


def hdr(histogram: Histogram) -> Any:
    """Return the same counts as a histogram of HdrHistogram, in microseconds."""
    made = HdrHistogram(1, _LONGEST_MICROSECONDS, 3)
    for lowest, times in sorted(histogram.counts.items()):
        made.record_value(lowest, times)
    return made


def remarks(result: LoadResult, capacity: Capacity | None = None) -> list[str]:
    """Return what a reader should know before the figures are believed, in sentences."""
    totals, found = result.totals, []
    latency, service = totals.latency.at(99), totals.service.at(99)
    if latency > 2 * service and latency > _NOTABLE:
        found.append(
            f"counted from the instant of sending, p99 would be {seconds(service)} instead of "
            f"{seconds(latency)}: postbacks waited for a connection meanwhile, as they would for "
            "an endpoint that stands still"
        )
    if totals.slow:
        found.append(
            f"{count(totals.slow, 'postback')} left more than 50 ms late although a connection was "
            "free: a worker was too slow, so the figures show this machine as well; give it less, "
            "or more workers on other cores"
        )
    for worker in result.lost:
        found.append(
            f"worker {worker.part + 1} on {worker.host} (process {worker.pid}) was lost; what it "
            "had not told of counts as not sent"
        )
    for worker in result.workers.values():
        if worker.trouble:
            found.append(f"worker {worker.part + 1} ended with an error: {worker.trouble}")
    if result.unknown > 0:
        found.append(
            f"of {count(result.unknown, 'postback')} that were sent nobody knows what came of them"
        )
    if capacity is not None and not capacity.is_bounded:
        found.append("every step was passed, so the capacity may be higher; let the rate rise more")
    if capacity is not None and capacity.highest is None:
        found.append("not even the first step was passed; begin with a lower rate")
    return found + result.refused


def seconds(duration: timedelta) -> str:
    """Return a duration for people: `850 us`, `12.3 ms`, `1.52 s`."""
    value = duration.total_seconds()
    if not value:
        return "0 s"
    if value < 0.001:
        return f"{value * 1e6:.0f} us"
    # What would be rounded up to a thousand milliseconds is a second.
    if value < 0.9995:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.4g} s"


def _counts(result: LoadResult) -> dict[str, int]:
    totals = result.totals
    return {
        "expected": result.expected,
        "planned": totals.planned,
        "sent": totals.sent,
        "delivered": totals.delivered,
        "failed": totals.failed,
        "unsent": sum(result.unsent.values()),
        "cut": totals.cut,
        "unknown": max(0, result.unknown),
        "to_retry": totals.to_retry,
        "late_by_worker": totals.slow,
    }


def _durations(histogram: Histogram) -> dict[str, float]:
    found = histogram.percentiles(PERCENTILES)
    named = {
        f"p{percentile:g}": value.total_seconds()
        for percentile, value in zip(PERCENTILES, found, strict=True)
    }
    return named | {"max": histogram.longest / 1e6}


def _share(number: int, totals: Totals) -> float:
    return number / totals.ended if totals.ended else 0.0


def _second(number: int, second: Second) -> dict[str, Any]:
    p50, p99, longest = second.latency.percentiles((50, 99, 100))
    return {
        "second": number,
        "planned": second.planned,
        "sent": second.sent,
        "reached": second.reached,
        "failed": second.failed,
        "unsent": second.unsent,
        "to_retry": second.to_retry,
        "p50": p50.total_seconds(),
        "p99": p99.total_seconds(),
        "max": longest.total_seconds(),
    }


def _capacity(capacity: Capacity) -> dict[str, Any]:
    return {
        "highest": capacity.highest,
        "is_bounded": capacity.is_bounded,
        "knee": capacity.knee,
        "steps": [
            {
                "rate": each.step.rate,
                "begins": each.step.begins,
                "lasts": each.step.lasts,
                "planned": each.planned,
                "reached": round(each.reached, 2),
                "failed": each.failed,
                "p50": each.p50.total_seconds(),
                "p99": each.p99.total_seconds(),
                "is_passed": each.is_passed,
                "why_not": each.why_not,
            }
            for each in capacity.steps
        ],
    }
