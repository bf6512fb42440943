"""The methods of the API and their arguments, which several parts go by."""

from __future__ import annotations

import pytest

from mockserver.core.api_methods import (
    API_METHODS,
    KNOWN_ARGUMENTS,
    about_ignored,
    checked_method,
    ignored_arguments,
)
from mockserver.core.errors import InvalidValue
from mockserver.web import leanplum


def test_they_are_those_that_are_served() -> None:
    assert list(API_METHODS) == list(leanplum._METHODS)


def test_every_method_knows_who_calls() -> None:
    for names in API_METHODS.values():
        assert {"action", "appId", "clientKey", "apiVersion"} <= set(names) <= set(KNOWN_ARGUMENTS)


@pytest.mark.parametrize("name", API_METHODS)
def test_a_method_is_one(name: str) -> None:
    assert checked_method(name) == name
    with pytest.raises(InvalidValue, match=f"did you mean '{name}'"):
        checked_method(name.lower())


def test_those_that_no_method_knows_are_ignored() -> None:
    assert ignored_arguments(["action", "x", "channels", "Channels", ""]) == ("x", "Channels", "")


@pytest.mark.parametrize(
    "name",
    ["channels[]", "channels[0]", "channels[17]", "channels[a][b]", "channels.0", "channel",
     "Channel", "Channels", "CHANNELS", "channel[]", " channels", "channels ", "channels["],
)  # fmt: skip
def test_channels_in_any_other_notation_are_recognised(name: str) -> None:
    text = about_ignored(name, "addPostback", [name])
    assert text.startswith(f"no method knows the argument {name!r} (did you mean 'channels'?)")
    assert text.endswith("so the rule is for every channel")
    # Not if channels were given as well, and not of another method.
    assert text.partition("ignored")[0] + "ignored" == about_ignored(
        name, "addPostback", [name, "channels"]
    )
    assert "every channel" not in about_ignored(name, "listPostbacks", [name])


@pytest.mark.parametrize("known", KNOWN_ARGUMENTS)
def test_every_argument_is_recognised_in_another_case_or_notation(known: str) -> None:
    snake = "".join(f"_{each.lower()}" if each.isupper() else each for each in known)
    for written in {known.upper(), f"{known}[]", f"{known}[0]", f"{known} ", f"{snake}s"}:
        if written not in KNOWN_ARGUMENTS:
            assert f"(did you mean {known!r}?)" in about_ignored(written, "addPostback", [written])


@pytest.mark.parametrize("name", ["", "x", "[]", "[0]", "é", "_", "devMode", "x" * 5000, "\0"])
def test_what_is_like_nothing_is_named_alone(name: str) -> None:
    text = about_ignored(name, "addPostback", [name])
    assert "did you mean" not in text
    assert len(text) < 300
