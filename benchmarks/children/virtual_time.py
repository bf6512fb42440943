"""Simulates many deliveries that fail ten times each, over 65 hours.

Usage: `python -m benchmarks.children.virtual_time memory|sqlite|simpy|heapq ordered|random
COUNT`. Prints seconds, attempts, and the most memory the process ever had resident.
"""

from __future__ import annotations

import heapq
import itertools
import json
import random
import resource
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.retry import DEFAULT_DELAYS

DAY_IN_SECONDS = 86_400
#: As long as the nine values of a real postback make it.
FILLER = "x" * 400


def main() -> None:
    """Run one simulation and print its figures."""
    kind, order, count = sys.argv[1:]
    starts = start_seconds(order, int(count))
    seconds, attempts = SIMULATIONS[kind](starts)
    if attempts != len(starts) * (len(DEFAULT_DELAYS) + 1):
        raise SystemExit(f"{kind} made {attempts} attempts for {len(starts)} deliveries")
    print(json.dumps({"seconds": seconds, "MiB at most": peak_mebibytes()}))


def start_seconds(order: str, count: int) -> list[float]:
    """Return when each delivery begins: a millisecond apart, or any time within a day."""
    source = random.Random(3)
    if order == "random":
        return [source.random() * DAY_IN_SECONDS for _ in range(count)]
    return [number * 0.001 for number in range(count)]


def through_memory(starts: Sequence[float]) -> tuple[float, int]:
    """Run the engine over the memory ledger; everything that happened is kept."""
    from mockserver.ledger.memory.ledger import MemoryLedger

    return _through_engine(MemoryLedger(), starts)


def through_sqlite(starts: Sequence[float]) -> tuple[float, int]:
    """Run the engine over a SQLite file; everything that happened is in it at the end."""
    from mockserver.ledger.opening import open_ledger

    with tempfile.TemporaryDirectory(prefix="postbacks-million-") as folder:
        ledger = open_ledger(Path(folder, "ledger.db"))
        try:
            return _through_engine(ledger, starts)
        finally:
            ledger.close()


def through_simpy(starts: Sequence[float]) -> tuple[float, int]:
    """Run a process for each delivery, which waits and counts."""
    # By name, so that a type check does not need it.
    simpy: Any = import_module("simpy")
    delays = [delay.total_seconds() for delay in DEFAULT_DELAYS]
    attempts = 0

    def deliver(environment: Any, start: float) -> Generator[Any, Any, None]:
        nonlocal attempts
        yield environment.timeout(start)
        attempts += 1
        for delay in delays:
            yield environment.timeout(delay)
            attempts += 1

    started = perf_counter()
    environment = simpy.Environment()
    for start in starts:
        environment.process(deliver(environment, start))
    environment.run()
    return perf_counter() - started, attempts


def through_heapq(starts: Sequence[float]) -> tuple[float, int]:
    """Pop and push plain tuples: the ordering alone, nothing is kept."""
    delays = [delay.total_seconds() for delay in DEFAULT_DELAYS]
    attempts = 0
    started = perf_counter()
    orders = itertools.count()
    queue = [(start, next(orders), number, 0) for number, start in enumerate(starts)]
    heapq.heapify(queue)
    while queue:
        due, _, number, made = queue[0]
        attempts += 1
        if made < len(delays):
            heapq.heapreplace(queue, (due + delays[made], next(orders), number, made + 1))
        else:
            heapq.heappop(queue)
    return perf_counter() - started, attempts


SIMULATIONS: Mapping[str, Callable[[Sequence[float]], tuple[float, int]]] = {
    "memory": through_memory,
    "sqlite": through_sqlite,
    "simpy": through_simpy,
    "heapq": through_heapq,
}


def peak_mebibytes() -> float:
    """Return the most memory this process has had resident."""
    try:
        # Unlike the resource usage, this does not count what the parent had at the fork.
        status = Path("/proc/self/status").read_text()
    except OSError:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used / 1024**2 if sys.platform == "darwin" else used / 1024
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def _through_engine(ledger: Any, starts: Sequence[float]) -> tuple[float, int]:
    from mockserver.core.catalog import Channel
    from mockserver.core.clock import ManualClock
    from mockserver.core.models import App, MessageEvent, NewDelivery
    from mockserver.core.outcome import Outcome, OutcomeKind
    from mockserver.delivery.engine import Engine
    from mockserver.transport.in_process import CallableTransport

    app = App()
    ledger.put_app(app)
    failure = Outcome(OutcomeKind.RESPONSE, status=503)
    transport = CallableTransport(lambda attempt: failure, batch=1000)
    event = MessageEvent(app.app_id, Channel.EMAIL, "Click", DEFAULT_START_AT)
    started = perf_counter()
    engine = Engine(ledger, transport, ManualClock())
    ledger.add_deliveries(
        [
            NewDelivery(
                app.app_id,
                1,
                f"https://example.com/in?number={number}&{FILLER}",
                event,
                DEFAULT_START_AT + timedelta(seconds=start),
            )
            for number, start in enumerate(starts)
        ]
    )
    made = engine.run_until_idle(budget=100 * len(starts)).attempts_made
    seconds = perf_counter() - started
    _check_history(ledger, len(starts))
    return seconds, made


def _check_history(ledger: Any, count: int) -> None:
    for delivery_id in (1, count):
        hours = [
            (attempt.started_at - ledger.attempts(delivery_id)[0].started_at) / timedelta(hours=1)
            for attempt in ledger.attempts(delivery_id)
        ]
        if hours != [0, 1, 3, 7, 15, 25, 35, 45, 55, 65]:
            raise SystemExit(f"delivery {delivery_id} was attempted after hours {hours}")


if __name__ == "__main__":
    main()
