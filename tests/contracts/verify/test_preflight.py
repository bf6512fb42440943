"""What is said of a probe before the first case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.verify.endpoints.shop import PATH, QUERY, Row, Shop, Store
from contracts.verify.in_process import InProcessPostbackSender
from contracts.verify.postbacks import Subscription
from contracts.verify.preflight import FIRST_LOOK, begin_counting, probe_remarks
from contracts.verify.subject import EndpointSubject
from mockserver.client.probe import FunctionProbe, probe_of
from mockserver.core.clock import ManualClock
from mockserver.core.errors import InvalidConfig
from mockserver.core.template import Template

ROWS = Callable[[list[Row]], Any]


def endpoint_with(shows: ROWS) -> EndpointSubject:
    store = Store()
    return EndpointSubject(
        Subscription(Template(f"http://endpoint.test{PATH}{QUERY}")),
        InProcessPostbackSender(Shop(store, ManualClock())),
        probe=FunctionProbe(lambda: shows(store.rows)),
        run="run",
    )


def codes(shows: ROWS) -> list[str]:
    endpoint = endpoint_with(shows)
    begin_counting(endpoint)
    assert endpoint.sent.was_counted_at == 0
    found = [remark.code for remark in probe_remarks(endpoint)]
    assert [each.case_id for each in endpoint.sent.all()] == [FIRST_LOOK]
    return found


@pytest.mark.parametrize(
    "shows",
    [
        list,
        len,
        lambda rows: [row["user"] for row in rows],
        lambda rows: [{"user": row["user"]} for row in rows],
        lambda rows: [{f"my_{name}": value for name, value in row.items()} for row in rows],
        lambda rows: len(rows) + 17,
    ],
)
def test_nothing_is_said_of_a_probe_that_shows_what_is_sent(shows: ROWS) -> None:
    assert codes(shows) == []


@pytest.mark.parametrize("shows", [lambda rows: 7, lambda rows: [], lambda rows: ["other"]])
def test_a_probe_that_does_not_move_is_told(shows: ROWS) -> None:
    assert codes(shows) == ["probe-shows-nothing"]


def test_names_and_values_that_fit_nothing_are_told() -> None:
    assert codes(lambda rows: [{"key": f"<{row['user']}>", "n": 1} for row in rows]) == [
        "probe-has-other-names"
    ]


def test_other_names_are_learned() -> None:
    endpoint = endpoint_with(lambda rows: [{"uid": row["user"]} for row in rows])
    begin_counting(endpoint)
    assert probe_remarks(endpoint) == []
    assert endpoint.probe_sight.aliases == {"user": "uid"}


@pytest.mark.parametrize(
    "text", ["{{prefix}}", "${prefix}", "{ prefix }", "{Prefix}", "{prefx}", "{prefixes}"]
)
def test_what_is_nearly_the_prefix_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfig, match=r"only \{prefix\} is replaced"):
        probe_of(f"http://127.0.0.1/stored?like={text}")
    with pytest.raises(InvalidConfig, match=r"only \{prefix\} is replaced"):
        probe_of(f"grep {text} events")


@pytest.mark.parametrize("text", ["{prefix}", "awk '{print $1}'", "awk '{print}' x", "${HOME}"])
def test_other_braces_are_left_to_the_shell(text: str) -> None:
    probe_of(f"run {text}")
