"""Tests that whatever has one of our names is told from ours, and named, without being run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from postbacks_entry.origin import HOME, PACKAGES, claims, hidden_by_ours, is_ours, problem_of
from tests.postbacks_entry.sites import (
    ROOT,
    distribution,
    installed,
    mockserver_client,
    package,
    python,
)

ASK = "import sys; from postbacks_entry.origin import problem_of; print(problem_of(sys.argv[1]))"
NAMES = pytest.mark.parametrize("name", PACKAGES)


def asked(name: str, path: list[Path], cwd: Path) -> str:
    # This environment has ours as well.
    done = python("-S", "-c", ASK, name, path=path, cwd=cwd)
    assert (done.stderr, done.stdout.count("\n")) == ("", 1)
    return done.stdout.strip()


@NAMES
def test_ours_is_ours(name: str, tmp_path: Path) -> None:
    assert problem_of(name) is None
    assert asked(name, [ROOT], tmp_path) == "None"
    assert asked(name, [installed(tmp_path / "site")], tmp_path) == "None"


@NAMES
def test_what_a_package_begins_with_is_known(name: str) -> None:
    assert (ROOT / name / "__init__.py").read_text().startswith(PACKAGES[name])


@NAMES
def test_a_package_before_ours(name: str, tmp_path: Path) -> None:
    other = package(tmp_path / "project", name)
    told = asked(name, [other.parent.parent, ROOT], tmp_path)
    assert told.startswith(f"{other} hides the package {name} of postbacks ({ROOT / name})")
    assert "rename it" in told
    # After ours it does no harm.
    assert asked(name, [ROOT, other.parent.parent], tmp_path) == "None"


@NAMES
def test_a_package_in_the_current_folder(name: str, tmp_path: Path) -> None:
    other = package(tmp_path, name)
    assert asked(name, [ROOT], tmp_path).startswith(f"{other} hides")


@NAMES
def test_a_single_file_before_ours(name: str, tmp_path: Path) -> None:
    other = tmp_path / f"{name}.py"
    other.write_text("raise SystemExit('this was run')")
    assert asked(name, [ROOT], tmp_path).startswith(f"{other} hides")


@NAMES
def test_a_folder_that_is_no_package_hides_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "thing.py").touch()
    assert asked(name, [tmp_path, ROOT], tmp_path) == "None"


@NAMES
def test_a_link_to_ours_is_ours(name: str, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to(ROOT / name)
    assert asked(name, [tmp_path, ROOT], tmp_path) == "None"


def test_a_distribution_that_came_later_is_named(tmp_path: Path) -> None:
    site = installed(tmp_path / "site")
    mockserver_client(site)
    told = asked("mockserver", [site], tmp_path)
    assert told.startswith(f"{site / 'mockserver/__init__.py'} of postbacks was overwritten by ")
    assert "mockserver-client 9.2.0" in told
    assert "--force-reinstall" in told


@NAMES
def test_a_package_that_was_uninstalled_with_another(name: str, tmp_path: Path) -> None:
    site = installed(tmp_path / "site")
    (site / name / "__init__.py").unlink()
    told = asked(name, [site], tmp_path / "site")
    assert told.startswith(f"{site / name / '__init__.py'} of postbacks is missing")


@NAMES
def test_a_package_that_was_overwritten_by_nobody_known(name: str, tmp_path: Path) -> None:
    site = installed(tmp_path / "site")
    package(site, name)
    assert "is not that of postbacks" in asked(name, [site], tmp_path)


@NAMES
def test_a_package_in_an_archive(name: str, tmp_path: Path) -> None:
    site = installed(tmp_path / "site")
    archive = shutil.make_archive(str(tmp_path / "site"), "zip", site)
    assert asked(name, [Path(archive)], tmp_path) == "None"


@NAMES
def test_a_package_that_was_imported_already(name: str, tmp_path: Path) -> None:
    other = package(tmp_path, name, "")
    ask = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {name}; sys.path.pop(0); {ASK}"
    )
    done = python("-c", ask, name, path=[ROOT], cwd=Path("/"))
    assert done.stdout.startswith(f"{other} hides")


def test_others_that_install_such_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, record in enumerate(
        ["mockserver/__init__.py,,", "x/mockserver/__init__.py,,", "a\nmockserver/__init__.py"]
    ):
        distribution(tmp_path, f"other-{number}", "1", record=f"{record}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert claims("mockserver") == ["other-0 1", "other-2 1"]
    assert claims("contracts") == []


@NAMES
def test_what_ours_hides(name: str, tmp_path: Path) -> None:
    assert hidden_by_ours(name, [HOME, str(tmp_path)]) is None
    (tmp_path / name).mkdir()
    assert hidden_by_ours(name, [HOME, str(tmp_path)]) is None
    (tmp_path / name / "thing.py").touch()
    assert hidden_by_ours(name, [HOME, str(tmp_path)]) == str(tmp_path / name)
    (tmp_path / f"{name}.py").touch()
    assert hidden_by_ours(name, [HOME, str(tmp_path)]) == str(tmp_path / f"{name}.py")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mockserver", True),
        ("mockserver.testing", True),
        ("mockserver.core.retry", True),
        ("mockserver.Sandbox", True),
        ("mockserver.MockServerClient", False),
        ("mockserver.thing", False),
        ("contracts.strategies", True),
        ("contracts.models", False),
        ("contracts.models.Order", False),
    ],
)
def test_what_is_ours(name: str, expected: bool) -> None:
    assert is_ours(name) is expected
