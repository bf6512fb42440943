from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.load.log_lines import (
    EPOCH_AT,
    METHODS,
    TARGETS,
    TIMES,
    Written,
    entry_of_har,
    read_line,
)

AT = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
SINCE = AT - EPOCH_AT
SECONDS = SINCE // timedelta(seconds=1)


def test_a_line_of_the_combined_format_is_read() -> None:
    line = '10.0.0.1 - ada [01/Mar/2026:13:00:05 +0100] "POST /in?user=a HTTP/1.1" 200 5 "-" "x"'
    assert read_line(line) == Written(SINCE, "/in?user=a")
    assert read_line(line.replace("POST", "GET")) is None
    assert read_line(line.replace(" HTTP/1.1", "")) == Written(SINCE, "/in?user=a")


@pytest.mark.parametrize(
    "time",
    [
        AT.isoformat(),
        "2026-03-01T13:00:05+01:00",
        "2026-03-01T12:00:05Z",
        "2026-03-01T12:00:05",
        "01/Mar/2026:12:00:05 +0000",
        SECONDS,
        float(SECONDS),
        str(SECONDS),
        SECONDS * 1000,
        f"{SECONDS}.000",
    ],
)
@pytest.mark.parametrize("name", TIMES)
def test_times_of_json_logs_are_read(name: str, time: Any) -> None:
    line = json.dumps({name: time, "method": "POST", "url": "/in?user=a"})
    assert read_line(line) == Written(SINCE, "/in?user=a")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", TARGETS)
def test_names_of_json_logs_are_read(method: str, target: str) -> None:
    document = {"ts": SECONDS, method: "POST", target: "/in"}
    assert read_line(json.dumps(document | {"query": "user=a"})) == Written(SINCE, "/in?user=a")
    assert read_line(json.dumps(document | {"args": ""})) == Written(SINCE, "/in")
    assert read_line(json.dumps(document | {method: "GET"})) is None


def test_a_request_line_of_a_json_log_is_read() -> None:
    document = {"time": AT.isoformat(), "request": "POST /in?a=1 HTTP/2.0"}
    assert read_line(json.dumps(document)) == Written(SINCE, "/in?a=1")


def test_an_event_is_read() -> None:
    line = '{"event": "push.open", "values": {"user_id": "ada"}, "after": "1.5s"}'
    assert read_line(line) == Written(timedelta(seconds=1.5), None, "push.open", {"user_id": "ada"})
    assert read_line('{"event": "push.open", "after": "0s"}') == Written(
        timedelta(0), None, "push.open", {}
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "neither JSON nor a line"),
        ("[1]", "neither JSON nor a line"),
        ("{", "no JSON"),
        ("{" * 5000, "no JSON"),
        ("{}", "no event"),
        ('{"event": "push.open"}', "no event"),
        ('{"event": 5, "after": "1s"}', "is written like"),
        ('{"event": "push.open", "after": 1}', "is written like"),
        ('{"event": "push.open", "after": "1s", "values": []}', "is written like"),
        ('{"event": "push.open", "after": "1s", "user_id": "a"}', "not 'user_id'"),
        ('{"event": "push.open", "after": "soon"}', "no duration"),
        ('{"event": "push.open", "after": "-1s"}', "no duration"),
        ('{"method": "POST", "url": "/in"}', "no time"),
        ('{"method": "POST", "url": "/in", "ts": true}', "no time"),
        ('{"method": "POST", "url": "/in", "ts": "noon"}', "no time"),
        ('{"method": "POST", "url": "/in", "ts": 1e300}', "no time"),
        ('{"method": "POST", "url": "/in", "ts": "99/Foo/2026:1:1:1 +0"}', "no time"),
        ('{"method": "POST", "ts": 1}', "no request"),
        ('x [bad] "POST /in HTTP/1.1" 200', "no time"),
    ],
)
def test_what_says_nothing_is_refused(line: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        read_line(line)


def test_an_entry_of_a_har_is_read() -> None:
    entry = {
        "startedDateTime": AT.isoformat(),
        "request": {"method": "POST", "url": "http://h/in?user=a"},
    }
    assert entry_of_har(entry) == Written(SINCE, "http://h/in?user=a")
    assert entry_of_har(entry | {"request": {"method": "GET", "url": "http://h/"}}) is None


@pytest.mark.parametrize(
    "entry",
    [None, {}, {"request": 5}, {"request": {"method": "POST"}},
     {"request": {"method": "POST", "url": "http://h/"}}],
)  # fmt: skip
def test_what_is_no_entry_is_refused(entry: Any) -> None:
    with pytest.raises(InvalidValue):
        entry_of_har(entry)
