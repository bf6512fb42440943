"""Every postback of a load has a place in its result."""

from __future__ import annotations

import pytest

from mockserver.load.outcomes import Second, Totals
from mockserver.load.result import ENDED_EARLY, WITH_A_WORKER, End, LoadResult, Worker


def result(**changes: object) -> LoadResult:
    totals = Totals(
        seconds={0: Second(planned=10, sent=8, unsent=2, ends={"2xx": 6}, reached=6)},
        statuses={"200": 6},
        unsent={"late": 2},
        cut=1,
    )
    return LoadResult(20, totals=totals, **changes)  # type: ignore[arg-type]


def test_what_was_not_planned_any_more_has_a_reason() -> None:
    assert result(end=End.INTERRUPTED).unsent == {"late": 2, ENDED_EARLY: 10}
    lost = {0: Worker(0, "here", 1, "lost")}
    assert result(workers=lost).unsent == {"late": 2, WITH_A_WORKER: 10}
    troubled = {0: Worker(0, "here", 1, "done", "boom")}
    assert result(workers=troubled).unsent == {"late": 2, WITH_A_WORKER: 10}
    assert result().unknown == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"end": End.STOPPED}, 1),
        ({"end": End.FAILED}, 3),
        ({"end": End.INTERRUPTED}, 130),
        ({"workers": {0: Worker(0, "here", 1, "lost")}}, 1),
        ({"workers": {0: Worker(0, "here", 1, "done", "boom")}}, 1),
        ({"workers": {0: Worker(0, "here", 1, "done")}}, 0),
    ],
)
def test_exit_codes(changes: dict[str, object], code: int) -> None:
    assert result(**changes).exit_code == code
