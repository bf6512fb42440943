"""Works out what becomes of many postbacks in 65 hours, counted second by second.

Usage: `python -m benchmarks.children.plan_time echo|plan COUNT`. `echo` has every postback fail ten
times, a millisecond after the other; `plan` is all that `postbacks plan` does for a campaign of so
many events. Prints seconds, and the most memory the process ever had resident.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from fractions import Fraction
from time import perf_counter

from benchmarks.children.virtual_time import peak_mebibytes, start_seconds
from mockserver.core.retry import DEFAULT_RETRY_POLICY

HOUR = timedelta(hours=1)


def main() -> None:
    """Run one of them and print its figures."""
    kind, count = sys.argv[1:]
    seconds = KINDS[kind](int(count))
    print(json.dumps({"seconds": seconds, "MiB at most": peak_mebibytes()}))


def echo(count: int) -> float:
    """Have every postback fail ten times."""
    from mockserver.load import echo
    from mockserver.load.endpoint import Endpoint

    down = Endpoint(Fraction(1), 0, ((0 * HOUR, 1000 * HOUR),))
    starts = start_seconds("ordered", count)
    started = perf_counter()
    found = echo.echo([Counter(map(int, starts))], down, DEFAULT_RETRY_POLICY)
    seconds = perf_counter() - started
    attempts = sum(wave.attempts for wave in found.fates[0].waves.values())
    if (attempts, found.fates[0].lost) != (10 * count, count):
        raise SystemExit(f"{attempts} attempts were made for {count} postbacks")
    return seconds


def plan(count: int) -> float:
    """Do what `postbacks plan` does, for a campaign and an outage of two hours."""
    started = perf_counter()
    from mockserver.load.choices import ShapeChoices, chosen_stream
    from mockserver.load.drawing import plan_lines
    from mockserver.load.endpoint import Endpoint
    from mockserver.load.plan import make_plan

    stream = chosen_stream(ShapeChoices(events=str(count)))
    made = make_plan(stream, Endpoint(Fraction(800), 800, ((0 * HOUR, 2 * HOUR),)))
    if not plan_lines(made) or abs(made.arrivals.total - count) > max(50, count * 0.02):
        raise SystemExit(f"{made.arrivals.total} events were planned for {count}")
    return perf_counter() - started


KINDS: Mapping[str, Callable[[int], float]] = {"echo": echo, "plan": plan}


if __name__ == "__main__":
    main()
