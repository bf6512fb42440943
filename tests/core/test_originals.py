"""The classes that other tools replace are found behind their stand-ins."""

from __future__ import annotations

import datetime
import http.client
from typing import Any

import freezegun
import pytest

from mockserver.core.originals import original


def test_what_was_not_replaced_is_itself() -> None:
    found = original(http.client.HTTPConnection, "http.client", "HTTPConnection")
    assert found is http.client.HTTPConnection
    assert original(datetime.datetime, "datetime", "datetime") is datetime.datetime


def test_it_is_found_behind_one_that_is_derived_from_it() -> None:
    real, real_date = datetime.datetime, datetime.date
    with freezegun.freeze_time("2026-03-01"):
        assert datetime.datetime is not real
        assert original(datetime.datetime, "datetime", "datetime") is real
        assert original(datetime.date, "datetime", "date") is real_date


@pytest.mark.parametrize("stand_in", [type("HTTPConnection", (), {}), object(), lambda: None])
def test_it_is_found_behind_one_that_has_nothing_of_it(stand_in: Any) -> None:
    found = original(stand_in, "http.client", "HTTPConnection")
    assert found is http.client.HTTPConnection


def test_what_does_not_exist_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"http\.client\.Nothing"):
        original(object, "http.client", "Nothing")
