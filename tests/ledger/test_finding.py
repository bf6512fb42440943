"""Every store finds what a filter wants: all of it, nothing else, in pages by id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mockserver.core.catalog import event_kind, event_kinds
from mockserver.core.events import build_event
from mockserver.core.finding import DeliveryFilter
from mockserver.core.models import Event, MessageEvent, NewDelivery
from mockserver.core.retry import DeliveryState
from mockserver.ledger.protocol import Backwards, LatestPage, Ledger
from tests.ledger.samples import START, ended

#: User ids that a text search could take for another, or that JSON and SQL write in their own way.
USERS = [
    "ada",
    "ADA",
    "ad",
    "adaa",
    'a"da',
    "a\\da",
    "100%",
    "100_",
    "100/",
    "",
    "é\U0001f600",
    "a'; DROP TABLE deliveries; --",
    "ada\n",
    "x" * 60_000,
]
HOUR = timedelta(hours=1)


def fill(ledger: Ledger, events: list[Event]) -> None:
    """Add a delivery of each event, an hour apart, by turns in two apps and of three rules."""
    ledger.add_deliveries(
        [
            NewDelivery(f"app{number % 2}", number % 3, "http://h/", event, START + number * HOUR)
            for number, event in enumerate(events)
        ]
    )


def everything(ledger: Ledger) -> None:
    """Add deliveries of every user and of every kind of event; some of them are over."""
    events = [
        build_event(event_kind("email.click"), "app", START, {"user_id": user}) for user in USERS
    ]
    events += [build_event(kind, "app", START, {"user_id": "kinds"}) for kind in event_kinds()]
    # What looks like another's id or event, where a user may write anything.
    fakes = {"user_id": "ada", "channel": "Email", "event": "Click", "template_name": "Banner"}
    events += [
        build_event(event_kind("push.send"), "app", START, {"parameters": fakes}),
        build_event(event_kind("in-app.banner.view"), "app", START, {"user_id": '"user_id":"ada"'}),
    ]
    fill(ledger, events)
    claimed = ledger.claim(START + 1000 * HOUR, 20)
    ledger.record([ended(attempt) for attempt in claimed[:9]])
    ledger.record([ended(attempt, DeliveryState.LOST) for attempt in claimed[9:15]])


WANTED = {
    "all": DeliveryFilter(),
    "nothing": DeliveryFilter(user_id="nobody"),
    "everything-at-once": DeliveryFilter(
        DeliveryState.DELIVERED,
        0,
        "app0",
        "ada",
        event_kind("email.click"),
        START,
        START + HOUR,
    ),
    "pending-of-an-app": DeliveryFilter(state=DeliveryState.PENDING, app_id="app1"),
    "since": DeliveryFilter(since_at=START + 5 * HOUR),
    "until": DeliveryFilter(until_at=START + 5 * HOUR),
    "nobody-between": DeliveryFilter(since_at=START + HOUR, until_at=START + HOUR),
    **{f"state-{state}": DeliveryFilter(state=state) for state in DeliveryState},
    **{f"rule-{number}": DeliveryFilter(postback_id=number) for number in range(4)},
    **{f"user-{user[:9]!r}": DeliveryFilter(user_id=user) for user in USERS},
    **{f"event-{kind.name}": DeliveryFilter(event=kind) for kind in event_kinds()},
}


@pytest.mark.parametrize("name", WANTED)
def test_what_is_found_is_what_passes(ledger: Ledger, name: str) -> None:
    everything(ledger)
    wanted = WANTED[name]
    expected = [each for each in ledger.deliveries() if wanted.accepts(each)]
    assert ledger.find_deliveries(wanted) == expected
    assert bool(expected) != (name in ("nothing", "nobody-between", "rule-3", "state-rejected"))


@pytest.mark.parametrize("name", ["all", "user-'ada'", "event-email.click", "state-pending"])
@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_pages_add_up(ledger: Ledger, name: str, limit: int) -> None:
    everything(ledger)
    wanted = WANTED[name]
    found, after = [], 0
    while page := ledger.find_deliveries(wanted, after=after, limit=limit):
        assert len(page) <= limit
        found += page
        after = page[-1].id
    assert found == ledger.find_deliveries(wanted)


def test_how_many_there_are(ledger: Ledger) -> None:
    assert ledger.delivery_count() == 0
    everything(ledger)
    assert ledger.delivery_count() == len(ledger.deliveries())
    ledger.reset()
    assert ledger.delivery_count() == 0


def test_an_event_of_a_template_of_ones_own_is_no_event_of_the_catalog(ledger: Ledger) -> None:
    kind = event_kind("in-app.banner.view")
    own: Callable[[str], MessageEvent] = lambda name: MessageEvent(  # noqa: E731
        "app",
        kind.channel,
        "View",
        START,
        template_name=name,  # type: ignore[arg-type]
    )
    fill(ledger, [own("Banner"), own("My Banner"), own("")])
    assert [each.id for each in ledger.find_deliveries(DeliveryFilter(event=kind))] == [1]


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_the_soonest_are_those_that_would_be_claimed_next(ledger: Ledger, limit: int) -> None:
    everything(ledger)
    found = ledger.soonest(limit)
    claimed = ledger.claim(START + 10_000 * HOUR, limit)
    assert [each.id for each in found] == [attempt.delivery_id for attempt in claimed]
    assert all(each.state is DeliveryState.PENDING for each in found)
    # What is under way is not waiting for its turn.
    assert not {each.id for each in ledger.soonest(1000)} & {each.id for each in found}
    ledger.release(claimed)
    assert ledger.soonest(limit) == found


def test_what_was_retried_or_forgotten_takes_its_new_place(ledger: Ledger) -> None:
    everything(ledger)
    first, second = ledger.soonest(2)
    (attempt,) = ledger.claim(START + 10_000 * HOUR, 1)
    again_at = START + 5000 * HOUR
    ledger.record([ended(attempt, DeliveryState.PENDING)._replace(due_at=again_at)])
    found = ledger.soonest(1000)
    assert found[0].id == second.id
    assert (found[-1].id, found[-1].due_at) == (first.id, again_at)
    ledger.reset()
    assert ledger.soonest(10) == []


WORDS = [
    "ada", "ADA", "100%", "100_", "a\\da", 'a"da', "\u00e9", "\U0001f600", "email", "CLICK",
    "in-app message", "held back", "user_id", "type", "http://h", "a'; drop", "\n", " ", "banner",
    "5838201947316224", "messageEvents", "{", "a\u0130b", "email click",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_search_finds_what_passes_in_either_order(ledger: Ledger, word: str) -> None:
    everything(ledger)
    wanted = DeliveryFilter(text=word)
    expected = [each for each in ledger.deliveries() if wanted.accepts(each)]
    assert ledger.find_deliveries(wanted) == expected
    assert ledger.find_latest(wanted, Backwards(1000)) == LatestPage(expected[::-1], None)
    # What JSON and SQL write between the words is none of them.
    assert bool(expected) == (word not in ("type", "messageEvents", "{", "a\u0130b", "email click"))


def test_a_search_knows_no_case_of_ascii_and_every_other(ledger: Ledger) -> None:
    fill(
        ledger, [build_event(event_kind("email.open"), "app", START, {"user_id": "\u00c9K\u212a"})]
    )
    for word, is_found in [("k", True), ("\u00c9", True), ("\u00e9", False), ("kk", False)]:
        assert bool(ledger.find_deliveries(DeliveryFilter(text=word))) is is_found


@pytest.mark.parametrize("name", WANTED)
def test_the_newest_first_are_the_same_backwards(ledger: Ledger, name: str) -> None:
    everything(ledger)
    expected = ledger.find_deliveries(WANTED[name])[::-1]
    assert ledger.find_latest(WANTED[name], Backwards(1000)) == LatestPage(expected, None)


@pytest.mark.parametrize("name", ["all", "user-'ada'", "nothing", "state-lost", "rule-1", "until"])
@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
@pytest.mark.parametrize("look_through", [1, 3, 1000])
def test_pages_backwards_add_up(ledger: Ledger, name: str, limit: int, look_through: int) -> None:
    everything(ledger)
    # Ids are missing at the beginning, in the middle and at the end.
    ledger.remove_finished(5)
    found, before, pages = [], None, 0
    while True:
        page = ledger.find_latest(WANTED[name], Backwards(limit, before, look_through))
        assert len(page.deliveries) <= limit
        assert page.before is None or before is None or page.before < before
        found += page.deliveries
        before, pages = page.before, pages + 1
        if before is None:
            break
    assert found == ledger.find_deliveries(WANTED[name])[::-1]
    assert pages <= 200


def test_backwards_through_nothing(ledger: Ledger) -> None:
    for before in (None, 1, 5):
        page = ledger.find_latest(DeliveryFilter(), Backwards(3, before))
        assert page == LatestPage([], None)
