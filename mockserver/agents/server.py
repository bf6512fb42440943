"""Serves the tools to an agent over stdin and stdout, by the Model Context Protocol.

It needs the package `mcp`, which this module alone imports.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from mockserver.agents.explaining import explain_case
from mockserver.agents.pages import docs
from mockserver.agents.tools import SandboxTools
from mockserver.agents.verifying import Verifier
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import PostbacksError
from mockserver.version import __version__

_INSTRUCTIONS = (
    "Leanplum's side of postbacks, on this machine: rules (postbackUrl templates), events, "
    "deliveries and retries on a clock that you turn. Begin with `state`. To test an endpoint: "
    "`verify_endpoint`, mend what fails, verify again. To write tests with pytest: `docs`, page "
    "`testing`."
)

_LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
#: It makes attempts, which cannot be taken back, or sends to an endpoint.
_SENDS = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True)


def create_server(client: SandboxClient) -> MCPServer[Any]:
    """Return the server of the tools.

    Args:
        client: Of the sandbox that they are about.
    """
    server: MCPServer[Any] = MCPServer(
        "postbacks", version=__version__, instructions=_INSTRUCTIONS, log_level="ERROR"
    )
    tools = SandboxTools(client)
    for tool, hints in (
        (tools.state, _LOOKS),
        (tools.trigger, _SENDS),
        (tools.advance, _SENDS),
        (tools.deliveries, _LOOKS),
        (tools.inbox, _LOOKS),
        (tools.behave, _ADDS),
        (tools.add_rule, _ADDS),
        (Verifier().verify_endpoint, _SENDS),
        (explain_case, _LOOKS),
        (docs, _LOOKS),
    ):
        server.add_tool(_explained(tool), annotations=hints)
    return server


def _explained(tool: Callable[..., Any]) -> Callable[..., Any]:
    """Return a tool whose refusals are told to the agent as they are."""

    @wraps(tool)
    def explained(*arguments: Any, **named: Any) -> Any:
        try:
            return tool(*arguments, **named)
        except PostbacksError as error:
            raise ToolError(str(error)) from None

    return explained
