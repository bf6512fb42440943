"""What build servers run is run here, as far as it goes without them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from flask import Flask, request

from mockserver.web.server import ApiServer

ROOT = Path(__file__).parents[2]
URL = "/in?user={{User ID}}&device={{Device ID}}&event={{Message event}}&at={{Trigger time}}"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An endpoint that is good below /in, and refuses what has no device below /refusing."""
    app = Flask("endpoint")

    @app.post("/in")
    def receive() -> tuple[str, int]:
        return "", 204

    @app.post("/refusing")
    def refuse() -> tuple[str, int]:
        return ("", 204) if request.args["device"] else ("no device", 400)

    server = ApiServer(app)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def bash(tmp_path: Path) -> Any:
    """Run a script as a build server does, with our command on the path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    ours = programs / "postbacks"
    ours.write_text(f'#!/bin/sh\nexec {sys.executable} -m mockserver "$@"\n')
    ours.chmod(0o755)

    def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", **environment},
            capture_output=True,
            text=True,
        )

    return run


def action() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return document


def step(name: str) -> dict[str, Any]:
    (found,) = [each for each in action()["runs"]["steps"] if each["name"] == name]
    return dict(found)


def verify(bash: Any, tmp_path: Path, url: str, options: str = "") -> Any:
    return bash(
        step("Verify")["run"],
        INPUT_URL=url,
        INPUT_OPTIONS=options,
        INPUT_REPORTS="reports",
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"),
    )


def test_the_action_lets_a_good_endpoint_pass(bash: Any, tmp_path: Path, endpoint: str) -> None:
    done = verify(bash, tmp_path, endpoint + URL, "--case\nPB-VALUES-EMPTY\n\n")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "reports" / "report.json").read_text())
    assert [case["id"] for case in report["cases"]] == ["PB-VALUES-EMPTY"]
    assert ElementTree.parse(tmp_path / "reports" / "report.xml").getroot().tag == "testsuites"
    assert "<html" in (tmp_path / "reports" / "report.html").read_text()
    assert (tmp_path / "summary.md").read_text().startswith("## Endpoint report: ")


def test_the_action_annotates_what_fails(bash: Any, tmp_path: Path, endpoint: str) -> None:
    url = endpoint + URL.replace("/in?", "/refusing?")
    done = verify(bash, tmp_path, url, "--case\nPB-VALUES-EMPTY")
    assert done.returncode == 1, done.stderr
    # GitHub reads both streams.
    assert "::error title=PB-VALUES-EMPTY" in done.stderr
    assert "PB-VALUES-EMPTY" in (tmp_path / "summary.md").read_text()


def test_an_input_is_never_part_of_a_script() -> None:
    for each in action()["runs"]["steps"]:
        assert "${{" not in each.get("run", "")


def test_an_input_runs_nothing(bash: Any, tmp_path: Path) -> None:
    done = verify(bash, tmp_path, "$(touch harm)`touch harm`", "; touch harm")
    assert done.returncode == 2
    assert not (tmp_path / "harm").exists()


def test_without_a_url_it_is_wrong_usage(bash: Any, tmp_path: Path) -> None:
    assert verify(bash, tmp_path, "").returncode == 2


def test_every_input_is_handed_over() -> None:
    handed = {value.split("inputs.")[1].split(" ")[0] for value in step("Verify")["env"].values()}
    assert handed == set(action()["inputs"])


@pytest.mark.parametrize(("path", "code"), [("/in?", 0), ("/refusing?", 1)])
def test_the_job_for_gitlab(bash: Any, tmp_path: Path, endpoint: str, path: str, code: int) -> None:
    text = (ROOT / "ci-templates" / "gitlab-verify.yml").read_text()
    job = yaml.safe_load(text)[".postbacks-verify"]
    (script,) = job["script"]
    done = bash(
        script,
        POSTBACK_URL=endpoint + URL.replace("/in?", path),
        VERIFY_OPTIONS="--case PB-VALUES-EMPTY",
    )
    assert done.returncode == code, done.stderr
    for file in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
        assert (tmp_path / file).exists()
