"""`postbacks reports`: what is kept on this machine, without a sandbox."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver.cli.root import root
from mockserver.reports.shelf import Shelf
from tests.cli.conftest import CommandLine
from tests.reports.samples import FACTS, facts


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("POSTBACKS_REPORTS", str(tmp_path / "reports"))
    return Shelf(tmp_path / "reports")


@pytest.fixture
def line() -> CommandLine:
    # Nobody answers there, and nobody is asked.
    return CommandLine("http://127.0.0.1:9")


def test_without_any_it_is_said_how_to_get_one(line: CommandLine, shelf: Shelf) -> None:
    assert "postbacks verify" in line.ok("reports")
    assert line.json("reports") == {"folder": str(shelf.folder), "reports": []}


def test_they_are_listed(line: CommandLine, shelf: Shelf) -> None:
    first = shelf.keep(FACTS, "page")
    second = shelf.keep(facts(command="contracts run", verdict="passed"), "page")
    said = line.ok("reports")
    assert "failed           3 of   4 MUST  verify" in said
    assert FACTS.target in said
    rows = line.json("reports")["reports"]
    assert {row["id"] for row in rows} == {first, second}
    assert {row["verdict"] for row in rows} == {"failed", "passed"}


@pytest.mark.parametrize("field", ["target", "verdict", "command"])
def test_what_came_from_outside_is_shown_as_text(
    field: str, line: CommandLine, shelf: Shelf
) -> None:
    shelf.keep(facts(**{field: "\x1b[31m\r\nred\u202e"}), "page")
    said = line.ok("reports")
    assert not set("\x1b\r\u202e") & set(said)


@pytest.mark.parametrize("is_there", [True, False])
def test_one_is_opened(
    is_there: bool, line: CommandLine, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = shelf.keep(FACTS, "page")
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or is_there)
    said = line.ok("reports", "--open", report_id)
    assert said.startswith(f"{shelf.path(report_id)}\n")
    assert ("no browser" in said) is not is_there
    assert opened == [shelf.path(report_id).as_uri()]
    shown = line.json("reports", "--open", report_id)
    assert shown == {"file": str(shelf.path(report_id)), "opened": is_there}


def test_one_is_forgotten(line: CommandLine, shelf: Shelf) -> None:
    first, second = shelf.keep(FACTS, "page"), shelf.keep(FACTS, "page")
    assert "is gone" in line.ok("reports", "--forget", first)
    assert line.json("reports", "--forget", second) == {"id": second, "forgotten": True}
    assert shelf.listed() == []


@pytest.mark.parametrize("option", ["--open", "--forget"])
def test_what_is_not_there_is_said(option: str, line: CommandLine, shelf: Shelf) -> None:
    assert "there is no report" in line.fails(1, "reports", option, "20260101T123000Z-00000000")
    assert "there is no report" in line.fails(1, "reports", option, "../../etc/passwd")


def test_two_things_at_once_are_refused(line: CommandLine, shelf: Shelf) -> None:
    assert "give one of them" in line.fails(2, "reports", "--open", "a", "--forget", "b")


def test_who_keeps_none_is_told_so() -> None:
    done = CliRunner().invoke(root, ["reports"], env={"POSTBACKS_REPORTS": "none"})
    assert done.exit_code == 2
    assert "POSTBACKS_REPORTS is 'none'" in done.stderr


def test_a_folder_that_cannot_be_read_is_one_line(
    line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("POSTBACKS_REPORTS", str(tmp_path / "file"))
    assert "cannot be read" in line.fails(1, "reports")
    assert json.loads(line.run("reports", "--json").stderr)["type"].endswith("reports-unusable")
