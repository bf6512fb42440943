"""Shops that differ in one step differ in that step only."""

from __future__ import annotations

from contracts.verify.endpoints import steps
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint, EndpointVariant

from .visiting import Visitor


def _seen(variant: EndpointVariant, **changed: str) -> tuple[int | None, list[object]]:
    with DeviantEndpoint(variant) as served:
        visitor = Visitor(served)
        status = visitor.status(**changed)
        return status, [row["user"] for row in visitor.rows]


def test_a_value_is_stored_otherwise_under_the_names_that_are_given() -> None:
    variant = steps.rewriting("n", "c.", str.upper, ["user"])
    with DeviantEndpoint(variant) as served:
        visitor = Visitor(served)
        assert visitor.status(user="ada", device="d") == 200
        assert [(row["user"], row["device"]) for row in visitor.rows] == [("ADA", "d")]


def test_a_postback_is_refused_or_dropped_if_something_is_wrong() -> None:
    for make, status in ((steps.refusing, 400), (steps.dropping, 200)):
        variant = make("n", "c.", lambda row: row["user"] == "ada")
        assert _seen(variant, user="ada") == (status, [])
        assert _seen(variant, user="bob") == (200, ["bob"])


def test_two_events_are_one_by_what_identifies_them() -> None:
    variant = steps.identifying("n", "c.", lambda row: row["user"])
    with DeviantEndpoint(variant) as served:
        visitor = Visitor(served)
        assert visitor.statuses({"at": "1"}, {"at": "2"}, {"user": "b"}) == [200] * 3
        assert len(visitor.rows) == 2


def test_an_answer_has_a_body_of_its_own() -> None:
    for stores in (True, False):
        variant = steps.answering(
            "n", "c.", lambda row: b"said" if row["user"] == "ada" else None, stores=stores
        )
        with DeviantEndpoint(variant) as served:
            visitor = Visitor(served)
            assert visitor.send(user="ada").body == b"said"
            assert len(visitor.rows) == stores
            assert visitor.send(user="bob").body == b"thank you"
