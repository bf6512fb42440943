"""Delivers postbacks, each rendered from an event and POSTed to a sink on loopback.

Usage: `python -m benchmarks.children.deliver engine|due|sandbox|requests PORT COUNT`.
Prints how many were delivered in a second, and the processor time of each. Ends with an
error unless every single one was delivered and recorded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from time import perf_counter, process_time
from typing import Any, NamedTuple

from benchmarks.stream import POSTBACK_URL, naive_render, realistic_events
from mockserver.core.clock import ManualClock
from mockserver.core.models import App, MessageEvent, NewDelivery
from mockserver.core.retry import DeliveryState
from mockserver.core.template import Template
from mockserver.delivery.engine import Engine
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger

#: How many events happen before they are delivered; a list posted to the control API.
TOGETHER = 1000
#: How many postbacks are under way at a time; what `postbacks serve` begins with.
CAPACITY = 64


def main() -> None:
    """Deliver and print the figures."""
    kind, port, count = sys.argv[1:]
    url = f"http://127.0.0.1:{port}/{POSTBACK_URL}"
    events = realistic_events(int(count))
    deliver = DELIVERIES[kind]
    taken = deliver(url, events)
    each = taken.processor_seconds / len(events) * 1e3
    print(json.dumps({"per second": len(events) / taken.seconds, "ms of CPU each": each}))


class Taken(NamedTuple):
    """How long a load took, and how much of it the processor was at work."""

    seconds: float
    processor_seconds: float


def through_engine(url: str, events: Sequence[MessageEvent]) -> Taken:
    """Render, add to the memory ledger, and let the engine send and record, list by list."""
    with _engine(url) as (engine, ledger, add):

        def deliver() -> None:
            for part in _parts(events):
                add(part)
                engine.settle(budget=len(part))

        taken = _timed(deliver)
        _check(ledger, len(events))
    return taken


def through_due(url: str, events: Sequence[MessageEvent]) -> Taken:
    """Let the engine send and record what was rendered and added before the clock starts."""
    with _engine(url) as (engine, ledger, add):
        add(events)
        taken = _timed(lambda: engine.settle(budget=len(events)))
        _check(ledger, len(events))
    return taken


def through_sandbox(url: str, events: Sequence[MessageEvent]) -> Taken:
    """Post lists of events to a sandbox with one rule, as the control API does."""
    from mockserver.delivery.wiring import SocketOptions
    from mockserver.sandbox import Sandbox

    with Sandbox(sockets=SocketOptions(capacity=CAPACITY)) as sandbox:
        sandbox.add_postback(url)

        def deliver() -> None:
            for part in _parts(events):
                sandbox.post_events(part)

        taken = _timed(deliver)
        _check(sandbox.ledger, len(events))
    return taken


def through_requests(url: str, events: Sequence[MessageEvent]) -> Taken:
    """Send from a loop over one session, as one would write it first."""
    # By name, so that a type check needs neither it nor its stubs.
    requests: Any = import_module("requests")
    records: list[tuple[str, int, float]] = []
    with requests.Session() as session:

        def deliver() -> None:
            for event in events:
                rendered = naive_render(url, event)
                answer = session.post(rendered, timeout=30, allow_redirects=False)
                records.append((rendered, answer.status_code, answer.elapsed.total_seconds()))

        taken = _timed(deliver)
    if len(records) != len(events) or any(status != 200 for _, status, _ in records):
        raise SystemExit("not every postback was answered with 200")
    return taken


DELIVERIES: Mapping[str, Callable[[str, Sequence[MessageEvent]], Taken]] = {
    "engine": through_engine,
    "due": through_due,
    "sandbox": through_sandbox,
    "requests": through_requests,
}


@contextmanager
def _engine(
    url: str,
) -> Iterator[tuple[Engine, MemoryLedger, Callable[[Sequence[MessageEvent]], object]]]:
    from mockserver.transport.curl.transport import CurlTransport

    ledger, clock, app = MemoryLedger(), ManualClock(), App()
    ledger.put_app(app)
    transport = CurlTransport(capacity=CAPACITY)
    template = Template(url)

    def add(events: Sequence[MessageEvent]) -> object:
        now_at = clock.now()
        return ledger.add_deliveries(
            [NewDelivery(app.app_id, 1, template.render(event), event, now_at) for event in events]
        )

    yield Engine(ledger, transport, clock), ledger, add
    transport.close()


def _timed(act: Callable[[], object]) -> Taken:
    processor, started = process_time(), perf_counter()
    act()
    return Taken(perf_counter() - started, process_time() - processor)


def _parts(events: Sequence[MessageEvent]) -> Iterator[list[MessageEvent]]:
    rest = iter(events)
    while part := list(islice(rest, TOGETHER)):
        yield part


def _check(ledger: Ledger, count: int) -> None:
    delivered = ledger.deliveries(state=DeliveryState.DELIVERED)
    attempts = ledger.attempts(count)
    if len(delivered) != count or len(attempts) != 1 or attempts[0].outcome.status != 200:
        raise SystemExit(f"{len(delivered)} of {count} were delivered; the last: {attempts}")


if __name__ == "__main__":
    main()
