"""Tests that pytest says which package hides which, whichever wins, and nothing without need."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.postbacks_entry.sites import installed, mockserver_client, package, python

_PYTEST = (
    "import sys, pytest; sys.path[:] = [each for each in sys.path if each]; "
    "sys.exit(pytest.main(sys.argv[1:]))"
)
_QUIET = ["-q", "-p", "no:cacheprovider"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which this project is installed."""
    return installed(tmp_path_factory.mktemp("installed") / "site")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with a package `mockserver` and a test that wants nothing of us."""
    folder = tmp_path / "project"
    package(folder, "mockserver", "")
    (folder / "mockserver" / "thing.py").write_text("x = 1\n")
    (folder / "test_plain.py").write_text("def test_it(): ...\n")
    return folder


def module(site: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m pytest`: the folder of the project comes first."""
    return python("-m", "pytest", *_QUIET, *arguments, path=[site], cwd=project)


def script(site: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `pytest`: the folder of the project is on the path when its tests are imported."""
    return python("-c", _PYTEST, *_QUIET, *arguments, path=[site], cwd=project)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert len(lines) == 1, lines
    assert lines[0].startswith("ERROR: ")
    return lines[0]


def test_a_package_of_the_project_that_comes_first(site: Path, project: Path) -> None:
    told = one_line(module(site, project))
    assert f"{project / 'mockserver/__init__.py'} hides the package mockserver" in told
    assert "-p no:mockserver" in told


def test_a_single_file_that_comes_first(site: Path, tmp_path: Path) -> None:
    (tmp_path / "mockserver.py").write_text("raise SystemExit('this was run')")
    (tmp_path / "test_it.py").write_text("def test_it(): ...\n")
    assert f"{tmp_path / 'mockserver.py'} hides" in one_line(module(site, tmp_path))


def test_without_the_fixtures_the_project_runs(site: Path, project: Path) -> None:
    (project / "test_own.py").write_text("from mockserver.thing import x\ndef test_own(): ...\n")
    (project / "test_bad.py").write_text("def test_bad():\n    from mockserver import Sandbox\n")
    done = module(site, project, "-p", "no:mockserver")
    assert "1 failed, 2 passed" in done.stdout
    assert "Packages of postbacks" not in done.stdout


@pytest.mark.parametrize(
    "source",
    [
        "from mockserver.thing import x\ndef test_it(): ...",
        "def test_it():\n    import mockserver.thing",
        "def test_it():\n    from mockserver import thing",
        "def test_it():\n    import mockserver\n    mockserver.thing",
        "import pytest\n@pytest.fixture\ndef made():\n    import mockserver.thing\n"
        "def test_it(made): ...",
        "def test_it():\n    try:\n        import mockserver.thing\n"
        "    except ImportError as error:\n        raise RuntimeError from error",
    ],
)
@pytest.mark.parametrize("is_namespace", [False, True])
def test_a_package_of_the_project_that_ours_hides(
    site: Path, project: Path, source: str, is_namespace: bool
) -> None:
    if is_namespace:
        (project / "mockserver" / "__init__.py").unlink()
    (project / "test_it.py").write_text(f"{source}\n")
    shown = " ".join(script(site, project, "test_it.py").stdout.split())
    told = f"the package mockserver of postbacks ({site / 'mockserver'}) hides"
    assert f"{told} {project / 'mockserver'}, because it was imported first" in shown


def test_a_conftest_that_ours_hides_something_from(site: Path, project: Path) -> None:
    (project / "conftest.py").write_text("import mockserver.thing\n")
    told = one_line(script(site, project))
    assert str(project / "conftest.py") in told
    assert f"hides {project / 'mockserver'}" in told


def test_a_path_of_the_ini_file(site: Path, project: Path) -> None:
    (project / "src").mkdir()
    (project / "mockserver").rename(project / "src" / "mockserver")
    (project / "pytest.ini").write_text("[pytest]\npythonpath = src\n")
    (project / "test_it.py").write_text("import mockserver.thing\ndef test_it(): ...\n")
    done = script(site, project, "test_it.py")
    # Which is first depends on the version of pytest.
    shown = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "hides" in shown
    assert str(project / "src" / "mockserver") in shown


def test_contracts_of_the_project(site: Path, tmp_path: Path) -> None:
    own = package(tmp_path, "contracts", "")
    (tmp_path / "test_it.py").write_text(
        "def test_ours():\n    from contracts.strategies import events\n"
        "def test_theirs():\n    from contracts import order\n"
    )
    shown = " ".join(module(site, tmp_path).stdout.split())
    # Their own mistakes are not ours to explain.
    assert shown.count("Packages of postbacks") == 1
    assert f"{own} hides the package contracts of postbacks" in shown


def test_other_mistakes_are_left_alone(site: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_name():\n    import mockserver\n    mockserver.Sanbox\n"
        "def test_module():\n    import mockserver.tseting\n"
        "def test_other():\n    import nothing_of_this_name\n"
    )
    shown = script(site, tmp_path).stdout
    assert "3 failed" in shown
    assert "Packages of postbacks" not in shown


def test_the_client_of_mockserver_after_ours(tmp_path: Path) -> None:
    site = installed(tmp_path / "site")
    mockserver_client(site)
    (tmp_path / "test_it.py").write_text("def test_it(): ...\n")
    assert "mockserver-client 9.2.0" in one_line(script(site, tmp_path, "test_it.py"))
    assert "1 passed" in script(site, tmp_path, "test_it.py", "-p", "no:mockserver").stdout


def test_the_client_of_mockserver_before_ours(tmp_path: Path) -> None:
    site = tmp_path / "site"
    mockserver_client(site)
    for name in ("mockserver/__init__.py", "mockserver/pytest_plugin.py"):
        (site / name).unlink()
    (site / "mockserver").rmdir()
    installed(site)
    (tmp_path / "test_it.py").write_text("def test_it(leanplum): ...\n")
    done = script(site, tmp_path, "test_it.py")
    assert ("1 passed" in done.stdout, done.stderr) == (True, "")
