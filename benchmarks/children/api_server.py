"""Serves the API as `postbacks serve --ephemeral` does, but with room for many rules.

Usage: `python -m benchmarks.children.api_server`.
"""

from __future__ import annotations

from benchmarks.children.serving import announce, wait_for_the_end
from mockserver.core.models import App
from mockserver.sandbox import Sandbox
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer

LISTED_URL = "https://example.com/in?user={{User ID}}&time={{Trigger time}}"


def main() -> None:
    """Serve until standard input is closed."""
    # Three are there to be listed; the load adds one for each of its connections.
    with Sandbox(apps=[App(rule_limit=1000)]) as sandbox:
        for _ in range(3):
            sandbox.add_postback(LISTED_URL)
        server = ApiServer(create_app(sandbox))
        server.start()
        announce(server.port)
        wait_for_the_end()
        server.stop()


if __name__ == "__main__":
    main()
