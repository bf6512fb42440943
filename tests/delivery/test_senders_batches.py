"""Postbacks to inboxes of this process are claimed and recorded together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mockserver.core.catalog import Channel
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import App, DueAttempt, MessageEvent
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.opening import open_ledger
from mockserver.ledger.protocol import Ledger, Result
from mockserver.sandbox import Sandbox
from mockserver.transport.in_process import CallableTransport


class Counting(MemoryLedger):
    """Counts what would be transactions."""

    def __init__(self) -> None:
        super().__init__()
        self.transactions = 0

    def claim(self, until_at: datetime, limit: int) -> list[DueAttempt]:
        self.transactions += 1
        return super().claim(until_at, limit)

    def record(self, results: Sequence[Result]) -> None:
        self.transactions += 1
        super().record(results)


def events(count: int) -> list[MessageEvent]:
    return [
        MessageEvent(App().app_id, Channel.EMAIL, "Click", DEFAULT_START_AT, f"user-{number}")
        for number in range(count)
    ]


def test_a_list_of_events_takes_few_transactions() -> None:
    ledger = Counting()
    with Sandbox(ledger=ledger) as sandbox:
        inbox = sandbox.inbox("a")
        sandbox.add_postback(inbox.url + "?user={{User ID}}")
        triggered = sandbox.post_events(events(1000))
        assert ledger.transactions <= 15
        assert [each.deliveries[0].state for each in triggered] == [DeliveryState.DELIVERED] * 1000
        assert [request.query["user"] for request in inbox.requests] == [
            f"user-{number}" for number in range(1000)
        ]


@pytest.mark.parametrize("place", [lambda folder: folder / "ledger.db", lambda _: "memory://"])
def test_the_whole_schedule_is_that_of_one_at_a_time(
    place: Callable[[Path], Path | str], tmp_path: Path
) -> None:
    def history(one_at_a_time: bool, ledger: Ledger) -> list[object]:
        with Sandbox(ledger=ledger) as sandbox:
            inbox = sandbox.inbox("a")
            inbox.behave("503,200,hang,503*5,404,200")
            sandbox.add_postback(inbox.url + "?user={{User ID}}")
            if one_at_a_time:
                # A route takes them one by one, as something that may look at the ledger.
                (accepts, transport), *_ = sandbox._wiring.transport._routes
                sandbox.route(accepts, CallableTransport(transport.send))
            sandbox.post_events(events(50))
            sandbox.advance(hours=3)
            sandbox.post_events(events(7))
            sandbox.run_until_idle()
            return [
                (each.id, each.state, [(made.number, made.started_at) for made in each.attempts])
                for each in sandbox.deliveries
            ]

    target = place(tmp_path)
    batched = history(False, open_ledger(target))
    assert batched == history(True, open_ledger("memory://"))


def test_an_application_sees_everything_before_it_recorded() -> None:
    """It may look at the ledger, so it is never called from within a batch."""
    with Sandbox() as sandbox:
        seen: list[int] = []

        def look(attempt: DueAttempt) -> Outcome:
            seen.append(sandbox.ledger.pending_count())
            return Outcome(OutcomeKind.RESPONSE, timedelta(0), status=200)

        sandbox.add_postback(sandbox.inbox("a").url)
        sandbox.add_postback("http://partner.test/")
        sandbox.route(lambda url: url.startswith("http://partner.test/"), CallableTransport(look))
        sandbox.post_events(events(20))
        assert seen == list(range(39, 0, -2))
