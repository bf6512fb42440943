"""The app of a test is made from what its marker says."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.core.models import EXAMPLE_APP_ID, App
from mockserver.testing.app import make_app


def test_without_a_word_it_is_that_of_the_documentation() -> None:
    assert make_app(None, None, "once") == App()
    assert make_app(None, None, "once").app_id == EXAMPLE_APP_ID


def test_what_is_said_is_taken_over() -> None:
    app = make_app("shop", ["5xx", "429"], "twice")
    assert (app.app_id, app.parameters_encoding) == ("shop", "twice")
    assert app.retry.retry_on == {"5xx", "429"}
    assert app.retry.delays == App().retry.delays


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("", None, "once"), "app_id is empty"),
        ((None, None, "thrice"), "'once' or 'twice', got 'thrice'"),
        ((None, None, ""), "'once' or 'twice', got ''"),
        ((None, ["6xx"], "once"), "6xx"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[Any, Any, str], said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        make_app(*arguments)
