"""How each kind of happening is told."""

from __future__ import annotations

from mockserver.cli.feed_lines import feed_line


def test_happenings_of_every_kind_are_told() -> None:
    assert feed_line("reset", {}).plain == "everything was reset"
    assert feed_line("rule", {"deleted": 7}).plain == "rule 7 deleted"
    assert feed_line("later", {"some": "\x07"}).plain.startswith("later  ")
