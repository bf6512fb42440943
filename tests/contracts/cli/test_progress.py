"""A bar is for people at a terminal, and for nobody else."""

from __future__ import annotations

import pytest

from contracts.cli.progress import bar
from mockserver.cli.output import Output


def worked(*, as_json: bool = False) -> None:
    with bar(Output(as_json=as_json), 3) as shown:
        shown.show("PB-1")
        shown.advance()
        shown.tell("FAIL PB-1: a title")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.usefixtures("terminal")
def test_a_terminal_sees_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    worked()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "FAIL PB-1: a title\n" in shown.err
    assert "1/3" in shown.err
    assert "PB-1" in shown.err.replace("FAIL PB-1", "")


@pytest.mark.usefixtures("terminal")
def test_who_asked_for_json_sees_none(capsys: pytest.CaptureFixture[str]) -> None:
    worked(as_json=True)
    assert capsys.readouterr() == ("", "")


def test_a_file_gets_none(capsys: pytest.CaptureFixture[str]) -> None:
    worked()
    assert capsys.readouterr() == ("", "")
