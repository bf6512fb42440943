"""Sends one load through Locust's FastHttpUser, which keeps its usual statistics.

Usage: `python -m benchmarks.children.locust_load PORT COUNT USERS`. The URLs are made before
the clock starts, which is in Locust's favour. Alone in its process because Locust replaces
sockets and threads by gevent's as soon as it is imported.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from time import perf_counter, process_time
from typing import Any

from benchmarks.stream import POSTBACK_URL, naive_render, realistic_events


def main() -> None:
    """Send and print the figures."""
    port, count, users = map(int, sys.argv[1:])
    urls = [naive_render(f"/{POSTBACK_URL}", event) for event in realistic_events(count)]
    # Peers without type information, by name so that a type check needs none of them.
    fast_http: Any = import_module("locust.contrib.fasthttp")
    gevent: Any = import_module("gevent")
    environment = import_module("locust.env").Environment()
    # The runner is what counts requests; it starts no users unless told.
    environment.create_local_runner()
    # What FastHttpUser has as its `client`.
    sessions = [
        fast_http.FastHttpSession(f"http://127.0.0.1:{port}", environment.events.request, None)
        for _ in range(users)
    ]

    def post(session: Any, part: list[str]) -> None:
        for url in part:
            session.post(url, name="postback")

    processor, started = process_time(), perf_counter()
    posting = [
        gevent.spawn(post, session, urls[number::users]) for number, session in enumerate(sessions)
    ]
    gevent.joinall(posting, raise_error=True)
    seconds, used = perf_counter() - started, process_time() - processor
    total = environment.stats.total
    if total.num_requests != count or total.num_failures:
        raise SystemExit(f"{total.num_requests} of {count} sent, {total.num_failures} failed")
    print(json.dumps({"per second": count / seconds, "ms of CPU each": used / count * 1e3}))


if __name__ == "__main__":
    main()
