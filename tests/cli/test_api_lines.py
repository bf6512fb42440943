"""How calls of the API are written in lines."""

from __future__ import annotations

import pytest

from mockserver.cli.api_lines import call_text


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (("addPostback", "A", 200, "answered", ""), "addPostback  A  200"),
        (("addPostback", "A", 503, "answered", "503"), "addPostback  A  503  as told: 503"),
        (("addPostback", "A", None, "reset", "reset"), "addPostback  A  reset  as told: reset"),
        (("addPostback", "A", None, None, "hang"), "addPostback  A  under way  as told: hang"),
        (("", "", 405, "answered", ""), "no action  no app  405"),
        (("a\x1b[2J", "b\u202e", 400, None, ""), "a\\x1b[2J  b\\u202e  400"),
    ],
)
def test_a_call_in_a_line(given: tuple[str, str, int | None, str | None, str], line: str) -> None:
    assert call_text(*given).plain == line
