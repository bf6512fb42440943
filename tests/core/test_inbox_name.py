"""Tests which names an inbox may have: every character, and both sides of the limit."""

from __future__ import annotations

import string

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.core.inbox_name import checked_inbox_name
from mockserver.receiver.inboxes import _IN_TARGET

ALLOWED = string.ascii_letters + string.digits + "._-"


@pytest.mark.parametrize(
    "name", ["a", "a" * 100, ALLOWED, "...", ".a", "..a", "a..", "._", "..-", "." * 100]
)
def test_a_name_is_returned_as_it_is(name: str) -> None:
    assert checked_inbox_name(name) == name


@pytest.mark.parametrize("code", [code for code in range(0x180) if chr(code) not in ALLOWED])
def test_any_other_character_is_refused(code: int) -> None:
    with pytest.raises(InvalidValue, match="is no name of an inbox"):
        checked_inbox_name(f"a{chr(code)}b")


@pytest.mark.parametrize("name", [".", ".."])
def test_a_step_of_a_path_is_no_name(name: str) -> None:
    with pytest.raises(InvalidValue, match=r"and not '\.' or '\.\.'"):
        checked_inbox_name(name)
    assert _IN_TARGET.match(f"/inbox/{name}") is None
    assert _IN_TARGET.match(f"/inbox/{name}?a=b") is None
    assert _IN_TARGET.match(f"/inbox/{name}a?a=b") is not None


@pytest.mark.parametrize("name", ["", "a" * 101, "a\n", "\ud800"])
def test_an_empty_or_long_or_broken_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        checked_inbox_name(name)
