"""Serves the API as `postbacks serve --ephemeral` does, but with room for many rules.

Usage: `python -m benchmarks.children.api_server [memory|sqlite]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.children.serving import announce, wait_for_the_end
from mockserver.core.models import App
from mockserver.ledger.opening import IN_MEMORY, open_ledger
from mockserver.sandbox import Sandbox
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer

LISTED_URL = "https://example.com/in?user={{User ID}}&time={{Trigger time}}"


def main() -> None:
    """Serve until standard input is closed."""
    kind = sys.argv[1] if len(sys.argv) > 1 else "memory"
    with TemporaryDirectory(prefix="postbacks-api-") as folder:
        serve(IN_MEMORY if kind == "memory" else Path(folder, "ledger.db"))


def serve(place: str | Path) -> None:
    """Serve a ledger until standard input is closed."""
    # Three are there to be listed; the load adds one for each of its connections.
    with Sandbox(apps=[App(rule_limit=1000)], ledger=open_ledger(place)) as sandbox:
        for _ in range(3):
            sandbox.add_postback(LISTED_URL)
        server = ApiServer(create_app(sandbox))
        server.start()
        announce(server.port)
        wait_for_the_end()
        server.stop()


if __name__ == "__main__":
    main()
