"""Starts a process that loads Locust: `python -m mockserver.load.child master`, or `worker`.

What sends is imported before Locust, which replaces what others import after it.
"""

from __future__ import annotations

import sys

from mockserver.load import job as job
from mockserver.load.lines import say

UNUSABLE = 2


def main() -> None:
    """Be a master or a worker, or say why this process cannot be one."""
    why = problem()
    if why:
        say({"kind": "failed", "why": why})
        sys.exit(UNUSABLE)
    from mockserver.load import master_process, worker_process

    {"master": master_process.main, "worker": worker_process.main}[sys.argv[1]]()


def problem() -> str:
    """Return why Locust cannot be loaded in this process; an empty text if it can."""
    if "gevent" in sys.modules:
        return (
            "gevent is loaded already, before Locust could prepare for it; look for what imports "
            "it when Python starts (sitecustomize.py, a .pth file)"
        )
    return ""


if __name__ == "__main__":
    main()
