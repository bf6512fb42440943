"""Deliveries as they are read back: with attempts, filtered, always as of now."""

from __future__ import annotations

import pytest

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidEvent, InvalidValue, UnknownApp
from mockserver.core.models import App
from mockserver.core.retry import DeliveryState
from mockserver.delivery.history import Deliveries, history
from tests.engine_setup import (
    HOUR,
    OFFSETS_IN_HOURS,
    SECOND,
    EngineSetup,
    always,
    engine_setup,
    status,
)

START_AT = DEFAULT_START_AT


@pytest.fixture
def full() -> EngineSetup:
    """A lost, a delivered, a rejected and a pending delivery; the last of another app."""
    setup = engine_setup(503)
    setup.ledger.put_app(App("other"))
    setup.deliver()
    setup.engine.run_until_idle()
    for code in (200, 404):
        setup.answer = always(code)
        setup.deliver()
    setup.answer = always(503)
    setup.deliver(app_id="other")
    return setup


def test_a_delivery_knows_its_attempts_and_their_offsets(full: EngineSetup) -> None:
    history = Deliveries(full.ledger)[0]
    assert [attempt.number for attempt in history.attempts] == list(range(1, 11))
    assert history.offsets_in_hours == OFFSETS_IN_HOURS
    assert history.offset_of(history.attempts[2]) == 3 * HOUR
    assert history.attempts_made == 10
    assert history.state is DeliveryState.LOST


def test_offsets_count_the_time_attempts_took() -> None:
    setup = engine_setup(lambda attempt: status(503, 36 * SECOND))
    setup.deliver()
    setup.engine.advance_to(START_AT + 4 * HOUR)
    assert Deliveries(setup.ledger)[0].offsets_in_hours == [0, 1.01, 3.02]


def test_a_delivery_without_attempts_has_no_offsets() -> None:
    setup = engine_setup()
    setup.deliver(settle=False)
    assert Deliveries(setup.ledger)[0].offsets_in_hours == []
    assert Deliveries(setup.ledger)[0].attempts == ()


def test_deliveries_behave_as_a_list(full: EngineSetup) -> None:
    deliveries = Deliveries(full.ledger)
    assert len(deliveries) == 4
    assert [delivery.id for delivery in deliveries] == [1, 2, 3, 4]
    assert deliveries[-1].id == 4
    assert [delivery.id for delivery in deliveries[1:3]] == [2, 3]
    assert deliveries[0] in deliveries
    assert deliveries == list(deliveries)
    assert deliveries != []
    assert repr(deliveries) == repr(list(deliveries))
    assert [delivery.id for delivery in reversed(deliveries)] == [4, 3, 2, 1]
    with pytest.raises(IndexError):
        deliveries[4]


def test_deliveries_are_read_afresh_at_every_use(full: EngineSetup) -> None:
    deliveries = Deliveries(full.ledger)
    before = deliveries[3]
    full.answer = always(200)
    full.engine.advance_to(full.clock.now() + HOUR)
    assert (before.state, len(before.attempts)) == (DeliveryState.PENDING, 1)
    assert (deliveries[3].state, len(deliveries[3].attempts)) == (DeliveryState.DELIVERED, 2)
    full.ledger.reset()
    assert deliveries == []
    assert len(deliveries) == 0
    assert not deliveries


@pytest.mark.parametrize(
    ("state", "ids"),
    [("lost", [1]), ("delivered", [2]), ("rejected", [3]), ("pending", [4])],
)
def test_deliveries_are_narrowed_down_by_state(
    full: EngineSetup, state: str, ids: list[int]
) -> None:
    deliveries = Deliveries(full.ledger)
    assert [delivery.id for delivery in deliveries(state=state)] == ids
    assert [delivery.id for delivery in deliveries(state=DeliveryState(state))] == ids


def test_a_state_that_does_not_exist_is_refused_with_those_that_do(full: EngineSetup) -> None:
    with pytest.raises(InvalidValue, match="unknown state 'losst'") as caught:
        Deliveries(full.ledger)(state="losst")
    assert "pending, delivered, rejected, lost" in str(caught.value)


def test_filters_add_up(full: EngineSetup) -> None:
    deliveries = Deliveries(full.ledger)
    assert [delivery.id for delivery in deliveries(app_id="other")] == [4]
    assert deliveries(app_id="other", state="lost") == []
    assert len(deliveries(postback_id=1)) == 4
    assert deliveries(postback_id=2) == []
    assert [each.id for each in deliveries(event="email.open")] == [1, 2, 3, 4]
    assert deliveries(event="email.click") == []
    assert [each.id for each in deliveries(user_id="", app_id="other")] == [4]
    assert deliveries(user_id="ada") == []
    last = deliveries[-1].created_at
    assert [each.id for each in deliveries(since_at=last)] == [2, 3, 4]
    assert [each.id for each in deliveries(until_at=last)] == [1]
    assert [each.id for each in deliveries(since_at=last, limit=1, after=2)] == [3]
    with pytest.raises(InvalidEvent, match=r"did you mean 'email\.open'"):
        deliveries(event="email.opn")
    with pytest.raises(InvalidValue, match="since_at has no time zone"):
        deliveries(since_at=last.replace(tzinfo=None))
    with pytest.raises(UnknownApp, match="unknown app 'nobody'"):
        deliveries(app_id="nobody")


def test_a_history_keeps_every_field_of_its_delivery(full: EngineSetup) -> None:
    for delivery in full.ledger.deliveries():
        found = history(full.ledger, delivery.id)
        assert found in Deliveries(full.ledger)()
        for name in type(delivery).__dataclass_fields__:
            assert getattr(found, name) == getattr(delivery, name)
        assert list(found.attempts) == full.ledger.attempts(delivery.id)


def test_manual_attempts_stand_in_their_place(full: EngineSetup) -> None:
    full.engine.resend(4)
    numbers = [attempt.number for attempt in Deliveries(full.ledger)[3].attempts]
    assert numbers == [1, None]
