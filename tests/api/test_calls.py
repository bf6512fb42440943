"""The log of calls is bounded, in order, and read in a line."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from mockserver.api.call_texts import CallTexts
from mockserver.api.calls import ApiCall, CallLog
from mockserver.api.masking import Masked

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def call(number: int = 1, **given: Any) -> ApiCall:
    values: dict[str, Any] = {
        "method": "POST",
        "action": "addPostback",
        "app_id": "A",
        "status": 200,
    }
    texts = CallTexts(Masked(given.pop("arguments", {})), given.pop("answer", ""))
    return ApiCall(number, NOON, texts=texts, **{**values, **given})


def test_the_oldest_are_dropped_by_number() -> None:
    log = CallLog(kept=3)
    for number in range(5):
        log.add(call(number))
    assert [each.number for each in log.calls()] == [2, 3, 4]
    assert log.dropped == 2


def test_the_oldest_are_dropped_by_bytes_and_the_latest_stays() -> None:
    log = CallLog(kept_bytes=3 * call().size)
    for number in range(4):
        log.add(call(number))
    assert [each.number for each in log.calls()] == [1, 2, 3]
    log.add(call(9, answer="x" * 100_000))
    assert [each.number for each in log.calls()] == [9]
    log.add(call(10))
    assert [each.number for each in log.calls()] == [10]


@pytest.mark.parametrize("field", ["answer", "refused", "action", "app_id"])
def test_every_text_counts(field: str) -> None:
    assert call(**{field: "x" * 1000}).size >= call(**{field: ""}).size + 1000


def test_arguments_and_warnings_count() -> None:
    assert call(arguments={"a": "x" * 1000}).size > call().size + 1000
    assert call(warnings=("x" * 1000,), ignored=("y" * 1000,)).size >= call().size + 2000


def test_numbers_go_on_after_it_was_emptied() -> None:
    log = CallLog(kept=1)
    numbers = [log.next_number(), log.next_number()]
    log.add(call(1))
    log.add(call(2))
    log.clear()
    assert (log.calls(), log.dropped) == ([], 0)
    assert [*numbers, log.next_number()] == [1, 2, 3]
    log.add(call(3))
    assert len(log.calls()) == 1


def test_threads_do_not_disturb_each_other() -> None:
    log = CallLog(kept=50)
    numbers: list[int] = []

    def add_many() -> None:
        for _ in range(500):
            numbers.append(log.next_number())
            log.add(call(numbers[-1]))
            log.calls()

    threads = [threading.Thread(target=add_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 2001))
    assert len(log.calls()) == 50
    assert log.dropped == 1950


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "addPostback of A: 200"),
        ({"status": 403, "refused": "Invalid key"}, "addPostback of A: 403, Invalid key"),
        ({"behaviour": "503", "status": 503}, "addPostback of A: 503, as told (503)"),
        ({"status": None, "end": "reset", "behaviour": "reset"},
         "addPostback of A: reset, as told (reset)"),
        ({"status": None, "end": None}, "addPostback of A: under way"),
        ({"action": "", "app_id": "", "status": 405}, "a call without a method of no app: 405"),
    ],
)  # fmt: skip
def test_it_is_told_in_a_line(given: dict[str, Any], line: str) -> None:
    assert str(call(**given)) == line
