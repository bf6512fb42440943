"""Tests that `postbacks` runs, or says in one line which other package stands in its way."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.postbacks_entry.sites import ROOT, installed, mockserver_client, package, python

COMMAND = "import sys; sys.argv[0] = 'postbacks'; from postbacks_entry.command import main; main()"


def postbacks(*arguments: str, path: list[Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    return python("-c", COMMAND, *arguments, path=path, cwd=cwd)


def test_it_runs_beside_a_folder_of_data(tmp_path: Path) -> None:
    (tmp_path / "mockserver").mkdir()
    done = postbacks("--version", path=[ROOT], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("postbacks ")


def test_another_package_is_one_line(tmp_path: Path) -> None:
    other = package(tmp_path, "mockserver")
    for arguments in (["--version"], [], ["doctor"], ["verify", "http://127.0.0.1:9/"]):
        done = postbacks(*arguments, path=[tmp_path, ROOT], cwd=Path("/"))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"postbacks: {other} hides the package mockserver")
        assert done.stderr.count("\n") == 1


def test_another_package_is_a_problem_in_json(tmp_path: Path) -> None:
    other = package(tmp_path, "mockserver")
    done = postbacks("events", "--json", path=[tmp_path, ROOT], cwd=Path("/"))
    problem = json.loads(done.stderr)
    assert problem["type"] == "urn:postbacks:problem:package-hidden"
    assert str(other) in problem["detail"]


def test_a_distribution_that_came_later_is_one_line(tmp_path: Path) -> None:
    site = installed(tmp_path / "site")
    mockserver_client(site)
    done = postbacks("--version", path=[site], cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "mockserver-client 9.2.0" in done.stderr


def test_commands_of_the_suite_say_what_hides_it(tmp_path: Path) -> None:
    other = package(tmp_path, "contracts")
    for arguments in (["verify", "http://127.0.0.1:9/x", "--dry-run"], ["contracts", "list"]):
        done = postbacks(*arguments, path=[tmp_path, ROOT], cwd=Path("/"))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"postbacks: {other} hides the package contracts")
        assert done.stderr.count("\n") == 1
    # All others work.
    assert postbacks("--help", path=[tmp_path, ROOT], cwd=Path("/")).returncode == 0
    assert postbacks("demo", path=[tmp_path, ROOT], cwd=Path("/")).returncode == 0


def test_the_doctor_says_what_hides_it(tmp_path: Path) -> None:
    other = package(tmp_path, "contracts")
    done = postbacks("doctor", "--json", path=[tmp_path, ROOT], cwd=Path("/"))
    assert done.returncode == 1
    checks = json.loads(done.stdout)["checks"]
    [failed] = [each for each in checks if not each["passed"]]
    assert failed["name"] == "packages"
    assert f"{other} hides the package contracts" in failed["detail"]


def test_the_doctor_names_who_installs_the_same(tmp_path: Path) -> None:
    client = tmp_path / "client"
    mockserver_client(client)
    # Ours came later, and works; theirs does not any more.
    done = postbacks("doctor", "--json", path=[ROOT, client], cwd=tmp_path)
    [failed] = [each for each in json.loads(done.stdout)["checks"] if not each["passed"]]
    assert "mockserver-client 9.2.0" in failed["detail"]
