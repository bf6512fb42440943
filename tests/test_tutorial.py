"""The tutorial says what happens: its files are the example's, its output is what is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tutorial import COMMAND, PAGE, follow

EXAMPLE = Path(__file__).parent / "examples" / "counts_twice"
TEXT = PAGE.read_text(encoding="utf-8")


def test_following_it_shows_what_it_says(tmp_path: Path) -> None:
    shown = list(follow(TEXT, tmp_path))
    assert len(shown) == TEXT.count(COMMAND) == 3
    for command in shown:
        assert command.here == command.in_the_page, "see tests/tutorial.py on how to write it anew"
    assert [_is_red(command.here) for command in shown] == [False, True, False]
    for source in (EXAMPLE / "test_clicks.py", EXAMPLE / "mended" / "clicks.py"):
        assert (tmp_path / source.name).read_text() == source.read_text()


@pytest.mark.parametrize("variant", ["buggy", "mended"])
def test_both_applications_are_those_of_the_example(variant: str) -> None:
    source = (EXAMPLE / variant / "clicks.py").read_text(encoding="utf-8")
    assert f"```python\n{source}```" in TEXT


def test_what_is_shown_fits_a_terminal() -> None:
    blocks = re.findall(r"^```\w+\n(.*?)^```$", TEXT, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    # A URL that was sent is not to be broken in two: people paste it.
    assert [line for line in lines if len(line) > 80 and "https://" not in line] == []


def _is_red(output: str) -> bool:
    return "FAILED" in output
