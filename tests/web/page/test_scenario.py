"""The page writes, checks, plays, saves and opens scenarios in the format of the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from mockserver import Sandbox
from mockserver.core.scenario import parse_scenario
from tests.web.page.browsing import Open, needs_browser, with_rule

pytestmark = needs_browser

ODD_VALUES = {
    "user_id": 'a"b\\c\u2028\u202e\U0001f600',
    "device_id": "",
    "message_id": "00123456789012345678",
}
ODD_PARAMETERS = '{\n  "n": 12345678901234567890,\n  "t": " a\\n b ",\n\t"l": [1.0,\n {}]\n}'


def test_what_the_page_copies_as_a_scenario_is_what_the_command_reads(
    opened: Callable[..., tuple[Sandbox, Open]],
) -> None:
    sandbox, page = opened(permissions=["clipboard-read", "clipboard-write"])
    with_rule(sandbox)
    page.go("#/trigger?event=email.click")
    for name, value in ODD_VALUES.items():
        page.page.get_by_label(name, exact=True).fill(value)
    page.page.get_by_label("parameters").fill(ODD_PARAMETERS)
    page.press("copy as scenario")
    page.sees("copied")
    copied = page.page.evaluate("navigator.clipboard.readText()")
    (step,) = parse_scenario(copied)
    assert step.event == "email.click"
    assert step.values == {**ODD_VALUES, "parameters": json.loads(ODD_PARAMETERS)}
    page.press("add to the scenario")
    page.press("add to the scenario")
    lines = page.page.get_by_label("Lines")
    assert lines.input_value() == copied * 2
    page.go("#/")
    page.go("#/trigger?event=ab-test.enter")
    assert lines.input_value() == copied * 2, "it is still there after another view"
    page.press("copy as scenario")
    page.sees("copied")
    (step,) = parse_scenario(page.page.evaluate("navigator.clipboard.readText()"))
    assert step.event == "ab-test.enter"
    sandbox.trigger("email.click", user_id=ODD_VALUES["user_id"])
    page.go("#/deliveries/1")
    page.press("copy as scenario")
    page.sees("copied")
    (step,) = parse_scenario(page.page.evaluate("navigator.clipboard.readText()"))
    assert (step.values["user_id"], step.expect) == (ODD_VALUES["user_id"], "delivered")


def test_a_scenario_is_checked_played_saved_and_opened(
    opened: Callable[..., tuple[Sandbox, Open]], tmp_path: Path
) -> None:
    sandbox, page = opened()
    with_rule(sandbox, "503*9,200,404")
    page.go("#/trigger")
    lines = page.page.get_by_label("Lines")
    lines.fill('{"event": "email.click", "expct": "lost"}')
    page.sees("line 1: there is no field 'expct' (did you mean 'expect'?)")
    text = (
        '{"event": "email.click", "values": {"user_id": "ada"}, "expect": "delivered"}\n'
        '{"event": "email.open", "at": "65h", "expect": "lost"}\n'
        '{"event": "ab-test.enter", "at": "65h", "expect": "nothing"}\n{"at": "idle"}'
    )
    lines.fill(text)
    page.sees("4 lines, 3 events")
    page.press("play")
    page.sees("3 events happened, 2 deliveries came of it")
    page.sees("1 of 3 expectations not met")
    page.sees("line 2: email.open of")
    assert [delivery.state for delivery in sandbox.deliveries] == ["delivered", "rejected"]
    assert sandbox.deliveries[0].offsets_in_hours[-1] == 65
    with page.page.expect_download() as waiting:
        page.press("save as a file")
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.read_text(encoding="utf-8") == text
    assert len(parse_scenario(text)) == 4
    lines.fill("")
    page.page.get_by_label("File with a scenario").set_input_files(saved)
    page.sees("4 lines, 3 events")
    assert lines.input_value() == text
