"""`postbacks doctor` says of every check how it went, and fails if one did."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from mockserver import doctor
from mockserver.cli.root import root
from mockserver.doctor import CheckResult

GOOD = CheckResult("hang", True, "silent", 0.25)
BAD = CheckResult("reset", False, "expected a TCP reset, saw a close", 0.004)


def run(monkeypatch: pytest.MonkeyPatch, results: list[CheckResult], *arguments: str) -> Result:
    monkeypatch.setattr(doctor, "run_checks", lambda: iter(results))
    return CliRunner().invoke(root, ["doctor", *arguments], env={"COLUMNS": "80"})


def test_each_check_is_told_and_then_that_all_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, [GOOD, GOOD])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["ok      hang: silent  (0.25 s)"] * 2 + [
        "all 2 checks passed"
    ]


def test_a_check_that_fails_is_named_and_fails_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = run(monkeypatch, [GOOD, BAD])
    assert result.exit_code == 1
    assert "FAILED  reset: expected a TCP reset, saw a close  (0.00 s)\n" in result.stdout
    assert "passed" not in result.stdout
    assert result.stderr == "postbacks: 1 of 2 checks failed: reset\n"


@pytest.mark.parametrize(("last", "code"), [(GOOD, 0), (BAD, 1)])
def test_json_is_one_document_with_every_check(
    monkeypatch: pytest.MonkeyPatch, last: CheckResult, code: int
) -> None:
    result = run(monkeypatch, [GOOD, last], "--json")
    assert result.exit_code == code
    document = json.loads(result.stdout)
    assert document["passed"] is (code == 0)
    assert [check["name"] for check in document["checks"]] == ["hang", last.name]
    assert list(document["checks"][0]) == ["name", "passed", "detail", "real_seconds"]
