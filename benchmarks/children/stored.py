"""Lets a million events happen in a sandbox over 24 years, and goes on with its file afterwards.

Usage: `python -m benchmarks.children.stored sandbox|sqlite3 COUNT`. Prints the seconds that it took
to deliver and record them, to start with the file, to read a page and to empty it, and the most
memory it took. `sqlite3` writes rows of the same length into one table, a thousand a transaction.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from benchmarks.children.virtual_time import peak_mebibytes
from benchmarks.stream import POSTBACK_URL, naive_render, realistic_events
from mockserver.core.models import MessageEvent

#: Events in a list, and rows in a transaction.
TOGETHER = 1000
PAGE = 1000
YEARS = timedelta(days=365) * 24


def main() -> None:
    """Do it and print the figures."""
    kind, count = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="postbacks-stored-") as folder:
        figures = KINDS[kind](Path(folder, "ledger.db"), count)
    print(json.dumps({**figures, "MiB at most": peak_mebibytes()}))


def in_a_sandbox(path: Path, count: int) -> Mapping[str, float]:
    """Post lists to a sandbox with an inbox, the clock going on between them."""
    from mockserver.ledger.opening import open_ledger
    from mockserver.live import LiveSandbox
    from mockserver.sandbox import Sandbox
    from mockserver.time.saved_clock import save_clock

    events = realistic_events(TOGETHER)
    lists = max(1, count // TOGETHER)
    with Sandbox(ledger=open_ledger(path)) as sandbox:
        sandbox.add_postback(sandbox.inbox("a").url + POSTBACK_URL.removeprefix("in"))

        def deliver() -> None:
            for _ in range(lists):
                sandbox.post_events(events)
                sandbox.advance(YEARS / lists)

        seconds = _seconds(deliver)
        if sandbox.ledger.delivery_count() != lists * TOGETHER or sandbox.ledger.pending_count():
            raise SystemExit("not every event was delivered")
        save_clock(sandbox.ledger, sandbox.clock)
    live = LiveSandbox(path)
    start = _seconds(live.start)
    try:
        sandbox = live.sandbox
        page = _seconds(lambda: sandbox.deliveries(after=lists * TOGETHER // 2, limit=PAGE))
        reset = _seconds(sandbox.reset)
        return _figures(seconds, start, page, reset)
    finally:
        live.stop()


def in_sqlite3(path: Path, count: int) -> Mapping[str, float]:
    """Write each as one row, with an index of its key, and no more."""
    urls = [naive_render(f"http://receiver.test/{POSTBACK_URL}", each) for each in _sample()]
    rows = max(1, count // TOGETHER) * TOGETHER
    with closing(_connected(path)) as connection:
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT, state TEXT)")

        def write() -> None:
            for begin in range(0, rows, TOGETHER):
                connection.execute("BEGIN IMMEDIATE")
                some = [(begin + place, url + url, "new") for place, url in enumerate(urls)]
                connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", some)
                connection.execute("COMMIT")

        seconds = _seconds(write)
    opened: list[sqlite3.Connection] = []
    start = _seconds(lambda: opened.append(_connected(path)))
    with closing(opened[0]) as connection:
        page = _seconds(
            lambda: connection.execute(
                "SELECT * FROM rows WHERE id > ? ORDER BY id LIMIT ?", (rows // 2, PAGE)
            ).fetchall()
        )
        reset = _seconds(lambda: connection.executescript("DELETE FROM rows; VACUUM"))
    return _figures(seconds, start, page, reset)


KINDS: Mapping[str, Callable[[Path, int], Mapping[str, float]]] = {
    "sandbox": in_a_sandbox,
    "sqlite3": in_sqlite3,
}


def _sample() -> list[MessageEvent]:
    return realistic_events(TOGETHER)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _seconds(act: Callable[[], object]) -> float:
    started = perf_counter()
    act()
    return perf_counter() - started


def _figures(seconds: float, start: float, page: float, reset: float) -> Mapping[str, float]:
    return {
        "seconds": seconds,
        "seconds of a start": start,
        "seconds of a page": page,
        "seconds of a reset": reset,
    }


if __name__ == "__main__":
    main()
