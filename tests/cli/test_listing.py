"""Lists fit a terminal of any width; foreign text is cut with a mark and cannot steer it."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len
from rich.console import Console

from mockserver.cli.answers import write_answers
from mockserver.cli.listing import event_name, write_delivery_rows, write_inbox_rows
from mockserver.cli.output import Output
from mockserver.cli.shortening import LONGEST, bounded, fitted
from mockserver.core.catalog import event_kinds
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.events import build_event
from mockserver.web.encoding import event_json
from mockserver.web.shapes import AttemptJson, DeliveryJson, InboxJson, UnderWayJson

AT = datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)


def terminal(width: int) -> tuple[Output, io.StringIO]:
    output, written = Output(as_json=False), io.StringIO()
    output.console = Console(
        file=written, width=width, force_terminal=True, no_color=True, color_system=None,
        markup=False, highlight=False,
    )  # fmt: skip
    return output, written


def attempt(number: int | None = 1, status: int = 200, **more: object) -> AttemptJson:
    values = {
        "delivery_id": 1, "number": number, "manual": number is None, "repeated": False,
        "started_at": AT, "ended_at": AT, "offset_hours": 0.0, "outcome": "response",
        "status": status, "elapsed_seconds": 0.0, "elapsed_real_seconds": 0.0, "error": None,
        "headers": [], "body": "", "request_id": None,
    } | more  # fmt: skip
    return AttemptJson(**values)  # type: ignore[arg-type]


def delivery(user_id: str, kind: int, state: str, app_id: str = "app") -> DeliveryJson:
    event = build_event(event_kinds()[kind], app_id, AT, {"user_id": user_id})
    pending = state == "pending"
    return DeliveryJson(
        1_234_567, app_id, 5406400932175873, f"http://h/?u={user_id}", state,  # type: ignore[arg-type]
        event_json(event), AT, 10, AT if pending else None,
        [attempt(outcome="timeout", status=None)] * 10,  # type: ignore[arg-type]
        UnderWayJson(1, 11, "http://h/", AT, 1.0) if pending else None,
    )  # fmt: skip


@pytest.mark.parametrize("user_id", ["", "ada", "x" * 100_000, "\u4e2d" * 500, "\x1b\u202e"])
@pytest.mark.parametrize("state", ["pending", "delivered", "rejected", "lost"])
@pytest.mark.parametrize("width", [80, 100, 200])
def test_deliveries_fit(user_id: str, state: str, width: int) -> None:
    output, written = terminal(width)
    several = [delivery(user_id, kind, state) for kind in range(33)]
    write_delivery_rows(output, [*several, delivery(user_id, 0, state, "another-app" * 9)])
    lines = written.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= width
    assert len(lines) == 1 + 34 * (4 if state == "pending" else 3), "no line is broken"
    assert "\x1b" not in written.getvalue()
    assert "\u202e" not in written.getvalue()
    assert ("…, app app, rule" in lines[2]) == (len(user_id) >= 500), "a cut has a mark"


@pytest.mark.parametrize("width", [80, 120])
def test_inboxes_fit(width: int) -> None:
    output, written = terminal(width)
    write_inbox_rows(
        output,
        [
            InboxJson("a" * 100, "http://h/", 10_000, AT, "503*9," * 50),
            InboxJson("b", "http://h/", 0, None, "200"),
        ],
    )
    lines = written.getvalue().splitlines()
    assert len(lines) == 3
    assert max(map(cell_len, lines)) <= width
    assert [line[lines[0].index("LAST AT") :][:19].strip() for line in lines[1:]] == [
        "2026-01-01 00:00:00",
        "-",
    ]


@pytest.mark.parametrize("kind", event_kinds(), ids=lambda kind: kind.name)
def test_events_have_the_names_of_trigger(kind: object) -> None:
    event = build_event(kind, "app", DEFAULT_START_AT, {})  # type: ignore[arg-type]
    assert event_name(event_json(event)) == kind.name  # type: ignore[attr-defined]


def test_an_event_without_a_name_is_described() -> None:
    kind = next(kind for kind in event_kinds() if kind.name == "in-app.banner.view")
    event = build_event(kind, "app", DEFAULT_START_AT, {"template_name": "Mine"})
    assert event_name(event_json(event)) == "In-app Message View (Mine)"


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("ada", 3, "ada"),
        ("adas", 3, "ad…"),
        ("", 3, ""),
        ("x" * 100_000, 5, "xxxx…"),
        ("\u4e2d\u4e2d", 3, "\u4e2d…"),
        ("a\nb", 9, "a\\nb"),
        ("a\nbc", 4, "a\\n…"),
        ("ada", 1, "…"),
        ("e" + "\u0301" * 9, 3, "e\u0301\u0301\u0301…"),
        ("ada", 0, "…"),
    ],
)
def test_what_fits(text: str, room: int, shown: str) -> None:
    assert fitted(text, room) == shown


@pytest.mark.parametrize("over", [-1, 0, 1, 98_000])
def test_what_is_bounded_says_how_much_is_left_out(over: int) -> None:
    shown = bounded("x" * (LONGEST + over))
    if over <= 0:
        assert shown == "x" * (LONGEST + over)
    else:
        assert shown == f"{'x' * LONGEST}… ({over:,} more characters; --json has all)"


def shown_answers(*attempts: AttemptJson) -> str:
    output, written = terminal(80)
    write_answers(output, attempts)
    return written.getvalue()


@pytest.mark.parametrize(
    ("numbers", "heading"),
    [
        ([1], "answer to attempt 1: 503"),
        ([None], "answer to a resend: 503"),
        ([1, 2], "answer to attempts 1 and 2, the same each time: 503"),
        ([1, 2, 3], "answer to attempts 1 to 3, the same each time: 503"),
        ([1, None], "answer to attempt 1 and a resend, the same each time: 503"),
        ([1, None, 2, None], "answer to attempts 1 and 2 and 2 resends, the same each time: 503"),
    ],
)
def test_which_attempts_an_answer_is_of(numbers: list[int | None], heading: str) -> None:
    assert shown_answers(*[attempt(number, 503) for number in numbers]) == (
        f"{heading}\n    no body\n"
    )


def test_the_date_makes_no_difference_and_the_body_does() -> None:
    one, two = [("Date", "1")], [("Date", "2")]
    shown = shown_answers(
        attempt(1, headers=one), attempt(2, headers=two), attempt(3, headers=two, body="x")
    )
    assert shown.splitlines() == [
        "answer to attempts 1 and 2, the same each time: 200",
        "    Date: 2",
        "    no body",
        "answer to attempt 3: 200",
        "    Date: 2",
        "    body: x",
    ]


def test_answers_are_bounded_and_say_so() -> None:
    headers = [(f"X-{number}", "v" * 1000) for number in range(30)]
    shown = shown_answers(attempt(headers=headers, body="b\x1b" * 30_000))
    assert len(shown) < 10_000
    assert "    … (10 more headers; --json has all)\n" in shown
    assert "(59,500 more characters; --json has all)" in shown
    assert "\x1b" not in shown


def test_what_got_no_answer_has_none() -> None:
    assert shown_answers(attempt(outcome="timeout", status=None)) == ""  # type: ignore[arg-type]
