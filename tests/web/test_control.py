"""The control API is what lies in its folder, and the client can do all of it."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import pytest

from mockserver import Sandbox
from mockserver.client.sandbox_client import SandboxClient
from mockserver.web import control


def test_a_new_file_is_a_new_resource(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "greeting.py").write_text(
        "from mockserver.web.routes import ControlRoute\n"
        "def routes(sandbox):\n"
        "    return [ControlRoute('GET', 'greeting', 'Greets.', lambda: {}, dict[str, str])]\n"
    )
    monkeypatch.setattr(control, "__path__", [*control.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "mockserver.web.control.greeting", raising=False)
    paths = [route.path for route in control.control_routes(sandbox)]
    assert paths[-2:] == ["greeting", "openapi.json"]


def test_every_operation_has_a_method_of_the_client(sandbox: Sandbox) -> None:
    """So that a command, a test or a case need not write its path again."""
    source = "".join(map(inspect.getsource, (SandboxClient, *SandboxClient.__bases__)))
    for route in control.control_routes(sandbox):
        if not route.deprecated and route.path != "openapi.json":
            path = re.sub(r"<[^>]*>", "VALUE", route.path)
            written = re.escape(path).replace("VALUE", r"\{[^\"]*\}")
            assert re.search(f'"(/_sandbox/)?{written}"', source), (
                f"the client has no method for {route.path}"
            )
