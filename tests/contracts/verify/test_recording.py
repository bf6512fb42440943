"""Postbacks that were recorded elsewhere, to be sent again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.verify import recording
from contracts.verify.recording import fitting, led_to, read_recording
from mockserver.core.errors import InvalidConfig

# The fixtures of the command line are what prints most recordings.
from tests.cli.conftest import CommandLine, Live

ONE = {"id": 1, "url": "http://h.test/in?u=1", "event": {"user_id": "a"}, "state": "lost"}
REQUEST = {"id": 1, "method": "POST", "target": "/inbox/crm?u=%c3%a4", "headers": [["Host", "h"]]}


def read(tmp_path: Path, content: str | bytes | Any) -> list[str]:
    path = tmp_path / "recording"
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_recording(path)


def har(*requests: dict[str, Any]) -> dict[str, Any]:
    entries = [{"request": request, "response": {"status": 200}} for request in requests]
    return {"log": {"version": "1.2", "entries": entries, "pages": []}}


# What is read


@pytest.mark.parametrize(
    ("document", "urls"),
    [
        (ONE, [ONE["url"]]),
        ([ONE, ONE], [ONE["url"]] * 2),
        ({"deliveries": [ONE], "next": None}, [ONE["url"]]),
        ({**ONE, "attempts": [{"number": 1}]}, [ONE["url"]]),
        (REQUEST, ["/inbox/crm?u=%c3%a4"]),
        ({"requests": [REQUEST, {**REQUEST, "method": "GET"}]}, ["/inbox/crm?u=%c3%a4"]),
        (
            {"sequence": 3, "kind": "attempt", "facts": {
                "attempt": {"number": 1}, "url": "http://h.test/a", "state": "pending"}},
            ["http://h.test/a"],
        ),
    ],
)  # fmt: skip
def test_what_the_sandbox_prints(tmp_path: Path, document: Any, urls: list[str]) -> None:
    assert read(tmp_path, document) == urls


def test_of_a_har_file_the_posts_are_taken_in_their_order(tmp_path: Path) -> None:
    document = har(
        {"method": "POST", "url": "https://a.test/in?x=1", "headers": [{"name": "method"}]},
        {"method": "GET", "url": "https://a.test/in?x=2", "queryString": [{"name": "x"}]},
        {"method": "OPTIONS", "url": "https://b.test/"},
        {"method": "POST", "url": "https://b.test/other?x=3", "postData": {"text": "{}"}},
    )
    assert read(tmp_path, document) == ["https://a.test/in?x=1", "https://b.test/other?x=3"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_documents_may_stand_one_a_line(tmp_path: Path, end: str, mark: str) -> None:
    lines = [json.dumps(each, ensure_ascii=False) for each in (ONE, {"x": "\u2028\x85"}, REQUEST)]
    assert read(tmp_path, mark + end.join([*lines, ""])) == [ONE["url"], REQUEST["target"]]


def test_rules_and_events_of_a_tail_are_no_postbacks(tmp_path: Path) -> None:
    rule = {
        "kind": "rule",
        "facts": {"added": 1, "app_id": "a", "url": "http://h.test/{{User ID}}"},
    }
    event = {"kind": "event", "facts": {"event": {"user_id": "a"}, "delivery_ids": [1]}}
    lines = "\n".join(map(json.dumps, (rule, event)))
    with pytest.raises(InvalidConfig, match="holds no POST"):
        read(tmp_path, lines)


def test_more_than_enough_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_RECORDED", 3)
    documents = [{**ONE, "url": f"http://h.test/{number}"} for number in range(5)]
    assert read(tmp_path, documents) == [f"http://h.test/{number}" for number in range(3)]


def test_what_the_commands_print_is_read(
    tmp_path: Path,
    postbacks: CommandLine,
    live: Live,
    add_rule: Callable[..., int],
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("503,200")
    live.sandbox.trigger("email.click", user_id="ü+1")
    live.sandbox.run_until_idle()
    (delivery,) = live.sandbox.deliveries()
    query = "?" + delivery.url.partition("?")[2]
    assert read(tmp_path, postbacks.ok("--json", "deliveries")) == [delivery.url]
    assert read(tmp_path, postbacks.ok("--json", "deliveries", "1")) == [delivery.url]
    assert read(tmp_path, postbacks.ok("--json", "inbox", "crm")) == [f"/inbox/crm{query}"] * 2


# What is not read


@pytest.mark.parametrize(
    "content", ["", "\ufeff", " \n\r\n", "[]", "{}", "null", "17", '"http://h"']
)
def test_without_a_post_there_is_nothing_to_send(tmp_path: Path, content: str) -> None:
    with pytest.raises(
        InvalidConfig, match=r"holds no POST; it takes HAR, an access log"
    ) as caught:
        read(tmp_path, content)
    assert caught.value.exit_code == 2


def test_a_broken_line_is_told_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="nor one document a line, nor an access log: line 3: "):
        read(tmp_path, f'{json.dumps(ONE)}\n\n{{"url": \n{json.dumps(ONE)}\n')


@pytest.mark.parametrize("content", ["[" * 100_000, json.dumps(ONE) + "\n" + "[" * 100_000])
def test_what_is_too_deep_is_told(tmp_path: Path, content: str) -> None:
    with pytest.raises(InvalidConfig, match="the recording"):
        read(tmp_path, content)


@pytest.mark.parametrize("depth", [300, 900, 2_000])
def test_depth_is_no_matter_or_told(tmp_path: Path, depth: int) -> None:
    try:
        found = read(tmp_path, "[" * depth + json.dumps(ONE) + "]" * depth)
    except InvalidConfig:
        return
    assert found == [ONE["url"]]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x80"])
def test_what_is_no_text_is_told(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidConfig, match=r"cannot read the recording .*: it is no text"):
        read(tmp_path, content)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"cannot read the recording .*: No such file"):
        read_recording(tmp_path / "missing")
    with pytest.raises(InvalidConfig, match=r"cannot read the recording .*: Is a directory"):
        read_recording(tmp_path)


@pytest.mark.parametrize(
    "url", ["", "in?x=1", "ftp://h.test/x", "http:/x", "data:,x", "http://h\n/"]
)
def test_a_url_that_cannot_be_posted_to_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidConfig, match="no URL that can be posted to"):
        read(tmp_path, [ONE, {**ONE, "url": url}])


# Where it is led


@pytest.mark.parametrize(
    ("template", "recorded", "url"),
    [
        ("http://h.test/in?u={{User ID}}", "https://a.test/x?u=1&v=%c3%A4+", "http://h.test/in?u=1&v=%c3%A4+"),
        ("http://h.test/in?u={{User ID}}", "/inbox/crm?u=1", "http://h.test/in?u=1"),
        ("http://h.test?u={{User ID}}", "/inbox/crm?u=1", "http://h.test?u=1"),
        ("http://h.test/{{User ID}}/in?a=1", "https://a.test/ada/in?u=1", "http://h.test/ada/in?u=1"),
        ("http://h.test/{{User ID}}/in", "https://a.test/ada%2Fb/in", "http://h.test/ada%2Fb/in"),
        ("http://h.test/{{User ID}}", "//ada?u=1", "http://h.test//ada?u=1"),
        ("https://ada:key@[::1]:81/in#x", "HTTP://b.test/y?u=1#f", "https://ada:key@[::1]:81/in?u=1"),
        ("http://h.test/in?u={{User ID}}", "http://[bad/x?u=1", "http://h.test/in?u=1"),
        ("http://h.test/in", "/x", "http://h.test/in"),
        ("http://h.test/in", "/x?", "http://h.test/in?"),
        ("http://h.test/in", "/x?a=?&b=/c", "http://h.test/in?a=?&b=/c"),
        ("http://h.test/in", "http://a.test?u=http://x/?y", "http://h.test/in?u=http://x/?y"),
    ],
)  # fmt: skip
def test_the_query_is_the_recorded_one_byte_by_byte(template: str, recorded: str, url: str) -> None:
    assert led_to(template, recorded) == url


# Access logs

_TARGET = "/in?user=ada%40example.com&at=1"
_COMBINED = (
    f'127.0.0.1 - - [24/Nov/2026:10:00:00 +0000] "POST {_TARGET} HTTP/1.1" 204 0 "-" "curl/8 (x)"'
)
_GET = '127.0.0.1 - - [24/Nov/2026:10:00:01 +0000] "GET /health HTTP/1.1" 200 2 "-" "probe"'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_of_an_access_log_the_posts_are_taken(tmp_path: Path, end: str) -> None:
    other = _COMBINED.replace("at=1", "at=2")
    assert read(tmp_path, end.join([_COMBINED, _GET, "", other])) == [
        _TARGET,
        _TARGET.replace("at=1", "at=2"),
    ]


@pytest.mark.parametrize(
    "logged",
    [
        {"method": "POST", "uri": _TARGET},
        {"request_method": "POST", "request_uri": _TARGET, "status": "204"},
        {"request": f"POST {_TARGET} HTTP/1.1", "status": 204},
        {"request": {"method": "POST", "uri": _TARGET, "host": "h"}, "status": 204},
        {"verb": "POST", "path": "/in", "query": "?user=ada%40example.com&at=1"},
        {"http_method": "POST", "path": "/in", "args": "user=ada%40example.com&at=1"},
    ],
)
def test_of_an_access_log_in_json_lines_the_posts_are_taken(
    tmp_path: Path, logged: dict[str, Any]
) -> None:
    get = json.loads(json.dumps(logged).replace("POST", "GET"))
    lines = "\n".join(map(json.dumps, (logged, get)))
    assert read(tmp_path, lines) == [_TARGET]


@pytest.mark.parametrize(
    ("template", "url", "fits"),
    [
        ("http://h/in?u={{User ID}}&m={{Message ID}}", "https://a/in?u=1&m=2", True),
        ("http://h/in?u={{User ID}}&m={{Message ID}}&e={{Message event}}", "/x?m=2&e=Open", True),
        ("http://h/in?u={{User ID}}&m={{Message ID}}", "https://a/in?u=1", True),
        ("http://h/in?u={{User ID}}&m={{Message ID}}", "https://a/login?u=1&password=x", False),
        ("http://h/in?u={{User ID}}&m={{Message ID}}", "https://bank/pay?card=4111", False),
        ("http://h/in?u={{User ID}}&key=1", "https://a/in?u=1", True),
        ("http://h/in?u={{User ID}}&key=1", "https://a/in?key=1", False),
        ("http://h/in/{{User ID}}/x", "https://a/in/ada/x", True),
        ("http://h/in/{{User ID}}/x", "https://a/other/ada", False),
    ],
)
def test_what_is_not_for_an_endpoint_is_left_out(template: str, url: str, fits: bool) -> None:
    kept, left_out = fitting(template, [url])
    assert (kept == [url], left_out == []) == (fits, fits)


def test_what_is_left_out_is_named_without_its_values() -> None:
    _, left_out = fitting(
        "http://h/in?u={{User ID}}", ["https://bank.test/pay?card=4111", "/a?b=1"]
    )
    assert left_out == ["https://bank.test/pay", "/a"]
