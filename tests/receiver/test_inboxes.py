"""Inboxes exist as soon as they are named, and follow their script."""

from __future__ import annotations

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.receiver.behaviours import parse_script
from mockserver.receiver.inboxes import Inboxes, inbox_of


def walk(inboxes: Inboxes, count: int) -> list[str]:
    return [inboxes.next_behaviour("a")[1] for _ in range(count)]


def test_a_script_is_walked_and_its_last_behaviour_stays() -> None:
    inboxes = Inboxes()
    assert walk(inboxes, 2) == ["200", "200"]
    inboxes.behave("a", parse_script("503*2,hang,404*2"))
    assert walk(inboxes, 7) == ["503", "503", "hang", "404", "404", "404", "404"]


def test_a_new_script_begins_at_its_beginning() -> None:
    inboxes = Inboxes()
    inboxes.behave("a", parse_script("503,200"))
    walk(inboxes, 2)
    inboxes.behave("a", parse_script("503,200"))
    assert walk(inboxes, 2) == ["503", "200"]


def test_every_inbox_walks_alone_and_can_be_cleared() -> None:
    inboxes = Inboxes()
    inboxes.behave("a", parse_script("503"))
    assert inboxes.next_behaviour("b")[1] == "200"
    assert inboxes.names() == ["a"]
    inboxes.clear("a")
    assert walk(inboxes, 1) == ["200"]
    inboxes.behave("a", parse_script("503"))
    inboxes.reset()
    assert inboxes.names() == []


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/inbox/a", "a"),
        ("/inbox/a/b?c", "a"),
        ("/inbox/a?b", "a"),
        ("http://h:1/inbox/a.b-c_d", "a.b-c_d"),
        ("/inbox/", None),
        ("/inbox", None),
        ("/inbox/a%20b", None),
        ("/other/inbox/a", None),
        ("*", None),
        ("/", None),
    ],
)
def test_where_inboxes_are(target: str, name: str | None) -> None:
    assert inbox_of(target) == name


@pytest.mark.parametrize("name", ["", "a b", "ä", "a/b", "x" * 101])
def test_names_that_need_encoding_are_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="name of an inbox"):
        Inboxes().inbox(name, "http://h")
