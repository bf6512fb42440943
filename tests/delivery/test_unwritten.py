"""Tests that a store that fails loses, doubles and makes up nothing, whichever statement it is."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mockserver.core.clock import DEFAULT_START_AT, ManualClock
from mockserver.core.errors import LedgerUnusable
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DeliveryState
from mockserver.delivery.wiring import SocketOptions
from mockserver.ledger.sqlite.store import open_sqlite
from mockserver.sandbox import Sandbox
from mockserver.time.clocks import RunningClock
from tests.engine_setup import always, engine_setup, status
from tests.ledger.sqlite.failing import Disk, Failure, failing_disk

#: How often whoever drives the sandbox asks again before it gives up.
PATIENCE = 40


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    with failing_disk(monkeypatch) as failing:
        yield failing


def again(call: Callable[[], Any]) -> Any:
    """Do what a client does that hears that the store is away."""
    for _ in range(PATIENCE):
        try:
            return call()
        except LedgerUnusable:
            continue
    raise AssertionError("the store never came back")


def check(sandbox: Sandbox, acknowledged: list[int]) -> None:
    """Compare what arrived with what is written down."""
    received = [each.query["d"] for each in sandbox.inbox("a").requests]
    deliveries = {delivery.id: delivery for delivery in sandbox.deliveries}
    assert set(acknowledged) <= set(deliveries), "an acknowledged event was lost"
    assert sandbox.ledger.pending_count() == 0, "an attempt is never made"
    made: Counter[str] = Counter()
    for delivery in deliveries.values():
        numbers = [attempt.number for attempt in delivery.attempts]
        assert numbers == list(range(1, len(numbers) + 1)), "an attempt was left out or repeated"
        assert delivery.state is DeliveryState.DELIVERED
        # Whoever heard that the store is away may have let an event happen twice.
        made[delivery.event.user_id] += len(numbers)
    assert Counter(received) == made, "something was sent that is not written down, or the reverse"


def scenario(sandbox: Sandbox) -> list[int]:
    """Have three events happen whose first attempts fail; return the deliveries acknowledged."""
    acknowledged: list[int] = []
    for number in range(3):
        triggered = again(partial(sandbox.trigger, "push.open", user_id=f"u{number}"))
        acknowledged += [delivery.id for delivery in triggered.deliveries]
    again(lambda: sandbox.advance("30m"))
    again(sandbox.run_until_idle)
    return acknowledged


def opened(path: Path, **options: Any) -> Sandbox:
    sandbox = Sandbox(ledger=open_sqlite(path), **options)
    sandbox.inbox("a").behave("503*4,200")
    sandbox.add_postback(
        f"{sandbox.receiver_url}/inbox/a?d={{{{User ID}}}}&e={{{{Message event}}}}"
    )
    return sandbox


def statements_of_the_scenario(tmp_path: Path, disk: Disk, **options: Any) -> int:
    with opened(tmp_path / "whole.db", **options) as sandbox:
        disk.restart()
        check(sandbox, scenario(sandbox))
        return disk.count


@pytest.mark.parametrize("sockets", [False, True], ids=["in process", "over sockets"])
@pytest.mark.parametrize("failure", ["before", "after"])
@pytest.mark.parametrize("times", [1, 4])
def test_whichever_statement_fails(
    tmp_path: Path, disk: Disk, sockets: bool, failure: Failure, times: int
) -> None:
    options: dict[str, Any] = {"sockets": SocketOptions()} if sockets else {}
    count = statements_of_the_scenario(tmp_path, disk, **options)
    # Over sockets each run takes longer: every third statement is tried, from another one each.
    step = 3 if sockets else 1
    for first in range(times % step, count, step):
        disk.restart()
        with opened(tmp_path / f"{first}.db", **options) as sandbox:
            disk.restart(
                lambda number, text, first=first: failure if 0 <= number - first < times else None
            )
            acknowledged = scenario(sandbox)
            disk.restart()
            check(sandbox, acknowledged)


def test_a_disk_that_is_full_for_a_while_on_a_running_clock(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path / "a.db", clock=RunningClock(DEFAULT_START_AT, rate=3600.0)) as sandbox:
        sandbox.inbox("a").behave("200")
        acknowledged = [each.id for each in sandbox.trigger("push.open", user_id="u").deliveries]
        sandbox.inbox("a").wait_for(1)
        disk.restart(lambda number, text: "before" if text == "COMMIT" else None)
        for _ in range(4):
            with pytest.raises(LedgerUnusable, match="disk I/O error"):
                sandbox.trigger("push.open", user_id="v")
        disk.restart()
        acknowledged += [each.id for each in sandbox.trigger("push.open", user_id="w").deliveries]
        waited_for(lambda: sandbox.ledger.pending_count() == 0)
        check(sandbox, acknowledged)
    assert all(record.exc_info is None for record in caplog.records)


def test_what_was_under_way_when_the_disk_failed_is_written_when_it_is_back(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    clock = RunningClock(DEFAULT_START_AT)
    with opened(tmp_path / "a.db", clock=clock, sockets=SocketOptions()) as sandbox:
        sandbox.inbox("a").behave("200@0.2s")
        acknowledged: list[int] = []
        for number in range(8):
            done = sandbox.trigger("push.open", user_id=f"u{number}")
            acknowledged += [each.id for each in done.deliveries]
        sandbox.inbox("a").wait_for(8)
        disk.restart(lambda number, text: "before" if "INTO attempts" in text else None)
        waited_for(lambda: sum("INTO attempts" in text for text in disk.texts) > 2)
        assert sandbox.ledger.pending_count() == 8
        disk.restart()
        waited_for(lambda: sandbox.ledger.pending_count() == 0)
        check(sandbox, acknowledged)
        away = said(caplog, "No attempts are made")
        waited_for(lambda: said(caplog, "can be used again;") == away)
    assert said(caplog, "No attempts are made") == said(caplog, "can be used again;") <= 1
    assert all(record.exc_info is None for record in caplog.records)


def test_many_callers_at_once_while_it_fails_now_and_then(tmp_path: Path, disk: Disk) -> None:
    clock = RunningClock(DEFAULT_START_AT, rate=36_000.0)
    with opened(tmp_path / "a.db", clock=clock) as sandbox:
        disk.restart(lambda number, text: "before" if number % 17 == 3 else None)
        acknowledged: list[int] = []

        def work(name: str) -> None:
            for number in range(10):
                user_id = f"{name}{number}"
                done = again(partial(sandbox.trigger, "push.open", user_id=user_id))
                acknowledged.extend(each.id for each in done.deliveries)

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        disk.restart()
        waited_for(lambda: sandbox.ledger.pending_count() == 0)
        assert len(acknowledged) == 40
        check(sandbox, acknowledged)


def test_a_process_that_ends_before_it_could_write_repeats_and_says_so(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.db"
    with opened(path) as sandbox:
        sandbox.inbox("a").behave("200")
        disk.restart(lambda number, text: "before" if "INTO attempts" in text else None)
        (delivery,) = sandbox.trigger("push.open", user_id="u").deliveries
        assert delivery.attempts == ()
        disk.restart(lambda number, text: "before")
    assert len(sandbox.inbox("a").requests) == 1
    assert said(caplog, "1 outcome could not be written; when a sandbox is started") == 1
    disk.restart()
    ledger = open_sqlite(path)
    assert ledger.recover() == 1
    with Sandbox(ledger=ledger) as again_started:
        again_started.settle()
        (attempt,) = again_started.delivery(delivery.id).attempts
        assert (attempt.number, attempt.repeated) == (1, True)


def test_a_process_that_ends_when_the_disk_is_back_writes_what_it_kept(
    tmp_path: Path, disk: Disk
) -> None:
    path = tmp_path / "a.db"
    with opened(path) as sandbox:
        sandbox.inbox("a").behave("200")
        disk.restart(lambda number, text: "before" if "INTO attempts" in text else None)
        (delivery,) = sandbox.trigger("push.open", user_id="u").deliveries
        disk.restart()
    ledger = open_sqlite(path)
    assert ledger.recover() == 0
    (attempt,) = ledger.attempts(delivery.id)
    assert not attempt.repeated
    ledger.close()


def test_an_advance_stops_where_the_ledger_failed_and_goes_on_from_there(
    tmp_path: Path, disk: Disk
) -> None:
    with opened(tmp_path / "a.db", clock=ManualClock()) as sandbox:
        (delivery,) = sandbox.trigger("push.open", user_id="u").deliveries
        disk.restart(lambda number, text: "before" if "INTO attempts" in text else None)
        with pytest.raises(LedgerUnusable):
            sandbox.advance("20h")
        assert sandbox.now() == DEFAULT_START_AT + timedelta(hours=1)
        disk.restart()
        sandbox.advance(to=DEFAULT_START_AT + timedelta(hours=20))
        made = sandbox.delivery(delivery.id).attempts
        assert [attempt.started_at - DEFAULT_START_AT for attempt in made] == [
            timedelta(hours=hours) for hours in (0, 1, 3, 7, 15)
        ]


class Broken(Exception):
    """A mistake of a transport, after which nobody knows what was sent."""


@pytest.mark.parametrize("batch", [1, 100])
def test_what_may_have_been_sent_when_a_transport_broke_is_marked(batch: int) -> None:
    setup = engine_setup(batch=batch)

    def break_at_second(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 2:
            raise Broken
        return status(200)

    setup.answer = break_at_second
    with pytest.raises(Broken):
        setup.deliver(4)
    setup.answer = always(200)
    setup.engine.settle()
    made = [setup.attempts(delivery_id) for delivery_id in (1, 2, 3, 4)]
    assert [[attempt.repeated for attempt in each] for each in made] == [
        [False],
        [True],
        [False],
        [False],
    ]


def said(caplog: pytest.LogCaptureFixture, words: str) -> int:
    return sum(words in record.getMessage() for record in caplog.records)


def waited_for(condition: Callable[[], bool]) -> None:
    gives_up_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < gives_up_at, "it never came true"
        time.sleep(0.005)
