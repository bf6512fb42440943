"""Tests that what is being made is known from its beginning to its outcome, and not longer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.core.clock import DEFAULT_START_AT, ManualClock
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.delivery.engine import Engine
from mockserver.delivery.under_way import UnderWay
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.transport.protocol import GiveBack, Pull
from tests.engine_setup import SECOND, status
from tests.ledger.samples import add

FIRST, SECOND_ONE = (
    DueAttempt(number, "app", "http://a.example/", 1, DEFAULT_START_AT, False, number)
    for number in (1, 2)
)


def ids(under_way: UnderWay | Engine) -> list[int]:
    found = under_way.now() if isinstance(under_way, UnderWay) else under_way.under_way()
    return [each.delivery_id for each in found]


def test_what_has_begun_is_known_until_it_ends() -> None:
    under_way = UnderWay()
    under_way.begin([FIRST, SECOND_ONE], DEFAULT_START_AT + SECOND)
    assert ids(under_way) == [1, 2]
    assert under_way.started_at(SECOND_ONE) == DEFAULT_START_AT + SECOND
    under_way.end([FIRST])
    assert ids(under_way) == [2]
    assert under_way.end_all() == [SECOND_ONE]
    assert ids(under_way) == under_way.end_all() == []


class GivingBack:
    """A transport that pulls two attempts at once, and gives one of them back at first."""

    capacity = 2

    def __init__(self) -> None:
        self.engine: Engine
        self.seen: list[list[int]] = []

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        raise NotImplementedError

    def exchange_batches(
        self, pull: Pull, give_back: GiveBack
    ) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        pulled: Sequence[DueAttempt] = pull(2)
        self.seen.append(ids(self.engine))
        give_back(pulled[1:])
        self.seen.append(ids(self.engine))
        yield [(pulled[0], status(200))]
        self.seen.append(ids(self.engine))
        yield [(attempt, status(200)) for attempt in pull(2)]

    def close(self) -> None:
        """Do nothing."""


def test_what_is_given_back_is_not_being_made() -> None:
    ledger, transport = MemoryLedger(), GivingBack()
    transport.engine = Engine(ledger, transport, ManualClock())
    add(ledger, DEFAULT_START_AT, DEFAULT_START_AT)
    assert transport.engine.settle() == 2
    assert transport.seen == [[1, 2], [1], []]
    assert [len(ledger.attempts(number)) for number in (1, 2)] == [1, 1]
