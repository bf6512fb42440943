"""Odd values stand alone where the key of the postback can stand elsewhere."""

from __future__ import annotations

import pytest

from contracts.verify.in_process import InProcessPostbackSender
from contracts.verify.odd_values import ODD, STRANGE, placed, places
from contracts.verify.postbacks import Subscription
from contracts.verify.subject import EndpointSubject
from mockserver.core.template import Template

ONE, BOTH = "u={{User ID}}", "u={{User ID}}&d={{Device ID}}"


def endpoint_of(query: str) -> EndpointSubject:
    template = Template(f"http://partner.test/in?{query}")
    return EndpointSubject(
        Subscription(template), InProcessPostbackSender(lambda *_: []), run="run"
    )


@pytest.mark.parametrize("text", [text for _, text in (*ODD, *STRANGE)])
@pytest.mark.parametrize("place", ["User ID", "Device ID"])
def test_a_value_stands_alone_beside_the_other_id(text: str, place: str) -> None:
    (postback,) = placed(endpoint_of(BOTH), place, text)
    assert postback.values["u" if place == "User ID" else "d"] == text
    assert postback.key


def test_the_link_carries_the_key_if_nothing_else_can() -> None:
    (postback,) = placed(endpoint_of(f"{ONE}&p={{{{Parameters}}}}"), "User ID", "+1")
    assert (postback.values["u"], postback.forms) == ("+1", {"-link"})


def test_it_stands_before_and_behind_the_key_if_there_is_one_place_only() -> None:
    first, last = placed(endpoint_of(ONE), "User ID", " x ")
    assert first.values["u"] == f" x {first.key}"
    assert last.values["u"] == f"{last.key} x "
    assert first.key != last.key


def test_the_key_stands_where_the_probe_shows_it() -> None:
    endpoint = endpoint_of(BOTH)
    endpoint.probe_sight.shown = {""}
    assert next(placed(endpoint, "User ID", "=1")).values["u"].startswith("=1post")
    assert [each.values["d"] for each in placed(endpoint, "Device ID", "=1")] == ["=1"]


def test_the_places_are_those_of_the_url() -> None:
    assert places(endpoint_of(ONE)) == ["User ID"]
    assert places(endpoint_of(BOTH)) == ["User ID", "Device ID"]
    assert places(endpoint_of("a=1")) == []
