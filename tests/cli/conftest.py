"""A live sandbox on a manual clock, and the command line pointed at it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockserver import Sandbox, SocketOptions
from mockserver.cli.root import root
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer


@dataclass(frozen=True)
class Live:
    """A sandbox that answers over HTTP."""

    sandbox: Sandbox
    url: str

    def inbox_url(self, path: str) -> str:
        return f"{self.sandbox.receiver_url}/inbox/{path}"


@pytest.fixture
def live() -> Iterator[Live]:
    with Sandbox(sockets=SocketOptions()) as sandbox:
        server = ApiServer(create_app(sandbox))
        server.start()
        try:
            yield Live(sandbox, server.url)
        finally:
            sandbox.feed.close()
            server.stop()


class CommandLine:
    """Runs commands; what is expected of them is checked at once."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(
            root, list(arguments), env={"POSTBACKS_URL": self.url, "COLUMNS": "80"}
        )

    def ok(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        assert result.stderr == ""
        return result.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ok(*arguments, "--json"))

    def fails(self, code: int, *arguments: str) -> str:
        """Return the one line that a failing command is worth."""
        result = self.run(*arguments)
        assert result.exit_code == code, result.output
        assert isinstance(result.exception, SystemExit)
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith("postbacks: ")
        return result.stderr.removeprefix("postbacks: ").rstrip("\n")


@pytest.fixture
def postbacks(live: Live) -> CommandLine:
    return CommandLine(live.url)


@pytest.fixture
def add_rule(live: Live) -> Callable[..., int]:
    def add(inbox: str = "crm", **settings: Any) -> int:
        url = live.inbox_url(f"{inbox}?user={{{{User ID}}}}&event={{{{Message event}}}}")
        return live.sandbox.add_postback(url, **settings).postback_id

    return add
