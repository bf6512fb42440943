"""Lets events happen in a sandbox without sockets, whose inbox gets the postbacks.

Usage: `python -m benchmarks.children.in_process memory|sqlite list|one COUNT`. Prints how many were
delivered and recorded in a second, and the processor time of each.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.stream import POSTBACK_URL, realistic_events
from mockserver.core.retry import DeliveryState
from mockserver.ledger.opening import IN_MEMORY, open_ledger
from mockserver.sandbox import Sandbox

#: Events in a list, by the word for it.
TOGETHER = {"list": 1000, "one": 1}


def main() -> None:
    """Deliver and print the figures."""
    kind, together, count = sys.argv[1], TOGETHER[sys.argv[2]], int(sys.argv[3])
    events = realistic_events(count)
    with tempfile.TemporaryDirectory(prefix="postbacks-in-process-") as folder:
        place = IN_MEMORY if kind == "memory" else Path(folder, "ledger.db")
        with Sandbox(ledger=open_ledger(place)) as sandbox:
            sandbox.add_postback(sandbox.inbox("a").url + POSTBACK_URL.removeprefix("in"))
            processor, started = process_time(), perf_counter()
            for begin in range(0, count, together):
                sandbox.post_events(events[begin : begin + together])
            seconds, processor = perf_counter() - started, process_time() - processor
            delivered = len(sandbox.ledger.deliveries(state=DeliveryState.DELIVERED))
    if delivered != count:
        raise SystemExit(f"{delivered} of {count} were delivered")
    print(json.dumps({"per second": count / seconds, "ms of CPU each": processor / count * 1e3}))


if __name__ == "__main__":
    main()
