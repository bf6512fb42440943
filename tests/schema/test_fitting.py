"""What does not fit is named by its place, by what was expected and by what was got."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from mockserver.schema.fitting import Misfit, at, fit, place_of

Even = Annotated[int, Meta(multiple_of=2, extra={"expected": "an even number"})]


class Inner(Struct, forbid_unknown_fields=True):
    number: Even = 0
    items: tuple[Even, ...] = ()
    word: Literal["a", "b"] = "a"
    flag: bool = False
    name: str = ""


class Outer(Struct, forbid_unknown_fields=True):
    must: Annotated[str, Meta(extra={"missing": "it is what all is about"})]
    also: Even = 0
    inner: list[Inner] = []


def test_what_fits_comes_back_as_the_type() -> None:
    assert fit({"must": "x", "inner": [{"items": [2, 4]}]}, Outer) == Outer(
        "x", inner=[Inner(items=(2, 4))]
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, " has no must; it is what all is about"),
        ({"must": 1}, "must must be text, got 1"),
        ({"must": "x", "also": 3}, "also must be an even number, got 3"),
        ({"must": "x", "als": 3}, "als is no known key (did you mean 'also'?); expected one of: "),
        ({"must": "x", "inner": [{}, 1]}, "inner[1] must be a table, got 1"),
        ({"must": "x", "inner": [{"items": [2, "4"]}]}, "inner[0].items[1] must be an even number"),
        ({"must": "x", "inner": [{"word": "c"}]}, 'inner[0].word must be "a" or "b", got \'c\''),
        (
            {"must": "x", "inner": [{"flag": {}}]},
            "inner[0].flag must be true or false, got a table",
        ),
        ({"must": "x", "inner": [{"name": []}]}, "inner[0].name must be text, got a list that is"),
        ({"must": "x", "inner": [{"nam": 1}]}, "inner[0].nam is no known key (did you mean 'name'"),
        (1, " must be a table, got 1"),
    ],
)
def test_a_misfit_is_explained(value: Any, said: str) -> None:
    with pytest.raises(Misfit) as refused:
        fit(value, Outer)
    assert str(refused.value).startswith(said)


def test_a_place_may_be_counted_from_one_and_lie_deeper() -> None:
    with pytest.raises(Misfit) as refused, at("outer", 0):
        fit({"must": "x", "inner": [{"flag": 1}]}, Outer)
    assert refused.value.path == ("outer", 0, "inner", 0, "flag")
    assert place_of(refused.value.path, first=1) == "outer[1].inner[1].flag"
    assert str(refused.value) == "outer[0].inner[0].flag must be true or false, got 1"
