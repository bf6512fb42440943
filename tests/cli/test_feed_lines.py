"""How each kind of happening is told."""

from __future__ import annotations

from mockserver.cli.feed_lines import feed_line


def test_happenings_of_every_kind_are_told() -> None:
    assert feed_line("reset", {}).plain == "everything was reset"
    assert feed_line("rule", {"deleted": 7}).plain == "rule 7 deleted"
    call = {
        "number": 1,
        "called_at": "2026-01-01T12:00:00Z",
        "action": "addPostback",
        "app_id": "A",
        "status": 400,
        "refused": "no type",
        "behaviour": "",
        "warnings": ["odd"],
    }
    line = "2026-01-01 12:00:00  API  addPostback  A  400  no type  odd"
    assert feed_line("call", call).plain == line
    assert feed_line("later", {"some": "\x07"}).plain.startswith("later  ")
