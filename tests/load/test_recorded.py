from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidConfig
from mockserver.load import recorded
from mockserver.load.people import People
from mockserver.load.recorded import RecordedStream, Recording
from mockserver.load.streams import stream_from
from tests.load.streams import check_counts, check_parts, check_same_anywhere, most_memory, whole

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEMPLATE = "http://127.0.0.1/in?user={{User ID}}&event={{Message event}}"
SECONDS = [0, 1.5, 1.5, 4, 9.25]


def combined(path: Path) -> Path:
    lines = [
        f"1.1.1.1 - - [{(AT + timedelta(seconds=second)).strftime('%d/%b/%Y:%H:%M:%S %z')}] "
        f'"POST /in?user=u{number % 3}&event=Open HTTP/1.1" 200 0 "-" "-"'
        for number, second in enumerate(SECONDS)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def json_log(path: Path) -> Path:
    lines = [
        json.dumps(
            {
                "ts": (AT + timedelta(seconds=second)).timestamp(),
                "method": "POST",
                "url": f"/in?user=u{number % 3}&event=Open",
            }
        )
        for number, second in enumerate(SECONDS)
    ]
    path.write_text("\n\n".join(lines))
    return path


def har(path: Path) -> Path:
    entries = [
        {
            "startedDateTime": (AT + timedelta(seconds=second)).isoformat(),
            "request": {"method": "POST", "url": f"http://h/in?user=u{number % 3}&event=Open"},
        }
        for number, second in enumerate(SECONDS)
    ]
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}, indent=1))
    return path


def events(path: Path) -> Path:
    lines = [
        json.dumps(
            {
                "event": "email.open",
                "after": f"{second}s",
                "values": {"user_id": f"u{number % 3}"},
            }
        )
        for number, second in enumerate(SECONDS)
    ]
    path.write_text("\n".join(lines))
    return path


every_format = pytest.mark.parametrize("written", [combined, json_log, har, events])


@every_format
def test_every_format_gives_its_own_times_and_users(
    written: Callable[[Path], Path], tmp_path: Path
) -> None:
    stream = RecordedStream(Recording(written(tmp_path / "log"), People(1), TEMPLATE))
    found = whole(stream)
    own = [int(second) if written is combined else second for second in SECONDS]
    assert [arrival.after / timedelta(seconds=1) for arrival in found] == own
    assert [arrival.event.user_id for arrival in found] == ["u0", "u1", "u2", "u0", "u1"]
    assert [a.event.triggered_at - DEFAULT_START_AT for a in found] == [a.after for a in found]
    for parts in (1, 2, 3, 7):
        check_parts(stream, parts)
    check_same_anywhere(stream)
    check_counts(stream)
    said = " ".join(stream.remarks)
    assert ("whole seconds" in said) == (written is combined)


@every_format
def test_without_a_template_urls_are_samples_of_users_of_their_own(
    written: Callable[[Path], Path], tmp_path: Path
) -> None:
    found = whole(RecordedStream(Recording(written(tmp_path / "log"), People(1))))
    users = [arrival.event.user_id for arrival in found]
    if written is events:
        assert users == ["u0", "u1", "u2", "u0", "u1"]
    else:
        assert users == [f"postbacks-load-1-u{number}" for number in range(5)]


