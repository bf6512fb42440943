"""Measures a quick run of `postbacks verify` against its requests alone.

What is measured: the whole command `postbacks verify`, its start and its end included, against a
Flask application on loopback; the milliseconds for each request while the run goes on; and the
same number of bare POSTs over one connection that is kept, which is the least they take. A run
also opens connections, waits for bytes that must not come, and compares.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.processes import LONGEST_REAL_SECONDS, ROOT, missing, on_core, serving

VERIFY, FLOOR = "postbacks verify, quick", "its requests alone"
QUERY = (
    "?user={{User ID}}&device={{Device ID}}&message={{Message ID}}&event={{Message event}}"
    "&channel={{Message channel}}&template={{Template name}}&at={{Trigger time}}"
    "&parameters={{Parameters}}"
)
#: Requests of the floor.
POSTS = 200


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan and run the endpoint."""
    posts = max(5, round(POSTS * scale))
    reason = missing("hypothesis")
    with serving("bare_flask", 0, 4) as (port, _):
        yield Plan(
            "Verifying an endpoint",
            [Case(VERIFY, partial(_verify, port)), Case(FLOOR, partial(_post, port, posts))],
            [
                Comparison("seconds", VERIFY, at_most=10),
                Comparison("ms a request", VERIFY, FLOOR),
            ],
            {VERIFY: reason} if reason else {},
        )


def _verify(port: int) -> Mapping[str, float]:
    url = f"http://127.0.0.1:{port}/api{QUERY}"
    command = [sys.executable, "-m", "mockserver", "verify", url, "--json"]
    with on_core("load"):
        began = time.perf_counter()
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_REAL_SECONDS
        )
        took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"verify ended with {done.returncode}: {done.stderr[-300:]}")
    report = json.loads(done.stdout)
    requests = report["traffic"]["requests"]
    return {
        "seconds": took,
        "requests": requests,
        "ms a request": report["real_seconds"] * 1000 / requests,
    }


def _post(port: int, posts: int) -> Mapping[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    for number in range(posts):
        connection.request("POST", f"/api?user={number}", headers={"Content-Length": "0"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"answered {answer.status}")
    took = time.perf_counter() - began
    connection.close()
    return {"ms a request": took * 1000 / posts}
