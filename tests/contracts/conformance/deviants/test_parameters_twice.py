"""How the deviants encode a document that is to be encoded twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from .acting import Actor, Probe, name_of, prove


def _arrived(**document: Any) -> Callable[[Actor], Any]:
    def look(actor: Actor) -> Any:
        actor.put_app(parameters_encoding="twice")
        filled = actor.filled("?p={{Parameters}}", "email.click", parameters=document)
        return json.loads(unquote(filled.removeprefix("?p=")))

    return look


PROBES = (
    Probe(
        "twice-at-the-top-only",
        _arrived(a=" ", b={"c": " "}),
        {"a": "%20", "b": {"c": "%20"}},
        {"a": "%20", "b": {"c": " "}},
    ),
    Probe(
        "twice-but-in-lists",
        _arrived(a=[" "], b=" "),
        {"a": ["%20"], "b": "%20"},
        {"a": [" "], "b": "%20"},
    ),
    Probe("twice-in-names-as-well", _arrived(**{"a b": 1}), {"a b": 1}, {"a%20b": 1}),
    Probe("twice-is-three-times", _arrived(a=" "), {"a": "%20"}, {"a": "%2520"}),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
