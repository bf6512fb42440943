"""Clients that people really use: curl, Postman's runner, a form in a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import Sandbox
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer

TEMPLATE = "https://example.com/in?user={{User ID}}&event={{Message event}}"
ARGUMENTS = {
    "action": "addPostback",
    "appId": "YOUR_APP_ID",
    "clientKey": "YOUR_DATA_EXPORT_KEY",
    "apiVersion": "1.0.6",
    "type": "messageEvents",
    "postbackUrl": TEMPLATE,
}


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[ApiServer]:
    server = ApiServer(create_app(sandbox))
    server.start()
    yield server
    server.stop()


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"{names[0]} is not installed")
    return found


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("option", ["--data-urlencode", "--form"])
def test_curl(option: str, server: ApiServer, sandbox: Sandbox) -> None:
    command = [program("curl"), "-sS", "--noproxy", "*", f"{server.url}/api"]
    for name, value in ARGUMENTS.items():
        command += [option, f"{name}={value}"]
    answer = json.loads(run(command))
    assert answer["response"][0]["success"] is True
    assert [rule.url for rule in sandbox.postbacks()] == [TEMPLATE]


def test_postmans_runner(server: ApiServer, sandbox: Sandbox) -> None:
    variables = {
        "base": server.url,
        "appKey": "YOUR_APP_ID",
        "dataExportKey": "YOUR_DATA_EXPORT_KEY",
        "apiVersion": "1.0.6",
        "template": TEMPLATE,
    }
    command = [program("newman"), "run", str(Path(__file__).with_name("postman.json"))]
    for name, value in variables.items():
        command += ["--env-var", f"{name}={value}"]
    run([*command, "--reporters", "cli", "--disable-unicode"])
    assert sandbox.postbacks() == []
    assert sandbox.feed.last == 2


def test_a_form_in_a_browser(server: ApiServer, sandbox: Sandbox, tmp_path: Path) -> None:
    browser = program("chromium", "chromium-browser", "google-chrome")
    fields = "".join(
        f'<input name="{name}" value="{value.replace("&", "&amp;")}">'
        for name, value in ARGUMENTS.items()
    )
    page = tmp_path / "form.html"
    page.write_text(
        f'<form method="post" action="{server.url}/api">{fields}</form>'
        "<script>document.forms[0].submit()</script>"
    )
    shown = run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path}/profile",
         "--virtual-time-budget=5000", "--dump-dom", page.as_uri()]
    )  # fmt: skip
    assert '"success": true' in shown
    assert [rule.url for rule in sandbox.postbacks()] == [TEMPLATE]