def test_an_event_that_does_not_say_whose_it_is_has_a_user_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "events"
    file.write_text(
        '{"event": "push.open", "after": "2s"}\n'
        '{"event": "push.open", "after": "1s", "values": {"message_id": "7"}}\n'
    )
    first, second = whole(RecordedStream(Recording(file, People(3))))
    assert (first.after, second.after) == (timedelta(seconds=1), timedelta(seconds=2))
    assert first.event.user_id == "postbacks-load-3-u0"
    assert first.event.device_id != second.event.device_id
    assert getattr(first.event, "message_id", "") == "7"


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    file = json_log(tmp_path / "log")
    other = {"ts": 1, "method": "GET", "url": "/in?user=a"}
    elsewhere = {"ts": AT.timestamp(), "method": "POST", "url": "/health"}
    file.write_text("\n".join([json.dumps(other), json.dumps(elsewhere), file.read_text()]))
    stream = RecordedStream(Recording(file, template=TEMPLATE))
    assert stream.total == 5
    assert "2 requests of the recording left out" in stream.remarks[0]
    check_parts(stream, 2)
    assert RecordedStream(Recording(file)).total == 6


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no postback"),
        ("\n\n", "holds no postback"),
        ("hello\n", "line 1: it is neither"),
        ('{"event": "push.open", "after": "1s"}\nx\n', "line 2: it is neither"),
        ('{"event": "push.opn", "after": "1s"}', "line 1: unknown event 'push.opn'"),
        (
            '{"event": "push.open", "after": "1s", "values": {"usr_id": "a"}}',
            "line 1: push.open has no field 'usr_id'",
        ),
        ('{"ts": 1, "method": "GET", "url": "/in"}', "holds no postback"),
        ('{"log": {"entries": [{}]}}', "entry 1: it has no request"),
        ('{"log": {"entries": []}}', "holds no postback"),
        ('{"log": 5}', "line 1: it is no event"),
        (
            '{"ts": 1, "method": "POST", "url": "/in"}\n'
            '{"ts": 31708801, "method": "POST", "url": "/in"}',
            "lasts 367 days; 366 are allowed",
        ),
        ("\x00" * 50, "line 1"),
    ],
)
def test_a_file_that_says_nothing_is_refused_with_the_line(
    text: str, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "log"
    file.write_text(text)
    with pytest.raises(InvalidConfig, match=reason.replace("(", r"\(")) as caught:
        RecordedStream(Recording(file))
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidConfig, match="line 1: it is no text"):
        RecordedStream(Recording(file))


@pytest.mark.parametrize("path", ["/nowhere/log", "/dev/zero", "/dev/null", "/tmp"])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(InvalidConfig, match=r"there is no recording|no file that can be read"):
        RecordedStream(Recording(Path(path)))


def test_an_endless_line_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "LONGEST_LINE", 100)
    file = tmp_path / "log"
    file.write_text('{"event": "push.open", "after": "1s"}\n' + "x" * 101)
    with pytest.raises(InvalidConfig, match="line 2: it has more than 100 bytes"):
        RecordedStream(Recording(file))


def late_by(lines: int) -> str:
    """Return events of which the last is due first, so many lines too late."""
    written = [f'{{"event": "push.open", "after": "{10 + n}s"}}' for n in range(lines)]
    return "\n".join([*written, '{"event": "push.open", "after": "1s"}'])


def test_lines_may_stand_a_little_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "LATEST_LINE", 5)
    file = tmp_path / "log"
    file.write_text(late_by(5))
    stream = RecordedStream(Recording(file))
    assert whole(stream)[0].after == timedelta(seconds=1)
    check_parts(stream, 3)
    file.write_text(late_by(6))
    with pytest.raises(InvalidConfig, match=r"not in order: line 7.*sort it by time"):
        RecordedStream(Recording(file))


def test_another_machine_must_have_the_same_file(tmp_path: Path) -> None:
    file = events(tmp_path / "log")
    written = RecordedStream(Recording(file)).as_json()
    file.write_text(file.read_text() + "\n")
    with pytest.raises(InvalidConfig, match="is not the file"):
        stream_from(written)


def test_a_template_with_a_mistake_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="User Id"):
        RecordedStream(Recording(events(tmp_path / "log"), template="http://h/?u={{User Id}}"))


def test_memory_does_not_grow_with_the_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "LATEST_LINE", 100)

    def memory(lines: int) -> int:
        file = tmp_path / f"{lines}"
        with file.open("w") as log:
            for number in range(lines):
                log.write(f'{{"event": "push.open", "after": "{number}ms"}}\n')
        return most_memory(RecordedStream(Recording(file)), lines)

    assert memory(6_000) < 1.5 * memory(1_000) + 20_000
