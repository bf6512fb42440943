"""Who is told of attempts that were recorded."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.delivery.recorded import RecordedAttempts
from mockserver.delivery.resends import Resends
from mockserver.ledger.protocol import Result
from tests.transport.exchanges import NOON

BY_HAND = DueAttempt(7, "app", "http://h/", None, NOON, repeated=False, claim=1)
RESULT = Result(
    BY_HAND, NOON, Outcome(OutcomeKind.RESPONSE, status=200), DeliveryState.DELIVERED, None
)


def test_they_are_counted_and_told() -> None:
    told: list[Sequence[Result]] = []
    resends = Resends()
    asked = resends.add(BY_HAND)
    recorded = RecordedAttempts(resends, told.append)
    recorded([RESULT])
    recorded([RESULT, RESULT])
    assert recorded.count == 3
    assert told == [[RESULT], [RESULT, RESULT]]
    assert asked.made is not None


def test_nobody_needs_to_be_told() -> None:
    recorded = RecordedAttempts(Resends(), None)
    recorded([RESULT])
    assert recorded.count == 1
