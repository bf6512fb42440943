"""What the documentation tells people to import can be imported from there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import mockserver
import mockserver.client
import mockserver.testing

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

#: Named in the documentation without an import, or known to be imported by scripts of users.
KNOWN = {
    "contracts.partner_machine": ["PartnerStateMachine"],
    "contracts.strategies": [],
    "mockserver": mockserver.__all__,
    "mockserver.client": ["SandboxClient", *mockserver.client.__all__],
    "mockserver.client.sandbox_client": ["Refused", "SandboxClient"],
    "mockserver.client.wire": ["DEFAULT_URL", "HttpWire", "Reply", "Wire", "WsgiWire"],
    "mockserver.core.errors": ["PostbacksError"],
    "mockserver.live": ["LiveSandbox"],
    "mockserver.pytest_plugin": ["leanplum_server"],
    "mockserver.receiver.behaviours": ["Hang", "Redirect", "StatusAnswer", "parse_script"],
    "mockserver.testing": mockserver.testing.__all__,
    "mockserver.web.shapes": ["AdvanceRequest", "EventRequest"],
}


#: It replaces sockets and threads of its process, so it is imported in another one.
REPLACES_SOCKETS = ("mockserver.load.locust_user",)


def imports_in(code: str) -> set[tuple[str, str]]:
    """Return module and name of what a piece of code imports of our packages."""
    return {
        (node.module, alias.name)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom)
        and node.module
        and node.module.split(".")[0] in ("mockserver", "contracts")
        for alias in node.names
    }


def documented() -> list[tuple[str, str]]:
    found = {(module, name) for module, names in KNOWN.items() for name in ["", *names]}
    for page in PAGES:
        for code in re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S):
            found |= imports_in(code)
    for example in (ROOT / "tests" / "examples").rglob("*.py"):
        found |= imports_in(example.read_text("utf-8"))
    return sorted(found)


@pytest.mark.parametrize(("module", "name"), documented())
def test_a_documented_import_works(module: str, name: str) -> None:
    if module in REPLACES_SOCKETS:
        if find_spec("locust") is None:
            pytest.skip("locust is not installed (the extra `load`)")
        code = f"from {module} import {name}" if name else f"import {module}"
        subprocess.run([sys.executable, "-c", code], check=True)
        return
    imported = import_module(module)
    assert not name or hasattr(imported, name)


def test_documented_imports_are_found() -> None:
    assert {
        ("mockserver", "Sandbox"),
        ("mockserver.testing", "Leanplum"),
        ("contracts.partner_machine", "PartnerStateMachine"),
    } <= set(documented())


@pytest.mark.parametrize("package", [mockserver, mockserver.client, mockserver.testing])
def test_what_does_not_exist_is_said_so(package: object) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        package.Nonsense  # type: ignore[attr-defined]  # noqa: B018
