"""The methods of the API and their arguments, which several parts go by."""

from __future__ import annotations

import pytest

from mockserver.core.api_methods import API_METHODS, KNOWN_ARGUMENTS, checked_method
from mockserver.core.errors import InvalidValue
from mockserver.web import leanplum


def test_they_are_those_that_are_served() -> None:
    assert list(API_METHODS) == list(leanplum._METHODS)


def test_every_method_knows_who_calls() -> None:
    for names in API_METHODS.values():
        assert {"action", "appId", "clientKey", "apiVersion"} <= set(names) <= KNOWN_ARGUMENTS


@pytest.mark.parametrize("name", API_METHODS)
def test_a_method_is_one(name: str) -> None:
    assert checked_method(name) == name
    with pytest.raises(InvalidValue, match=f"did you mean '{name}'"):
        checked_method(name.lower())
