"""Offers `postbacks mcp`, by which a coding agent uses a sandbox."""

from __future__ import annotations

from contextlib import ExitStack

import click

from mockserver.cli.session import Session, own_sandbox_options
from mockserver.core.errors import PostbacksError


class McpMissing(PostbacksError):
    """The package that speaks the protocol is not installed."""

    code = "mcp-missing"


@click.command(short_help="Let a coding agent use a sandbox (MCP, over stdio).")
@own_sandbox_options
@click.pass_obj
def mcp(session: Session) -> None:
    """Serve ten tools over stdin and stdout by the Model Context Protocol.

    An agent starts this command by itself: name `postbacks mcp` in its settings. With --url it uses
    a sandbox that runs already; without, one in memory is started, on a clock that stands still.
    """
    try:
        from mockserver.agents.server import create_server
    except ImportError as error:
        if not (error.name or "").startswith("mcp"):
            raise
        raise McpMissing(
            "`postbacks mcp` needs the package mcp; install it: "
            "python -m pip install 'postbacks[mcp]'"
        ) from None
    with ExitStack() as stack:
        if session.url is None:
            from mockserver.live import LiveSandbox

            session.url = stack.enter_context(LiveSandbox()).url
        create_server(session.client).run("stdio")
