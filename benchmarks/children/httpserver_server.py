"""Serves the peer of the receiver: pytest-httpserver with one handler that answers 200.

Usage: `python -m benchmarks.children.httpserver_server`. It keeps every request, as it does
by default.
"""

from __future__ import annotations

from importlib import import_module

from benchmarks.children.serving import announce, wait_for_the_end


def main() -> None:
    """Serve until standard input is closed."""
    # By name, so that a type check does not need it.
    server = import_module("pytest_httpserver").HTTPServer()
    server.expect_request("/inbox/bench").respond_with_data("")
    server.start()
    announce(server.port)
    wait_for_the_end()
    server.stop()


if __name__ == "__main__":
    main()
