"""What the endpoints that meet the same postback again do otherwise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.verify.endpoints import repeat
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint

from .visiting import (
    DEVIANTS,
    USUAL,
    Probe,
    Visitor,
    compare,
    name_of,
    names_of,
    raised,
    stored_of,
)


def _statuses_and_times_stored(visitor: Visitor) -> object:
    users = ("a", "b", "c", "d")
    statuses = visitor.statuses(*[{"user": user} for user in (*users, "d")])
    return statuses, [sum(row["user"] == user for row in visitor.rows) for user in users]


PROBES = (
    Probe("conflict-on-duplicate", stored_of({}, {}), ([200, 200], 1), ([200, 409], 1)),
    Probe("not-modified-on-duplicate", stored_of({}, {}), ([200, 200], 1), ([200, 304], 1)),
    Probe("fails-on-duplicate", stored_of({}, {}), ([200, 200], 1), ([200, 500], 1)),
    Probe("too-many-requests", stored_of(*[{}] * 6), ([200] * 6, 1), ([200] * 5 + [429], 1)),
    Probe("counts-duplicates", stored_of(*[{}] * 3), ([200] * 3, 1), ([200] * 3, 3)),
    Probe("takes-arrival-for-identity", stored_of(*[{}] * 3), ([200] * 3, 1), ([200] * 3, 3)),
    Probe(
        "stores-before-500",
        _statuses_and_times_stored,
        ([200] * 5, [1, 1, 1, 1]),
        ([200, 200, 200, 500, 200], [1, 1, 1, 2]),
    ),
    Probe("one-event-a-user", stored_of({}, {"message": "2"}), ([200] * 2, 2), ([200] * 2, 1)),
    Probe("one-event-a-message", stored_of({}, {"event": "Open"}), ([200] * 2, 2), ([200] * 2, 1)),
    Probe("one-event-a-moment", stored_of({}, {"event": "Open"}), ([200] * 2, 2), ([200] * 2, 1)),
    Probe(
        "dedupes-by-second", stored_of({}, {"at": "1767225600124"}), ([200] * 2, 2), ([200] * 2, 1)
    ),
)

#: Two events that are still two for whoever tells them apart by less than everything.
APART = (
    ("conflict-on-duplicate", {"at": "1767225600124"}),
    ("fails-on-duplicate", {"at": "1767225600124"}),
    ("takes-arrival-for-identity", {"user": "u-2"}),
    ("one-event-a-user", {"user": "u-2"}),
    ("one-event-a-message", {"message": "2"}),
    ("one-event-a-moment", {"at": "1767225600124"}),
    ("dedupes-by-second", {"at": "1767225601123"}),
    ("dedupes-by-second", {"event": "Open"}),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    compare(probe)


def test_each_is_proved() -> None:
    assert names_of(PROBES) == {deviant.name for deviant in repeat.DEVIANTS}


@pytest.mark.parametrize(("name", "changed"), APART)
def test_other_events_are_told_apart(name: str, changed: dict[str, str]) -> None:
    compare(Probe(name, stored_of({}, changed), ([200, 200], 2), ([200, 200], 2)))


@pytest.mark.parametrize("name", ["one-event-a-user", "one-event-a-moment", "dedupes-by-second"])
def test_a_duplicate_is_still_one(name: str) -> None:
    compare(Probe(name, stored_of({}, {}), ([200, 200], 1), ([200, 200], 1)))


def test_a_rate_limit_is_a_users_own() -> None:
    look = stored_of(*[{"user": f"u-{number}"} for number in range(8)])
    compare(Probe("too-many-requests", look, ([200] * 8, 8), ([200] * 8, 8)))


def test_what_was_stored_without_a_500_is_known_again() -> None:
    compare(Probe("stores-before-500", stored_of({}, {}), ([200, 200], 1), ([200, 200], 1)))


def test_a_duplicate_that_the_database_refuses_is_an_exception() -> None:
    with DeviantEndpoint(DEVIANTS["fails-on-duplicate"]) as served:
        visitor = Visitor(served)
        visitor.send()
        assert raised(visitor) == ["duplicate key value violates unique constraint"]


def test_on_a_port_every_one_of_many_at_once_is_counted() -> None:
    with DeviantEndpoint(DEVIANTS["counts-duplicates"]) as served:
        visitor = Visitor(served)
        assert served.endpoint.resolved_host is not None
        outcomes = served.endpoint.post([visitor.url()] * 16, at_once=8)
        assert [outcome.status for outcome in outcomes] == [200] * 16
        assert visitor.rows == [USUAL] * 16


def test_rows_of_many_threads_are_all_kept() -> None:
    with DeviantEndpoint(DEVIANTS["counts-duplicates"]) as served, ThreadPoolExecutor(8) as pool:
        list(pool.map(served.store.add_anyway, [USUAL] * 200))
        assert len(served.store.rows) == 200
