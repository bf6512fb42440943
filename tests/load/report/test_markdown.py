from __future__ import annotations

from mockserver.load.report.markdown import markdown
from tests.load.crews import needs_locust
from tests.load.reported import facts

pytestmark = needs_locust


def test_it_has_tables_of_what_was_found() -> None:
    text = markdown(facts(why="a|b"))
    for line in (
        "# Load: 24 of 30 postbacks delivered; it takes 10/s",
        "| delivered | 24 | answered 2xx |",
        "| 10/s | 10/s | 20 ms | 20 ms | 0 % | passed |",
        "| +1 h | 4 |",
        "- Nothing \\<b\\>is\\</b\\> lost.",
        "Knee: 10/s.",
    ):
        assert line in text, text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)
