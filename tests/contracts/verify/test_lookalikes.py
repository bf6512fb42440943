"""Events that look alike differ in one value, or in next to nothing."""

from __future__ import annotations

import pytest

from contracts.suite.recorder import Recorder
from contracts.verify.in_process import InProcessPostbackSender
from contracts.verify.lookalikes import JOINS, differing, near_pairs
from contracts.verify.postbacks import Postback, Subscription
from contracts.verify.subject import EndpointSubject
from contracts.verify.target import EndpointTarget
from mockserver.core.catalog import PostbackType, event_kind
from mockserver.core.template import Template

MESSAGE = (
    "u={{User ID}}&d={{Device ID}}&m={{Message ID}}&e={{Message event}}&c={{Message channel}}"
    "&n={{Template name}}&t={{Trigger time}}&p={{Parameters}}"
)
AB_TEST = "u={{User ID}}&d={{Device ID}}&a={{AB test ID}}&v={{Variant ID}}&t={{Trigger time}}"


def target_of(query: str, *kept: str, type: str = "messageEvents") -> EndpointTarget:
    subscription = Subscription(
        Template(f"http://partner.test/in?{query}"),
        PostbackType(type),
        kept=tuple(map(event_kind, kept)),
    )
    sender = InProcessPostbackSender(lambda *_: [])
    return EndpointTarget(EndpointSubject(subscription, sender, run="run"), Recorder())


@pytest.mark.parametrize(
    ("query", "kept", "names"),
    [
        (MESSAGE, ("email.click",), "udmetp"),
        (MESSAGE, ("push.open", "in-app.banner.select"), "udmectp"),
        ("u={{User ID}}&e={{Message event}}", (), "ue"),
    ],
)
def test_each_value_that_is_carried_differs_alone(
    query: str, kept: tuple[str, ...], names: str
) -> None:
    postbacks = [postback for postback, _ in differing(target_of(query, *kept))]
    alone = set()
    for one in postbacks:
        for other in postbacks:
            different = [name for name in one.values if one.values[name] != other.values[name]]
            alone |= {different[0]} if len(different) == 1 else set()
    assert alone >= set(names)


def test_a_test_of_variants_differs_in_its_own_values() -> None:
    described = list(differing(target_of(AB_TEST, type="abTestEvents")))
    assert {what.partition("{{")[2].rstrip("}") for _, what in described} >= {
        "AB test ID",
        "Variant ID",
        "User ID",
        "Device ID",
        "Trigger time",
    }


def test_the_one_that_is_kept_comes_after_those_that_need_not_be() -> None:
    target = target_of(MESSAGE, "email.click")
    kinds = [postback.event.event for postback, _ in differing(target)]  # type: ignore[union-attr]
    assert kinds.index("Click") == len(set(kinds)) - 1


@pytest.mark.parametrize(("query", "names"), [(MESSAGE, {"u", "d"}), ("u={{User ID}}", {"u"})])
def test_pairs_differ_in_one_id_or_in_where_it_ends(query: str, names: set[str]) -> None:
    described = list(near_pairs(target_of(query)))
    seen, joined = set(), set()
    for (one, what), (other, _) in zip(described[::2], described[1::2], strict=True):
        different = [name for name in one.values if one.values[name] != other.values[name]]
        seen |= set(different)
        if len(different) == 1:
            continue
        same = [each for each in JOINS if _joined(one, each) == _joined(other, each)]
        assert len(same) == 1, what
        joined |= set(same)
    assert seen == names
    assert joined == (set(JOINS) if len(names) > 1 else set())


def _joined(postback: Postback, sign: str) -> str:
    return sign.join([postback.values["u"], postback.values["d"]])
