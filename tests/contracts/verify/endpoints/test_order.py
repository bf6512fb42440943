"""What the endpoints that events before an event disturb do otherwise."""

from __future__ import annotations

import pytest

from contracts.verify.endpoints import order

from .visiting import Probe, Visitor, compare, name_of, names_of, stored_of

_LATEST_FIRST = ({"at": "1767225600003"}, {"at": "1767225600001"}, {"at": "1767225600002"})


def _milliseconds(visitor: Visitor) -> object:
    outcomes = [visitor.send(user=f"u-{number}") for number in range(4)]
    return [outcome.elapsed.total_seconds() * 1000 for outcome in outcomes]


PROBES = (
    Probe("refuses-out-of-order", stored_of(*_LATEST_FIRST), ([200] * 3, 3), ([200, 409, 409], 1)),
    Probe("drops-what-is-older", stored_of(*_LATEST_FIRST), ([200] * 3, 3), ([200] * 3, 1)),
    Probe("gets-slower", _milliseconds, [0.0] * 4, [0.0, 2.0, 4.0, 6.0]),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    compare(probe)


def test_each_is_proved() -> None:
    assert names_of(PROBES) == {deviant.name for deviant in order.DEVIANTS}


@pytest.mark.parametrize("name", ["refuses-out-of-order", "drops-what-is-older"])
def test_events_in_their_order_are_taken_and_so_are_duplicates(name: str) -> None:
    look = stored_of(*reversed(_LATEST_FIRST[:2]), _LATEST_FIRST[0])
    compare(Probe(name, look, ([200] * 3, 2), ([200] * 3, 2)))


@pytest.mark.parametrize("name", ["refuses-out-of-order", "drops-what-is-older"])
def test_the_events_of_others_do_not_matter(name: str) -> None:
    look = stored_of(_LATEST_FIRST[0], _LATEST_FIRST[1] | {"user": "other"})
    compare(Probe(name, look, ([200] * 2, 2), ([200] * 2, 2)))
