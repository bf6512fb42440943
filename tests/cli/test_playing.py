"""Scenarios on a sandbox over HTTP: both clocks, endpoints that fail, files that are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mockserver import Sandbox, SocketOptions
from mockserver.cli.playing import read_scenario
from mockserver.core.errors import InvalidScenario
from mockserver.time.clocks import RunningClock
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.cli.conftest import CommandLine, Live

CLICK = '{"event": "email.click", "values": {"user_id": "ada"}'


@pytest.fixture
def play(postbacks: CommandLine, tmp_path: Path) -> Callable[..., list[str]]:
    def run(text: str, *more: str) -> list[str]:
        path = tmp_path / "it.jsonl"
        path.write_text(text, encoding="utf-8")
        return ["trigger", "--file", str(path), *more]

    return run


def test_what_was_expected_is_there(
    live: Live, postbacks: CommandLine, add_rule: Callable[..., int], play: Callable[..., list[str]]
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("503*9,200")
    text = CLICK + ', "expect": "delivered"}\n{"at": "idle"}'
    assert postbacks.ok(*play(text)).splitlines() == [
        "1 event happened, 1 delivery came of it (+65h)",
        "  1 expectation met",
    ]
    assert live.sandbox.deliveries[0].offsets_in_hours[-1] == 65


def test_what_is_not_met_is_said_and_the_exit_code_is_1(
    live: Live, postbacks: CommandLine, add_rule: Callable[..., int], play: Callable[..., list[str]]
) -> None:
    add_rule(channels=["Email"])
    live.sandbox.inbox("crm").behave("404,503")
    text = (
        CLICK + ', "expect": "delivered"}\n' + CLICK + ', "at": "1h", "expect": "lost"}\n'
        '{"event": "push.open", "at": "2h", "expect": "nothing"}\n'
        '{"event": "push.open", "at": "2h", "expect": "pending"}\n'
    )
    result = postbacks.run(*play(text))
    assert result.exit_code == 1
    assert result.stderr == "postbacks: 3 of 4 expectations not met\n"
    assert result.stdout.splitlines() == [
        "4 events happened, 2 deliveries came of it (+2h)",
        "  line 1: email.click of ada: expected delivered; delivery 1 is rejected (404 is not "
        "retried)",
        "  line 2: email.click of ada: expected lost; delivery 2 is pending (attempt 3 is due at "
        "2026-01-01 04:00:00)",
        "  line 4: push.open of ada+news@example.com: expected pending; it fired no rule",
        "  1 expectation met",
    ]
    document = json.loads(postbacks.run(*play(text), "--json").stdout)
    assert (document["events"], document["met"]) == (4, False)
    assert [each["met"] for each in document["expectations"]] == [False, False, True, False]


def test_a_mistake_in_the_last_line_is_found_before_the_first_is_played(
    live: Live, postbacks: CommandLine, add_rule: Callable[..., int], play: Callable[..., list[str]]
) -> None:
    add_rule()
    said = postbacks.fails(2, *play(CLICK + '}\n{"event": "email.open", "att": "1h"}'))
    assert said.endswith("it.jsonl:2: there is no field 'att' (did you mean 'at'?); a line has: "
                         "event, values, at, expect")  # fmt: skip
    assert len(live.sandbox.deliveries) == 0
    assert "it.jsonl has no line" in postbacks.fails(2, *play(""))


def test_a_dry_run_only_reads(
    live: Live, postbacks: CommandLine, add_rule: Callable[..., int], play: Callable[..., list[str]]
) -> None:
    add_rule()
    text = CLICK + '}\n{"at": "1h"}'
    assert postbacks.ok(*play(text), "--dry-run") == "2 lines can be played; nothing was sent\n"
    assert postbacks.json(*play(text), "--dry-run") == {"lines": 2, "events": 1}
    assert len(live.sandbox.deliveries) == 0
    postbacks.fails(2, *play("{}"), "--dry-run")


def test_it_is_played_as_often_as_wanted(
    live: Live, postbacks: CommandLine, add_rule: Callable[..., int], play: Callable[..., list[str]]
) -> None:
    add_rule()
    postbacks.ok(*play(CLICK + ', "at": "1h", "expect": "delivered"}'), "--repeat", "3",
                 "--own-users")  # fmt: skip
    users = [delivery.event.user_id for delivery in live.sandbox.deliveries]
    assert users == ["ada-1", "ada-2", "ada-3"]
    hours = [(each.created_at - live.sandbox.deliveries[0].created_at).total_seconds() / 3600
             for each in live.sandbox.deliveries]  # fmt: skip
    assert hours == [0, 1, 2]


def test_the_standard_input_is_a_file_as_well(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from mockserver.cli.root import root

    result = CliRunner().invoke(
        root, ["trigger", "--file", "-"], env={"POSTBACKS_URL": live.url}, input=CLICK + "}"
    )
    assert result.stdout.startswith("1 event happened, 0 deliveries came of it")
    wrong = CliRunner().invoke(root, ["trigger", "--file", "-"], input=b"\xff")
    assert wrong.stderr == (
        "postbacks: standard input is not UTF-8: invalid start byte at byte 0\n"
    )


@pytest.mark.parametrize("content", [None, b"\xff", "directory"])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | str | None) -> None:
    path = tmp_path / "it.jsonl"
    if content == "directory":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(InvalidScenario, match=r"it\.jsonl (cannot be read|is not UTF-8)"):
        read_scenario(str(path))


@pytest.fixture
def running() -> Iterator[Live]:
    with Sandbox(clock=RunningClock(), sockets=SocketOptions()) as sandbox:
        server = ApiServer(create_app(sandbox))
        server.start()
        try:
            yield Live(sandbox, server.url)
        finally:
            sandbox.feed.close()
            server.stop()


def test_a_running_clock_is_turned_and_its_attempts_are_waited_for(
    running: Live, play: Callable[..., list[str]]
) -> None:
    running.sandbox.inbox("crm").behave("200,503")
    running.sandbox.add_postback(running.inbox_url("crm"))
    text = (
        CLICK + ', "expect": "delivered"}\n'
        '{"event": "email.open", "at": "10h", "expect": "pending"}'
    )
    said = CommandLine(running.url).ok(*play(text))
    assert "  2 expectations met" in said


# Many


def test_one_of_each_kind_happens(
    live: Live, postbacks: CommandLine, add_rule: Callable[..., int]
) -> None:
    add_rule()
    assert postbacks.ok("trigger", "--all", "--override", "user_id=bob").splitlines() == [
        "33 events happened, 32 deliveries came of it",
        "  delivered after the first attempt, or before it: 32",
        "  1 event fired no rule",
    ]
    assert {each.event.user_id for each in live.sandbox.deliveries} == {"bob"}


@pytest.mark.parametrize("number", [1, 499, 500, 501])
def test_one_event_happens_as_often_as_wanted(
    live: Live, postbacks: CommandLine, add_rule: Callable[..., int], number: int
) -> None:
    add_rule()
    answer = postbacks.json("trigger", "email.click", "--repeat", str(number), "--own-users")
    assert answer == {
        "events": number,
        "deliveries": number,
        "states": {"delivered": number},
        "fired_no_rule": 0,
    }
    users = {delivery.event.user_id for delivery in live.sandbox.deliveries}
    assert users == {f"ada+news@example.com-{n + 1}" for n in range(number)}


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ([], 2, "exactly one of: NAME, --file FILE, --all"),
        (["email.click", "--all"], 2, "exactly one of"),
        (["--all", "--file", "x"], 2, "exactly one of"),
        (["email.click", "--file", "x"], 2, "exactly one of"),
        (["--file", "x", "--at", "2026-01-01T00:00:00Z"], 2, "the values are in the FILE"),
        (["--file", "x", "--override", "user_id=a"], 2, "the values are in the FILE"),
        (["--all", "--dry-run"], 2, "--dry-run is for one event"),
        (["email.click", "--repeat", "2", "--dry-run"], 2, "--dry-run is for one event"),
        (["email.click", "--own-users"], 2, "--own-users goes with --repeat"),
        (["email.click", "--repeat", "0"], 2, "--repeat"),
        (["email.click", "--repeat", "1000001"], 2, "--repeat"),
        (["email.clik", "--repeat", "2"], 1, "did you mean 'email.click'"),
        (["--all", "--override", "message_id=7"], 1, "ab-test.enter has no field 'message_id'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    live: Live, postbacks: CommandLine, arguments: list[str], code: int, expected: str
) -> None:
    assert expected in postbacks.fails(code, "trigger", *arguments)
    assert len(live.sandbox.feed.after(0)) == 0
