"""How far somebody has got in a script."""

from __future__ import annotations

import pytest

from mockserver.receiver.behaviours import parse_script
from mockserver.receiver.walk import ScriptWalk


@pytest.mark.parametrize(
    ("script", "steps"),
    [
        ("200", ["200", "200", "200"]),
        ("503*2,200", ["503", "503", "200", "200"]),
        ("503,hang*2,404*9", ["503", "hang", "hang", "404", "404"]),
        ("200@31s*2,reset", ["200@31s", "200@31s", "reset", "reset"]),
    ],
)
def test_it_is_walked_request_by_request_and_the_last_one_stays(
    script: str, steps: list[str]
) -> None:
    walk = ScriptWalk(parse_script(script))
    assert [walk.step()[1] for _ in steps] == steps


def test_what_it_takes_is_the_sum_of_its_behaviours() -> None:
    script = parse_script("503,200")
    assert ScriptWalk(script).size == sum(each.size for each in script)
    assert ScriptWalk(script).script == script
