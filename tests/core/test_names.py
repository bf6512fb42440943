"""The words that type checkers know are those that are known at run time."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import pytest

from mockserver.core import names
from mockserver.core.api_methods import API_METHODS
from mockserver.core.catalog import ALL_CHANNELS, PostbackType, event_kinds
from mockserver.core.events import AB_TEST_FIELDS, MESSAGE_FIELDS
from mockserver.core.retry import DeliveryState
from mockserver.testing.matching import FIELDS, PARTS


@pytest.mark.parametrize(
    ("literal", "known"),
    [
        (names.EventName, [kind.name for kind in event_kinds()]),
        (names.ChannelName, ALL_CHANNELS),
        (names.RuleType, PostbackType),
        (names.StateName, DeliveryState),
        (names.ApiMethod, API_METHODS),
    ],
)
def test_every_word_is_named_in_order(literal: Any, known: Any) -> None:
    assert list(get_args(literal)) == [str(each) for each in known]


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (names.EventFields, {*MESSAGE_FIELDS, *AB_TEST_FIELDS, "triggered_at"}),
        (names.DeliveryFields, {*FIELDS, "query"}),
        (names.RequestParts, set(PARTS)),
    ],
)
def test_every_field_is_named(kind: Any, known: set[str]) -> None:
    assert set(get_type_hints(kind)) == known
    assert kind.__required_keys__ == frozenset()
