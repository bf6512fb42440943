"""Serves the project's receiver, with the default bound of its journal.

Usage: `python -m benchmarks.children.receiver_server`.
"""

from __future__ import annotations

from benchmarks.children.serving import announce, wait_for_the_end
from mockserver.receiver.inboxes import Inboxes
from mockserver.receiver.server import Receiver


def main() -> None:
    """Serve until standard input is closed."""
    receiver = Receiver(Inboxes())
    receiver.start()
    announce(receiver.port)
    wait_for_the_end()
    receiver.stop()


if __name__ == "__main__":
    main()
