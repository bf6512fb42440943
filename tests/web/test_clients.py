"""Clients that people really use: curl, Postman's runner, a form in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import Sandbox
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.web.browsing import pages, program, run, shown_in_browser

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
    kinds = [happening.kind for happening in sandbox.feed.after(0)]
    assert (kinds.count("rule"), kinds.count("call")) == (2, 3)


FIELDS = "".join(
    f'<input name="{name}" value="{value.replace("&", "&amp;")}">'
    for name, value in ARGUMENTS.items()
)


def form_to(server: ApiServer) -> str:
    """Return a page whose form is sent as soon as it is shown."""
    return (
        f'<form method="post" action="{server.url}/api">{FIELDS}</form>'
        "<script>document.forms[0].submit()</script>"
    )


def test_a_form_in_a_browser(server: ApiServer, sandbox: Sandbox, tmp_path: Path) -> None:
    """As a developer tries it out: on a page of another port, under another name of loopback."""
    with pages({"/form": form_to(server)}) as port:
        shown = shown_in_browser(f"http://localhost:{port}/form", tmp_path)
    assert '"success": true' in shown
    assert [rule.url for rule in sandbox.postbacks()] == [TEMPLATE]


def test_a_form_in_a_file_is_refused(server: ApiServer, sandbox: Sandbox, tmp_path: Path) -> None:
    page = tmp_path / "form.html"
    page.write_text(form_to(server))
    shown = shown_in_browser(page.as_uri(), tmp_path)
    assert "Origin: null, as from a file" in shown
    assert "by POST from a page at http://localhost" in shown
    assert sandbox.postbacks() == []
