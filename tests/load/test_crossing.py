"""Workers that do not fit are told why."""

from __future__ import annotations

import pytest

from mockserver.load.crossing import hello, misfit

OWN = hello("2.47.0")


def said(**changes: object) -> dict[str, object]:
    return {**OWN, **changes}


def test_a_worker_of_the_same_kind_fits() -> None:
    assert misfit(said(pid=1), OWN, ("127.0.0.1",)) == ""
    assert misfit(said(host="other"), OWN, ("192.0.2.7",)) == ""


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"postbacks": "0.0.9"}, "has postbacks 0.0.9, the master"),
        ({"locust": "2.46.9"}, "has Locust 2.46.9, the master 2.47.0"),
        ({"locust": "3.47.0"}, "has Locust 3.47.0, the master 2.47.0"),
        ({"host": "other"}, "name the endpoint by an address that all workers reach"),
    ],
)
def test_one_of_another_kind_does_not(changes: dict[str, object], why: str) -> None:
    assert why in misfit(said(**changes), OWN, ("127.0.0.1",))


def test_a_patch_of_locust_does_not_matter() -> None:
    assert misfit(said(locust="2.47.9"), OWN, ("127.0.0.1",)) == ""
