"""What is shared by the formats: all are found, and none lets what it shows do anything."""

from __future__ import annotations

import pytest

from mockserver.cli.load_runs import FORMATS
from mockserver.load.report.formats import WRITERS
from tests.load.crews import needs_locust
from tests.load.reported import facts, nothing_sent

pytestmark = needs_locust
HOSTILE = "http://127.0.0.1/in?<script>alert(1)</script>|`\x1b[2J\u202e"


def test_the_command_knows_them_all() -> None:
    assert tuple(WRITERS) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_a_load_that_sent_nothing_can_be_written(name: str) -> None:
    assert WRITERS[name](nothing_sent()).endswith("\n")


@pytest.mark.parametrize("name", ["html", "md"])
def test_nothing_that_is_shown_is_markup(name: str) -> None:
    text = WRITERS[name](facts(HOSTILE, why="<script>why</script>"))
    assert "<script>" not in text.replace(f"`{HOSTILE[:20]}", "") or name == "md"
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<b>is</b>" not in text
