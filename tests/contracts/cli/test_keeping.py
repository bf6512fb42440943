"""Every run leaves its report on this machine, whatever it came to, unless none is wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockserver.cli.root import root
from mockserver.live import LiveSandbox
from mockserver.reports.shelf import KeptReport, Shelf

QUERY = "?user={{User ID}}&event={{Message event}}&at={{Trigger time}}"
QUICK = ("--case", "PB-ANSWER-POST")


@pytest.fixture
def live() -> Iterator[LiveSandbox]:
    with LiveSandbox() as live:
        yield live


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "reports"
    monkeypatch.setenv("POSTBACKS_REPORTS", str(folder))
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(root, list(words))


def only_one(folder: Path) -> KeptReport:
    (kept,) = Shelf(folder).listed()
    return kept


@pytest.mark.parametrize(
    ("script", "exit_code", "verdict"), [("200", 0, "passed"), ("404", 1, "failed")]
)
def test_verify_leaves_its_report(
    script: str, exit_code: int, verdict: str, live: LiveSandbox, folder: Path
) -> None:
    live.sandbox.inbox("in").behave(script)
    url = live.sandbox.inbox("in").url + QUERY
    done = run("verify", "--case", "PB-ANSWER-*", url)
    assert done.exit_code == exit_code
    kept = only_one(folder)
    assert (kept.facts.command, kept.facts.verdict) == ("verify", verdict)
    assert (kept.facts.target_kind, kept.facts.target) == ("partner", url)
    assert sum(kept.facts.by_status.values()) > 3
    page = Shelf(folder).page(kept.id).decode()
    assert page.startswith("<!DOCTYPE html>")
    assert "PB-ANSWER-POST" in page
    assert f"postbacks reports --open {kept.id}" in done.stderr


def test_contracts_run_leaves_its_report(folder: Path) -> None:
    done = run("contracts", "run", "--case", "PB-RULES-CAP", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["format"] == 1
    facts = only_one(folder).facts
    assert (facts.command, facts.target_kind, facts.verdict) == ("contracts run", "fake", "passed")


def test_a_broken_fake_leaves_what_was_found(folder: Path) -> None:
    run("contracts", "run", "--deviant", "eight-retries", "--case", "PB-RETRY-COUNT")
    assert only_one(folder).facts.verdict == "failed"


def test_an_endpoint_that_is_not_there_is_kept_as_such(folder: Path) -> None:
    done = run("verify", *QUICK, f"http://127.0.0.1:1/in{QUERY}")
    assert done.exit_code == 3
    assert only_one(folder).facts.verdict == "unreachable"


def test_each_of_several_endpoints_has_its_own(live: LiveSandbox, folder: Path) -> None:
    urls = [live.sandbox.inbox(name).url + QUERY for name in ("a", "b")]
    run("verify", *QUICK, *urls)
    assert {kept.facts.target for kept in Shelf(folder).listed()} == set(urls)


def test_secrets_are_masked(live: LiveSandbox, folder: Path) -> None:
    url = f"{live.sandbox.inbox('in').url}{QUERY}&token=s3cr3t-and-long"
    run("verify", *QUICK, url)
    kept = only_one(folder)
    assert b"s3cr3t-and-long" not in b"".join(path.read_bytes() for path in folder.iterdir())
    assert "token=" in kept.facts.target


@pytest.mark.parametrize("words", [("--dry-run",), ("--case", "PB-NOTHING")])
def test_what_was_not_run_leaves_none(
    words: tuple[str, ...], live: LiveSandbox, folder: Path
) -> None:
    run("verify", *words, live.sandbox.inbox("in").url + QUERY)
    assert not folder.exists()


def test_who_wants_none_gets_none(live: LiveSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBACKS_REPORTS", "none")
    done = run("verify", *QUICK, live.sandbox.inbox("in").url + QUERY)
    assert done.exit_code == 0
    assert "kept" not in done.stderr


def test_a_report_that_cannot_be_kept_is_said_and_changes_nothing(
    live: LiveSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("POSTBACKS_REPORTS", str(tmp_path / "file"))
    done = run("verify", *QUICK, live.sandbox.inbox("in").url + QUERY)
    assert done.exit_code == 0
    assert "the report cannot be kept in" in done.stderr
