"""What is stored of a load is compared with what was answered."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.load.outcomes import Second, Totals
from mockserver.load.stored_load import StoredLoad, counted, listed

PREFIX = "postbacks-load-abc-"


def answered(delivered: int) -> Totals:
    return Totals({0: Second(planned=10, sent=10, reached=delivered)})


@pytest.mark.parametrize(
    ("before", "after", "delivered", "found"),
    [
        (0, 10, 10, StoredLoad(10, None, 0, 0)),
        (5, 12, 10, StoredLoad(7, None, 3, 0)),
        (5, 17, 10, StoredLoad(12, None, 0, 2)),
        (5, 2, 10, StoredLoad(0, None, 10, 0)),
    ],
)
def test_counts(before: int, after: int, delivered: int, found: StoredLoad) -> None:
    assert counted(before, after, answered(delivered)) == found


def entries(*numbers: int, **more: Any) -> list[Any]:
    return [
        {"id": str(place), "user": f"{PREFIX}u{number}", "at": "1767225600000", **more}
        for place, number in enumerate(numbers)
    ]


@pytest.mark.parametrize("one_each", [False, True])
@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ((1, 2, 3), StoredLoad(3, 0, 0, 0)),
        ((1, 2, 2), StoredLoad(2, 1, 1, 0)),
        ((1, 11, 111, 2), StoredLoad(4, 0, 0, 1)),
        ((), StoredLoad(0, 0, 3, 0)),
    ],
)
def test_lists(numbers: tuple[int, ...], found: StoredLoad, one_each: bool) -> None:
    others = [{"user": "postbacks-load-other-u1"}, "somebody", 7, None]
    assert listed([*others, *entries(*numbers)], PREFIX, answered(3), one_each=one_each) == found
    lines = [f"{PREFIX.upper()}u{number}|1767225600000" for number in numbers]
    assert listed(lines, PREFIX, answered(3), one_each=one_each) == found


def test_two_events_of_one_user_are_two_unless_every_user_has_one() -> None:
    some = [*entries(1, event="Send"), *entries(1, event="Open")]
    assert listed(some, PREFIX, answered(2)) == StoredLoad(2, 0, 0, 0)
    assert listed(some, PREFIX, answered(1), one_each=True) == StoredLoad(1, 1, 0, 0)


def test_what_is_said_of_it() -> None:
    assert StoredLoad(10, 0, 0, 0).sentences == ["10 postbacks stored"]
    said = StoredLoad(10, 2, 1, 3).sentences
    assert said[1] == "LOST: 1 postback answered 2xx and not stored"
    assert said[2] == "DOUBLED: 2 entries more than postbacks"
    assert "3 postbacks stored although not answered 2xx" in said[3]
