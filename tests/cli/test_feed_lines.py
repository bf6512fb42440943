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


def test_what_was_forwarded_says_what_the_endpoint_did() -> None:
    facts = {
        "inbox": "crm",
        "request_id": 7,
        "delivery_id": 1,
        "attempt_number": 1,
        "arrived_at": "2026-01-01T12:00:00Z",
        "method": "POST",
        "url": "http://localhost:5000/hook",
        "status": 422,
        "error": None,
        "elapsed_real_seconds": 0.004,
    }
    line = "2026-01-01 12:00:00  inbox crm forwarded #7 to its endpoint: "
    assert feed_line("forward", facts).plain == f"{line}422 in 4ms"
    dead = facts | {"status": None, "error": "nobody\x07 listens"}
    assert feed_line("forward", dead).plain == f"{line}no answer in 4ms  nobody\\x07 listens"


def test_an_attempt_says_why_it_failed() -> None:
    attempt = {
        "delivery_id": 1,
        "number": 1,
        "manual": False,
        "repeated": False,
        "started_at": "2026-01-01T12:00:00Z",
        "ended_at": "2026-01-01T12:00:00Z",
        "offset_hours": 0.0,
        "outcome": "response",
        "status": 422,
        "elapsed_seconds": 0.004,
        "elapsed_real_seconds": 0.004,
        "error": None,
        "headers": [],
        "body": "",
        "request_id": None,
        "reason": ["user_id is missing", "and more"],
    }
    line = feed_line("attempt", {"attempt": attempt, "state": "rejected", "due_at": None}).plain
    assert line.endswith("422 in 4ms  rejected  user_id is missing")


def test_a_clock_that_was_moved_says_where_it_stands() -> None:
    line = feed_line("clock", {"from": "2026-01-01T00:00:00Z", "now": "2026-01-01T12:00:00Z"})
    assert line.plain == "clock moved to 2026-01-01 12:00:00"
