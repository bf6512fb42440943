"""What is held of the API: how it behaves, what it was asked, and a fresh start."""

from __future__ import annotations

import pytest

from mockserver.api.leanplum_api import LeanplumApi
from mockserver.core.errors import InvalidBehaviour, InvalidValue
from tests.api.test_calls import call


def test_how_it_behaves_is_read_back() -> None:
    api = LeanplumApi()
    assert api.behaviour == "200"
    api.behave("503*2,200", action="addPostback")
    assert api.behaviour == "200"
    api.behave(["503", {"kind": "hang"}, "error:No, not now"])
    assert api.behaviour == "503,hang,error:400 No, not now"
    assert repr(api) == "<Leanplum's API: 0 calls, 503,hang,error:400 No, not now>"
    api.as_usual()
    assert api.behaviour == "200"
    assert api.scripts.next("addPostback", "A") is None


def test_what_cannot_be_read_is_refused_and_changes_nothing() -> None:
    api = LeanplumApi()
    api.behave("404")
    with pytest.raises(InvalidBehaviour, match="'5o3'"):
        api.behave("5o3")
    with pytest.raises(InvalidValue, match="there are addPostback, listPostbacks, deletePostback"):
        api.behave("503", action="track")
    assert api.behaviour == "404"


def test_everybody_is_told_of_a_call() -> None:
    api = LeanplumApi()
    heard: list[int] = []
    api.on_call(lambda each: heard.append(each.number))
    api.on_call(lambda each: heard.append(-each.number))
    api.took(call(1))
    assert heard == [1, -1]
    assert [each.number for each in api.calls] == [1]


def test_a_reset_ends_what_is_kept_waiting_once_and_empties_all() -> None:
    api = LeanplumApi()
    ended: list[int] = []

    def end() -> None:
        ended.append(len(api.calls))

    api.on_reset(end)
    api.on_reset(end)
    api.behave("503")
    api.took(call(1))
    api.reset()
    assert ended == [1]
    assert (api.behaviour, api.calls) == ("200", [])
