"""A program that follows a run hears of every case; without one that listens the run ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.cli.progress_lines import ProgressLines
from mockserver.cli.root import root
from mockserver.live import LiveSandbox

QUERY = "?user={{User ID}}&event={{Message event}}&at={{Trigger time}}"


@pytest.fixture
def url() -> Iterator[str]:
    with LiveSandbox() as live:
        yield live.sandbox.inbox("in").url + QUERY


def told(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def check(lines: list[dict[str, Any]]) -> None:
    """Check that what was told is in the order in which it happened, and whole."""
    begin, *rest = lines
    assert begin["progress"] == "begin"
    results = [line for line in rest if line["progress"] == "result"]
    begun = [line["id"] for line in rest if line["progress"] == "case"]
    assert len(results) == begin["cases"] > 1
    assert set(begun) <= {line["id"] for line in results}
    assert {"id", "title", "level", "status", "known", "progress"} == set(results[0])
    place = {line["id"]: number for number, line in enumerate(rest) if line["progress"] == "case"}
    for number, line in enumerate(rest):
        if line["progress"] == "result" and line["id"] in place:
            assert place[line["id"]] < number


def test_verify_tells_of_every_case(url: str) -> None:
    done = CliRunner().invoke(root, ["verify", "--progress-lines", "--case", "PB-ANSWER-*", url])
    check(told(done.stderr))
    # The rest is as without.
    assert "coverage" in done.stdout
    assert "progress" not in done.stdout


def test_contracts_run_tells_of_every_case() -> None:
    words = ["contracts", "run", "--progress-lines", "--case", "PB-RULES-*", "--json"]
    done = CliRunner().invoke(root, words)
    check(told(done.stderr))
    assert json.loads(done.stdout)["format"] == 1


def test_unasked_nothing_is_told(url: str) -> None:
    done = CliRunner().invoke(root, ["verify", "--case", "PB-ANSWER-POST", url])
    assert told(done.stderr) == []


def test_the_option_is_not_repeated_to_try_one_case_again(url: str) -> None:
    words = ["verify", "--progress-lines", "--json", "--case", "PB-ANSWER-*", url]
    done = CliRunner().invoke(root, words)
    assert "--progress-lines" not in json.loads(done.stdout)["target"].get("options", [])


def test_when_nobody_follows_any_more_the_run_ends_early(url: str) -> None:
    """Nobody else could end it: the server that started it may have been killed."""
    command = [sys.executable, "-m", "mockserver", "verify", "--progress-lines", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        while b'"result"' not in process.stderr.readline():
            pass
        process.stderr.close()
        said = process.stdout.read()
        assert process.wait(60) == 130
    assert b"interrupted after" in said


def test_what_is_not_wanted_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    ProgressLines(is_wanted=False).begin(3)
    assert capsys.readouterr().err == ""
    ProgressLines(is_wanted=True).begin(3)
    assert json.loads(capsys.readouterr().err) == {"progress": "begin", "cases": 3}
