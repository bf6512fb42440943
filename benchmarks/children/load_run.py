"""Sends one load through `postbacks load`'s own processes.

Usage: `python -m benchmarks.children.load_run PORT COUNT RATE WORKERS`. RATE 0 is as fast as it
can. The clock runs from the beginning of the load to its last report, so starting Locust is not in
it. Two workers get all cores; everything of one worker shares the core that it is given.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from fractions import Fraction

from benchmarks.stream import POSTBACK_URL
from mockserver.load.crew import Crew, Place
from mockserver.load.job import Job
from mockserver.load.paced import PacedStream, constant
from mockserver.load.run import LoadRun

#: Faster than any worker, so that everything is due at once.
_UNBOUNDED = 1_000_000


def main() -> None:
    """Send and print the figures."""
    port, count, rate, workers = map(int, sys.argv[1:])
    if workers > 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    rate = rate or _UNBOUNDED
    stream = PacedStream(constant(Fraction(rate), timedelta(seconds=count / rate)))
    url = f"http://127.0.0.1:{port}/{POSTBACK_URL}"
    job = Job(url, stream.as_json(), stream.total, ("127.0.0.1",), connections=64)
    with Crew(job, Place(workers, workers)) as crew:
        result = LoadRun(crew, stream.total).run()
    totals = result.totals
    if totals.statuses != {"200": stream.total}:
        raise SystemExit(f"{totals.statuses} of {stream.total}: {result.why}")
    median, p99 = (each.total_seconds() * 1e3 for each in totals.lag.percentiles((50, 99)))
    print(
        json.dumps(
            {
                "per second": stream.total / result.real_seconds,
                "ms of lag, median": median,
                "ms of lag, p99": p99,
            }
        )
    )


if __name__ == "__main__":
    main()
