"""Where the reports of a machine are, and that a user may have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.reports.place import reports_folder


def test_it_is_in_the_state_directory_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = reports_folder({})
    assert folder is not None
    assert folder.parts[-2:] == ("postbacks", "reports")


@pytest.mark.parametrize("given", ["", " "])
def test_an_empty_variable_is_none(given: str) -> None:
    assert reports_folder({"POSTBACKS_REPORTS": given}) == reports_folder({})


@pytest.mark.parametrize("given", ["none", "NONE", " none "])
def test_a_user_may_want_none(given: str) -> None:
    assert reports_folder({"POSTBACKS_REPORTS": given}) is None


def test_another_folder_is_whole_wherever_it_is_asked_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert reports_folder({"POSTBACKS_REPORTS": "kept"}) == tmp_path / "kept"
    assert reports_folder({"POSTBACKS_REPORTS": str(tmp_path)}) == tmp_path
