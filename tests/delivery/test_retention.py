"""Which deliveries are kept, and that the others go without anybody noticing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mockserver import Sandbox
from mockserver.core.clock import ManualClock
from mockserver.core.errors import InvalidValue, LedgerUnusable
from mockserver.delivery import retention
from mockserver.delivery.feed import Feed
from mockserver.delivery.retention import PORTION, Keep, Retention
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.samples import FAR, START, add, ended

LEDGERS: dict[str, Callable[[Path], Ledger]] = {
    "memory": lambda folder: MemoryLedger(),
    "sqlite": lambda folder: open_sqlite(folder / "ledger.db"),
}
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


@pytest.fixture(params=LEDGERS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return LEDGERS[request.param](tmp_path)


def finished(ledger: Ledger, *ages: timedelta) -> None:
    """Add deliveries that were created so long before START and are over, the oldest first."""
    add(ledger, *[START - age for age in ages])
    ledger.record([ended(attempt) for attempt in ledger.claim(FAR, len(ages))])


def kept(ledger: Ledger, **keep: Any) -> list[int]:
    Retention(ledger, lambda: START, Keep(**keep), Feed()).remove()
    return [delivery.id for delivery in ledger.deliveries()]


def test_nothing_goes_unless_told(ledger: Ledger) -> None:
    finished(ledger, 10_000 * DAY, DAY)
    assert kept(ledger) == [1, 2]
    assert not Keep()


def test_what_was_created_longer_ago_goes(ledger: Ledger) -> None:
    finished(ledger, 30 * DAY + INSTANT, 30 * DAY, 30 * DAY - INSTANT, 0 * DAY)
    assert kept(ledger, age=30 * DAY) == [2, 3, 4]


@pytest.mark.parametrize("count", [1, 4, 5, 6])
def test_so_many_of_the_latest_stay(ledger: Ledger, count: int) -> None:
    finished(ledger, *[DAY] * 5)
    assert kept(ledger, deliveries=count) == list(range(1, 6))[-count:]


def test_with_both_what_either_does_not_keep_goes(ledger: Ledger) -> None:
    finished(ledger, 3 * DAY, DAY, DAY, DAY)
    assert kept(ledger, age=2 * DAY, deliveries=2) == [3, 4]
    assert kept(ledger, age=2 * DAY, deliveries=10) == [3, 4]


def test_pending_ones_neither_go_nor_count(ledger: Ledger) -> None:
    add(ledger, START - 9 * DAY)
    (pending,) = ledger.claim(FAR, 1)
    finished(ledger, 8 * DAY, 7 * DAY)
    ledger.release([pending])
    add(ledger, START - 6 * DAY)
    assert kept(ledger, deliveries=1) == [1, 3, 4]
    assert kept(ledger, age=DAY) == [1, 4]
    assert ledger.pending_count() == 2


@pytest.mark.parametrize("count", [PORTION - 1, PORTION, PORTION + 1, 3 * PORTION])
@pytest.mark.parametrize("keep", [{"age": DAY}, {"deliveries": 1}])
def test_more_than_a_portion_goes_in_portions(
    ledger: Ledger, count: int, keep: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_PAUSE_REAL_SECONDS", 0)
    finished(ledger, *[2 * DAY] * count, timedelta(0))
    portions = []
    remove = ledger.remove_finished

    def counted(limit: int, created_before_at: Any = None) -> int:
        portions.append(limit)
        return remove(limit, created_before_at)

    monkeypatch.setattr(ledger, "remove_finished", counted)
    assert kept(ledger, **keep) == [count + 1]
    assert max(portions) <= PORTION


def test_the_feed_tells_how_many(ledger: Ledger) -> None:
    feed = Feed()
    finished(ledger, *[2 * DAY] * 3)
    made = Retention(ledger, lambda: START, Keep(DAY), feed)
    assert made.remove() == 3
    assert made.remove() == 0
    assert [(each.kind, each.payload) for each in feed.after(0)] == [("retention", {"removed": 3})]


def test_an_age_beyond_the_calendar_keeps_everything(ledger: Ledger) -> None:
    finished(ledger, 10_000 * DAY)
    assert kept(ledger, age=timedelta(days=999_999)) == [1]


@pytest.mark.parametrize("keep", [{"age": timedelta(0)}, {"age": -DAY}, {"deliveries": 0}])
def test_nothing_at_all_cannot_be_kept(keep: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Keep(**keep)


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (Keep(), "all"),
        (Keep(30 * DAY), "those of the last 30d"),
        (Keep(deliveries=5), "the latest 5"),
        (Keep(DAY, 5), "those of the last 1d and of these the latest 5"),
    ],
)
def test_it_says_in_words_what_stays(keep: Keep, words: str) -> None:
    assert str(keep) == words


# In a sandbox


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "LOOK_EVERY_REAL_SECONDS", 0.01)


def until(is_so: Callable[[], bool]) -> Iterator[None]:
    gives_up_at = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < gives_up_at
        yield


def test_a_sandbox_removes_at_its_start_and_while_it_runs(ledger: Ledger, quick: None) -> None:
    finished(ledger, 3 * DAY)
    with Sandbox(ledger=ledger, clock=ManualClock(START), keep=Keep(2 * DAY)) as sandbox:
        for _ in until(lambda: len(sandbox.deliveries) == 0):
            time.sleep(0.005)
        inbox = sandbox.inbox("crm")
        inbox.behave("200,503")
        sandbox.add_postback(inbox.url)
        over, pending = (sandbox.trigger("email.click").deliveries[0].id for _ in range(2))
        sandbox.advance(days=1)
        assert {over, pending} <= {delivery.id for delivery in sandbox.deliveries}
        sandbox.advance(days=1, seconds=1)
        for _ in until(lambda: len(sandbox.deliveries) == 1):
            time.sleep(0.005)
        assert [(each.id, each.state) for each in sandbox.deliveries] == [(pending, "pending")]


def test_a_sandbox_that_keeps_all_has_no_thread_for_it() -> None:
    before = {thread.name for thread in threading.enumerate()}
    with Sandbox():
        assert {thread.name for thread in threading.enumerate()} == before


def test_a_store_that_fails_is_asked_again_and_said_once(
    ledger: Ledger, quick: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    finished(ledger, 3 * DAY)
    remove = ledger.remove_finished
    failures = iter([LedgerUnusable("the disk is full")] * 5 + [LedgerUnusable("locked")] * 3)

    def fails(*arguments: Any) -> int:
        for failure in failures:
            raise failure
        return remove(*arguments)

    monkeypatch.setattr(ledger, "remove_finished", fails)
    with Sandbox(ledger=ledger, clock=ManualClock(START), keep=Keep(DAY)) as sandbox:
        for _ in until(lambda: len(sandbox.deliveries) == 0):
            time.sleep(0.005)
        for _ in until(lambda: len(said(caplog)) == 3):
            time.sleep(0.005)
    assert said(caplog) == [
        "old deliveries cannot be removed, trying again: the disk is full",
        "old deliveries cannot be removed, trying again: locked",
        "old deliveries can be removed again",
    ]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
