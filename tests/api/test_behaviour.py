"""Which script a call follows, and what is refused."""

from __future__ import annotations

import pytest

from mockserver import App, Sandbox
from mockserver.api.behaviour import ApiBehaviour, SetScript
from mockserver.core.errors import InvalidValue
from mockserver.core.limits import TooMuch
from mockserver.receiver.behaviours import parse_script


def shown(behaviour: ApiBehaviour, action: str = "addPostback", app_id: str = "A") -> str | None:
    told = behaviour.next(action, app_id)
    return None if told is None else told.shown


def test_nothing_is_told_unless_something_was_said() -> None:
    assert shown(ApiBehaviour()) is None


def test_a_script_is_walked_call_by_call() -> None:
    behaviour = ApiBehaviour()
    behaviour.set(parse_script("503*2,200"))
    assert [shown(behaviour) for _ in range(4)] == ["503", "503", "200", "200"]


def test_the_nearest_script_counts() -> None:
    behaviour = ApiBehaviour()
    behaviour.set(parse_script("500"))
    behaviour.set(parse_script("501"), action="addPostback")
    behaviour.set(parse_script("502"), app_id="A")
    behaviour.set(parse_script("503"), action="addPostback", app_id="A")
    assert shown(behaviour) == "503"
    assert shown(behaviour, "listPostbacks") == "502"
    assert shown(behaviour, app_id="B") == "501"
    assert shown(behaviour, "listPostbacks", "B") == "500"
    assert shown(behaviour, "", "") == "500"


def test_those_of_others_are_not_walked_meanwhile() -> None:
    behaviour = ApiBehaviour()
    behaviour.set(parse_script("500,200"))
    behaviour.set(parse_script("503,200"), action="addPostback")
    assert [shown(behaviour), shown(behaviour)] == ["503", "200"]
    assert [shown(behaviour, "listPostbacks") for _ in range(2)] == ["500", "200"]


def test_one_script_is_forgotten_or_all() -> None:
    behaviour = ApiBehaviour()
    for action, app_id in ((None, None), ("addPostback", None), (None, "A")):
        behaviour.set(parse_script("503"), action, app_id)
    assert behaviour.scripts() == [
        SetScript(None, None, parse_script("503")),
        SetScript("addPostback", None, parse_script("503")),
        SetScript(None, "A", parse_script("503")),
    ]
    behaviour.forget(app_id="A")
    behaviour.forget(app_id="never set")
    assert [each.app_id for each in behaviour.scripts()] == [None, None]
    behaviour.forget()
    assert behaviour.scripts() == []
    assert shown(behaviour) is None


def test_what_was_said_of_an_app_goes_with_it() -> None:
    with Sandbox(apps=[App("A"), App("B")]) as sandbox:
        sandbox.api.behave("503", app_id="A")
        sandbox.api.behave("503", app_id="A", action="addPostback")
        sandbox.api.behave("404", app_id="B")
        sandbox.api.behave("500")
        sandbox.delete_app("A")
        assert [each.app_id for each in sandbox.api.scripts.scripts()] == [None, "B"]


def test_a_method_that_does_not_exist_is_refused_with_the_nearest() -> None:
    behaviour = ApiBehaviour()
    for wrong in (behaviour.set, lambda *given: behaviour.forget(*given[1:])):
        with pytest.raises(InvalidValue, match="did you mean 'addPostback'"):
            wrong(parse_script("503"), "addPostbacks")
    assert behaviour.scripts() == []


def test_what_all_scripts_take_is_bounded_and_a_refused_one_changes_nothing() -> None:
    one = parse_script("503")
    size = sum(each.size for each in one)
    behaviour = ApiBehaviour(max_bytes=2 * size)
    behaviour.set(one, app_id="A")
    behaviour.set(one, app_id="B")
    with pytest.raises(TooMuch, match=f"would take {3 * size} bytes"):
        behaviour.set(one, app_id="C")
    # In the place of another there is room.
    behaviour.set(parse_script("404"), app_id="B")
    assert shown(behaviour, app_id="B") == "404"
    assert shown(behaviour, app_id="C") is None
