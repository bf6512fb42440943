"""`postbacks mcp` serves an agent over stdio, and says what it needs."""

from __future__ import annotations

import sys

import anyio
import pytest
from click.testing import CliRunner

from mockserver.cli.root import root
from mockserver.live import LiveSandbox

pytest.importorskip("mcp", reason="mcp is not installed")

from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client


def state_of(*arguments: str) -> dict[str, object]:
    """Return the state that an agent sees which starts the command with these arguments."""
    seen: dict[str, object] = {}

    async def use() -> None:
        words = ["-m", "mockserver", "mcp", *arguments]
        command = StdioServerParameters(command=sys.executable, args=words)
        async with stdio_client(command) as streams, ClientSession(*streams) as session:
            await session.initialize()
            seen.update((await session.call_tool("state", {})).structured_content or {})

    anyio.run(use)
    return seen


def test_it_starts_a_sandbox_of_its_own() -> None:
    state = state_of()
    assert state["clock"] == "manual"
    assert str(state["api_url"]).startswith("http://127.0.0.1:")


def test_it_uses_the_one_that_it_is_given() -> None:
    with LiveSandbox() as live:
        live.sandbox.inbox("known").behave("503")
        state = state_of("--url", live.url)
        assert state["api_url"] == f"{live.url}/api"
        assert "known" in str(state["inboxes"])


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    monkeypatch.delitem(sys.modules, "mockserver.agents.server", raising=False)
    result = CliRunner().invoke(root, ["mcp"])
    assert result.exit_code == 1
    assert "python -m pip install 'postbacks[mcp]'" in result.stderr
