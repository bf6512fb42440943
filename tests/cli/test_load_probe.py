"""A probe is asked before a load and after it, until nothing grows any more."""

from __future__ import annotations

import pytest

from mockserver.cli.load_probe import ASKED_AT_MOST, LoadProbe
from mockserver.client.probe import Probe
from mockserver.client.probe_answer import ProbeFailed, Stored
from mockserver.core.errors import InvalidConfig
from mockserver.load.outcomes import Second, Totals

PREFIX = "postbacks-load-abc-"
TEN = Totals({0: Second(planned=10, sent=10, reached=10)})


class Answers(Probe):
    description = "a script"

    def __init__(self, *answers: Stored | ProbeFailed) -> None:
        self.answers = list(answers)
        self.asked = 0

    def ask(self, prefix: str) -> Stored:
        assert prefix == PREFIX
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, ProbeFailed):
            raise answer
        return answer


def probing(*answers: Stored | ProbeFailed) -> tuple[LoadProbe, Answers, list[float]]:
    slept: list[float] = []
    probe = Answers(*answers)
    return LoadProbe(probe, PREFIX, one_each=True, sleep=slept.append), probe, slept


def test_who_stores_late_is_waited_for() -> None:
    load_probe, _, slept = probing(*map(Stored, (5, 5, 9, 15)))
    load_probe.begin()
    found = load_probe.found(TEN)
    assert (found.stored, found.lost) == (10, 0)
    assert len(slept) == 2


def test_what_does_not_grow_any_more_is_all_there_is() -> None:
    load_probe, probe, _ = probing(*map(Stored, (0, 2, 4, 7)))
    load_probe.begin()
    found = load_probe.found(TEN)
    assert (found.stored, found.lost) == (7, 3)
    assert probe.asked == 1 + 3 + 3


def test_it_is_not_waited_for_without_end() -> None:
    load_probe, probe, _ = probing(*(Stored(number % 2) for number in range(100)))
    load_probe.begin()
    assert load_probe.found(TEN).lost
    assert probe.asked == 2 + ASKED_AT_MOST


def test_lists_are_told_from_counts() -> None:
    rows = tuple(f"{PREFIX}u{number}" for number in (*range(9), 3))
    load_probe, _, _ = probing(Stored(0, ()), Stored(10, rows))
    load_probe.begin()
    found = load_probe.found(TEN)
    assert (found.stored, found.doubled, found.lost) == (9, 1, 1)


def test_a_probe_that_cannot_be_used_is_told_before_anything_is_sent() -> None:
    load_probe, _, _ = probing(ProbeFailed("no such table"))
    with pytest.raises(InvalidConfig, match=r"^no such table \(--probe; nothing was sent\)$"):
        load_probe.begin()
