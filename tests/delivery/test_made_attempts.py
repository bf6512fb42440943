"""Who gets to know of attempts that were made, and for how long."""

from __future__ import annotations

from mockserver.core.models import Attempt, DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.delivery.feed import Feed
from mockserver.delivery.made_attempts import MadeAttempts
from mockserver.ledger.protocol import Result
from tests.transport.exchanges import NOON

OK = Outcome(OutcomeKind.RESPONSE, status=200)


def result(delivery_id: int) -> Result:
    attempt = DueAttempt(delivery_id, "app", "http://h/", 1, NOON, repeated=False, claim=1)
    return Result(attempt, NOON, OK, DeliveryState.DELIVERED, None)


def test_the_feed_gets_all_of_them() -> None:
    feed = Feed()
    MadeAttempts(feed)([result(1), result(2)])
    made = [happening.payload["attempt"] for happening in feed.after(0)]
    assert made == [Attempt(1, 1, NOON, OK), Attempt(2, 1, NOON, OK)]


def test_whoever_collects_gets_those_made_meanwhile() -> None:
    made = MadeAttempts(Feed())
    made([result(1)])
    with made.collecting() as outer:
        # Two that are equal: ending one must not end the other.
        with made.collecting() as inner:
            pass
        made([result(2)])
    made([result(3)])
    assert [attempt.delivery_id for attempt in outer] == [2]
    assert inner == []
