"""In what a delivery differs from what was asked for, and which one comes nearest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.testing import Leanplum
from mockserver.testing.matching import FIELDS, Difference, check_fields, differences, nearest
from tests.testing import fire


@pytest.fixture
def entered() -> Iterator[Leanplum]:
    with Leanplum() as leanplum:
        yield leanplum


def test_a_difference_is_a_line() -> None:
    assert str(Difference("user_id", "ada", "bob")) == "user_id: expected 'ada', it is 'bob'"


def test_what_matches_does_not_differ(entered: Leanplum) -> None:
    delivery = fire(entered)
    assert differences(delivery, {}) == []
    assert differences(delivery, {"user_id": "ada", "query": {"user": "ada"}}) == []


def test_every_difference_is_named_in_the_order_asked_for(entered: Leanplum) -> None:
    wanted = {"user_id": "bob", "query": {"user": "bob", "x": "1"}, "event": "email.open"}
    assert [str(each) for each in differences(fire(entered), wanted)] == [
        "user_id: expected 'bob', it is 'ada'",
        "query 'user': expected 'bob', it is 'ada'",
        "query 'x': expected '1', it is None",
        "event: expected 'email.open', it is 'email.click'",
    ]


def test_empty_values_of_a_query_are_kept(entered: Leanplum) -> None:
    delivery = fire(entered, query="?device={{Device ID}}", device_id="")
    assert differences(delivery, {"query": {"device": ""}}) == []
    assert len(differences(delivery, {"query": {"device": None}})) == 1


def test_encoded_values_of_a_query_are_decoded_once(entered: Leanplum) -> None:
    delivery = fire(entered, user_id="a b&c=%41")
    assert differences(delivery, {"query": {"user": "a b&c=%41"}}) == []


def test_the_nearest_come_first_and_ties_stay_in_order(entered: Leanplum) -> None:
    for user_id in ("bob", "ada", "eve"):
        fire(entered, user_id=user_id)
    found = nearest(list(entered.deliveries), {"user_id": "ada", "event": "email.open"})
    assert [item.id for item in found] == [2, 1, 3]


@pytest.mark.parametrize("field", [*FIELDS, "query"])
def test_every_field_is_known(entered: Leanplum, field: str) -> None:
    check_fields({field: {} if field == "query" else object()})
    wanted = {"query": {"x": "x"}} if field == "query" else {field: object()}
    assert len(differences(fire(entered), wanted)) == 1
