"""How deliveries are told, and that their URLs are never broken."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from mockserver.cli.output import Output
from mockserver.cli.timeline import verdict, write_delivery, write_request
from mockserver.web.shapes import AttemptJson, DeliveryJson, EventJson, ReceivedJson

START = datetime(2026, 1, 1, tzinfo=UTC)


def attempt(
    number: int | None, status: int | None, hours: float = 0, **more: object
) -> AttemptJson:
    values: dict[str, object] = {
        "delivery_id": 1,
        "number": number,
        "manual": number is None,
        "repeated": False,
        "started_at": START + timedelta(hours=hours),
        "ended_at": START + timedelta(hours=hours),
        "offset_hours": hours,
        "outcome": "timeout" if status is None else "response",
        "status": status,
        "elapsed_seconds": 30.0 if status is None else 0.004,
        "elapsed_real_seconds": 0.001,
        "error": None,
        "headers": [],
        "body": "",
        "request_id": None,
    }
    return AttemptJson(**(values | more))  # type: ignore[arg-type]


def delivery(state: str, *attempts: AttemptJson) -> DeliveryJson:
    return DeliveryJson(
        id=1,
        app_id="YOUR_APP_ID",
        postback_id=5406400932175873,
        url="http://127.0.0.1:8781/inbox/crm?user=" + "x" * 200,
        state=state,  # type: ignore[arg-type]
        event=EventJson("messageEvents", "YOUR_APP_ID", START, "ada", "", "Email", "Click"),
        created_at=START,
        attempts_made=sum(not attempt.manual for attempt in attempts),
        due_at=START + timedelta(hours=1) if state == "pending" else None,
        attempts=list(attempts),
    )


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (delivery("pending"), "pending: attempt 1 is due at 2026-01-01 01:00:00"),
        (delivery("delivered", attempt(1, 204)), "delivered by attempt 1"),
        (
            delivery("delivered", attempt(1, 503), attempt(2, 200, 1), attempt(None, 200, 2)),
            "delivered by attempt 2, 1h after the first",
        ),
        (
            delivery("delivered", attempt(1, 503), attempt(None, 200, 0.5)),
            "delivered by a manual resend, 30m after the first",
        ),
        (delivery("rejected", attempt(1, 302)), "rejected: 302 is not retried"),
        (delivery("rejected", attempt(1, None, outcome="blocked")), "rejected: nothing was sent"),
        (delivery("lost", attempt(1, 503), attempt(None, 503)), "lost after 1 attempt"),
    ],
)
def test_the_verdict(item: DeliveryJson, expected: str) -> None:
    assert verdict(item).startswith(expected)


def test_a_terminal_gets_colours_and_whole_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    written = io.StringIO()
    output = Output(as_json=False)
    output.console.file = written
    write_delivery(output, delivery("lost", attempt(1, None, error="no answer within 30 s")))
    assert "\x1b[" in written.getvalue()
    assert "x" * 200 + "\n" in written.getvalue()


def test_an_error_is_told_once_and_a_repetition_is_marked() -> None:
    written = io.StringIO()
    output = Output(as_json=False)
    output.console.file = written
    attempts = [attempt(1, None, error="no answer"), attempt(2, None, 1, error="no answer")]
    attempts.append(attempt(3, None, 2, error="another", repeated=True))
    write_delivery(output, delivery("pending", *attempts))
    text = written.getvalue()
    assert text.count("no answer") == 1
    assert text.count("another") == 1
    assert text.count("repeated after a crash") == 1


def test_a_request_of_a_resend_is_called_so() -> None:
    written = io.StringIO()
    output = Output(as_json=False)
    output.console.file = written
    for number in (None, 2):
        request = ReceivedJson(
            id=1,
            inbox="crm",
            method="POST",
            target="/inbox/crm",
            path="/inbox/crm",
            query={},
            request_line="POST /inbox/crm HTTP/1.1",
            headers=[],
            body="",
            body_base64="",
            client="",
            arrived_at=START,
            ended_at=START,
            behaviour="200",
            end="answered",
            status=200,
            delivery_id=7,
            attempt_number=number,
        )
        write_request(output, request)
    assert "delivery 7, resent\n" in written.getvalue()
    assert "delivery 7, attempt 2\n" in written.getvalue()


def test_why_an_attempt_failed_is_said_once_as_long_as_it_stays() -> None:
    said = io.StringIO()
    refused = {"reason": ["user_id is missing"]}
    item = delivery(
        "pending",
        attempt(1, 503, **refused),
        attempt(2, 503, 1, **refused),
        attempt(3, None, 2, error="no answer within 30 s"),
        attempt(4, 503, 3, **refused),
    )
    output = Output(as_json=False)
    output.console.file = said
    write_delivery(output, item)
    lines = [line.strip() for line in said.getvalue().splitlines()]
    assert lines.count("user_id is missing") == 2
    assert lines.count("no answer within 30 s") == 1
