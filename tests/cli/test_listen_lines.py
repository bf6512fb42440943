"""How what `postbacks listen` tells reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from mockserver.cli.following import Notice
from mockserver.cli.listen_lines import document_of, lines_of, remark_of
from mockserver.core.instants import written
from mockserver.web.shapes import AttemptJson, EventJson

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
EVENT = EventJson("messageEvents", "A", AT, "ada\x07", "", "Email", "Click")


def notice(event: EventJson | None = EVENT, state: str = "delivered", **given: Any) -> Notice:
    values: dict[str, Any] = {
        "delivery_id": 7, "number": 1, "manual": False, "repeated": False, "started_at": AT,
        "ended_at": AT, "offset_hours": 0.0, "outcome": "response", "status": 200,
        "elapsed_seconds": 0.0, "elapsed_real_seconds": 0.012, "error": None, "headers": [],
        "body": "", "request_id": 3,
    }  # fmt: skip
    facts = {"state": state, "due_at": None, "url": "http://x/"}
    if state == "pending":
        facts["due_at"] = "2026-01-01T13:00:00Z"
    return Notice("attempt", facts, AttemptJson(**values | given), event)


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        (notice(), ["2026-01-01 12:00:00  Email Click by ada\\x07  -> 200 in 12ms"]),
        (notice(None), ["2026-01-01 12:00:00  delivery 7  -> 200 in 12ms"]),
        (
            notice(number=3),
            ["2026-01-01 12:00:00  Email Click by ada\\x07  attempt 3  -> 200 in 12ms"],
        ),
        (
            notice(number=None),
            ["2026-01-01 12:00:00  Email Click by ada\\x07  resent  -> 200 in 12ms"],
        ),
        (
            notice(state="rejected", status=422, reason=["no device", "\x1b[2J"]),
            [
                "2026-01-01 12:00:00  Email Click by ada\\x07  -> 422 in 12ms  rejected",
                "    no device",
                "    \\x1b[2J",
            ],
        ),
        (
            notice(state="pending", outcome="reset", status=None, error="nobody listens"),
            [
                "2026-01-01 12:00:00  Email Click by ada\\x07  -> reset in 12ms  pending, "
                "next at 2026-01-01 13:00:00",
                "    nobody listens",
            ],
        ),
    ],
)
def test_a_postback_is_a_line_and_why_it_failed(told: Notice, lines: list[str]) -> None:
    assert [line.plain for line in lines_of(told)] == lines


def test_a_request_of_another_sender_is_a_line() -> None:
    facts = {
        "arrived_at": "2026-01-01T12:00:00Z",
        "method": "PUT",
        "status": None,
        "error": "nobody listens",
        "elapsed_real_seconds": 0.001,
    }
    assert [line.plain for line in lines_of(Notice("other", facts))] == [
        "2026-01-01 12:00:00  PUT of another sender  -> no answer in 1ms",
        "    nobody listens",
    ]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (notice(), "postback"),
        (notice(None), "postback"),
        (Notice("other", {"inbox": "a"}), "request"),
        (Notice("beat"), "beat"),
        (Notice("gap", missed=3), "gap"),
        (Notice("gap"), "gap"),
        (Notice("gone", reason="why"), "gone"),
        (Notice("back"), "back"),
        (Notice("again", reason="why"), "again"),
    ],
)
def test_every_notice_is_a_document(told: Notice, kind: str) -> None:
    document = document_of(told)
    assert document["kind"] == kind
    assert msgspec.json.encode(document, enc_hook=written)
    if told.kind in ("gap", "gone", "back", "again"):
        assert remark_of(told)


def test_gaps_are_told_by_their_number() -> None:
    assert remark_of(Notice("gap", missed=1)).startswith("1 happening missing here")
    assert remark_of(Notice("gap", missed=2)).startswith("2 happenings missing here")
    assert "started anew" in remark_of(Notice("gap"))
