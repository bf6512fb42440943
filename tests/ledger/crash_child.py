"""A process that works on a ledger until it is killed, and says what it has done.

Run as `python -m tests.ledger.crash_child PATH WANTED`: it recovers, then adds deliveries
until there have been WANTED of them, makes every attempt that is due, and ends when nothing
is. Each line says something that the ledger has confirmed, or is about to be asked.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DEFAULT_RETRY_POLICY, DeliveryState
from mockserver.ledger.opening import open_ledger
from mockserver.ledger.protocol import Result
from tests.ledger.samples import FAR, START, new

BATCH = 5


def main(path: str, wanted: int) -> None:
    ledger = open_ledger(path)
    say("recovered", ledger.recover())
    while True:
        missing = wanted - len(ledger.deliveries())
        if missing > 0:
            added = ledger.add_deliveries([new(START) for _ in range(min(missing, BATCH))])
            say("added", *(delivery.id for delivery in added))
        claimed = ledger.claim(FAR, BATCH)
        if not claimed and missing <= 0:
            break
        for attempt in claimed:
            say("claimed", attempt.delivery_id, attempt.number, int(attempt.repeated))
        results = []
        for attempt in claimed:
            # The first three of each delivery fail; its number decides how it ends.
            assert attempt.number is not None
            status = 503 if attempt.number <= 3 or attempt.delivery_id % 5 == 0 else 200
            outcome = Outcome(OutcomeKind.RESPONSE, timedelta(0), status=status)
            state, delay = DEFAULT_RETRY_POLICY.decide(attempt.number, outcome)
            assert isinstance(state, DeliveryState)
            due_at = None if delay is None else attempt.due_at + delay
            results.append(Result(attempt, attempt.due_at, outcome, state, due_at))
        ledger.record(results)
        for attempt in claimed:
            say("recorded", attempt.delivery_id, attempt.number)
    ledger.close()
    say("done")


def say(*words: object) -> None:
    print(*words, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
