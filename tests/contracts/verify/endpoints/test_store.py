"""What the endpoints that store less or more than they answer do otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.verify.endpoints import store
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint

from .visiting import DEVIANTS, Probe, Visitor, compare, name_of, names_of, stored_of

_THREE = [{"user": f"u-{number}"} for number in range(3)]


def _stored_by(method: str) -> Callable[[Visitor], object]:
    return lambda visitor: (visitor.other(method), len(visitor.rows))


def _users(visitor: Visitor) -> object:
    visitor.statuses(*_THREE)
    return [row.get("user") for row in visitor.rows]


PROBES = (
    Probe("answers-before-it-stores", _users, ["u-0", "u-1", "u-2"], ["u-0", "u-1"]),
    Probe("stores-every-third-twice", _users, ["u-0", "u-1", "u-2"], ["u-0", "u-1", "u-2", "u-2"]),
    Probe("reads-body-for-values", _users, ["u-0", "u-1", "u-2"], [None]),
    Probe("stores-on-head", _stored_by("HEAD"), (405, 0), (200, 1)),
    Probe("stores-on-get", _stored_by("GET"), (405, 0), (200, 1)),
    Probe("takes-any-method", _stored_by("PROPFIND"), (405, 0), (200, 1)),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    compare(probe)


def test_each_is_proved() -> None:
    assert names_of(PROBES) == {deviant.name for deviant in store.DEVIANTS}


@pytest.mark.parametrize("deviant", store.DEVIANTS, ids=lambda deviant: deviant.name)
def test_all_of_them_answer_as_if_nothing_were_wrong(deviant: store.EndpointVariant) -> None:
    compare(Probe(deviant.name, lambda visitor: visitor.statuses(*_THREE), [200] * 3, [200] * 3))


@pytest.mark.parametrize("name", ["answers-before-it-stores", "stores-every-third-twice"])
def test_a_duplicate_is_known_again(name: str) -> None:
    look = stored_of({}, {}, {}, {"user": "other"})
    compare(Probe(name, look, ([200] * 4, 2), ([200] * 4, 2 - name.startswith("answers"))))


@pytest.mark.parametrize(("name", "other"), [("stores-on-head", "GET"), ("stores-on-get", "HEAD")])
def test_other_methods_are_refused(name: str, other: str) -> None:
    with DeviantEndpoint(DEVIANTS[name]) as served:
        visitor = Visitor(served)
        assert [visitor.other(method) for method in (other, "PUT")] == [405, 405]
        assert visitor.rows == []


def test_another_path_is_not_found_whatever_the_method() -> None:
    with DeviantEndpoint(DEVIANTS["takes-any-method"]) as served:
        assert served.endpoint.request("GET", "/other").status == 404
