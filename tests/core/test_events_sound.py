"""What is checked at a glance would have passed the long check, too."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.core import events
from mockserver.core.catalog import event_kind
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidEvent
from mockserver.core.events import build_event, draft_event
from mockserver.core.template import write_parameters

any_text = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=5)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(any_text, inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(any_text | st.integers(), anything, max_size=4))
@example({"a": 10**5000})
@example({"a": -(10**5000)})
@example({"a": float("nan")})
@example({"\ud800": 1})
@example({"a": "\ud83d", "\ude00": "b"})
def test_plain_parameters_can_be_written(parameters: dict[Any, Any]) -> None:
    if events._is_plain(parameters):
        write_parameters(parameters)
        write_parameters(parameters, "twice")


@pytest.mark.parametrize("parameters", [{}, {"a": 1, "b": "ä", "c": None, "d": True}])
def test_what_events_carry_is_plain(parameters: dict[str, Any]) -> None:
    assert events._is_plain(parameters)


@given(st.lists(any_text | st.none() | st.integers(), min_size=4, max_size=4))
@example(["\ud83d", "\ude00", "", ""])
def test_a_text_that_no_url_can_carry_is_named(values: list[Any]) -> None:
    """Also where the halves of two fields would make a whole."""
    names = ("user_id", "device_id", "message_id", "template_name")
    bad = [
        name
        for name, value in zip(names, values, strict=True)
        if not isinstance(value, str) or any("\ud800" <= each <= "\udfff" for each in value)
    ]
    overrides = dict(zip(names, values, strict=True)) | {"template_name": ""}
    bad = [name for name in bad if name != "template_name"]
    said = pytest.raises(InvalidEvent, match=f"^{bad[0]} ") if bad else nullcontext()
    with said:
        build_event(event_kind("email.click"), "app", DEFAULT_START_AT, overrides)


@pytest.mark.parametrize("name", ["email.click", "ab-test.enter", "in-app.banner.select"])
def test_a_draft_is_the_event_that_is_built(name: str) -> None:
    kind = event_kind(name)
    assert draft_event(kind, "a", DEFAULT_START_AT, {"user_id": "u"}) == build_event(
        kind, "a", DEFAULT_START_AT, {"user_id": "u"}
    )
