"""What cannot be kept as JSON is found, wherever it stands, and named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.json_values import DEEPEST, MOST_DIGITS, fault_in

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def finite() -> st.SearchStrategy[float]:
    return st.floats(allow_nan=False, allow_infinity=False)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


def nested(value: Any, levels: int, kind: str) -> Any:
    for _ in range(levels):
        value = [value] if kind == "list" else {"a": value}
    return value


@given(JSON)
def test_all_of_json_can_be_kept(value: Any) -> None:
    assert fault_in(value) is None
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "is nan, no finite number"),
        (float("inf"), "is inf, no finite number"),
        (10**MOST_DIGITS, "is a number of more than 1000 digits; send it as text"),
        (-(10**5000), "is a number of more than 1000 digits; send it as text"),
        ("a\ud800", "holds half of a surrogate pair, which is no text"),
        (b"a", "is a bytes, no JSON value"),
        ({1}, "is a set, no JSON value"),
    ],
    ids=range(7),
)
def test_what_cannot_is_named_with_its_place(value: Any, reason: str) -> None:
    assert fault_in(value) == reason
    assert fault_in({"a": [1, value]}) == f".a[1] {reason}"
    assert fault_in([{"b": (value,)}]) == f"[0].b[0] {reason}"


@pytest.mark.parametrize("key", ["\udc00", 1, None])
def test_keys_are_text(key: Any) -> None:
    reason = fault_in({"a": {key: 1}})
    assert reason is not None
    assert reason.startswith(".a has ")
    assert reason.isascii()


@pytest.mark.parametrize("kind", ["list", "object"])
def test_depth_has_a_limit_with_two_sides(kind: str) -> None:
    assert fault_in(nested(1, DEEPEST, kind)) is None
    reason = fault_in(nested(nested(1, 1, kind), DEEPEST, kind))
    assert reason is not None
    assert "more than 100 levels deep" in reason
    assert "levels deep" in str(fault_in(nested(1, 100_000, kind)))


def test_the_largest_number() -> None:
    assert fault_in([10**MOST_DIGITS - 1, -(10**MOST_DIGITS) + 1]) is None


def test_read_only_mappings_and_tuples_are_as_good() -> None:
    value: Mapping[str, Any] = MappingProxyType({"a": (1, MappingProxyType({}))})
    assert fault_in(value) is None
