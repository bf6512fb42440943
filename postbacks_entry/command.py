"""Starts the command `postbacks`, or says why it cannot be what was installed."""

from __future__ import annotations

import sys

#: What `postbacks` ends with when it cannot be loaded, as for wrong usage.
UNUSABLE = 2


def main() -> None:
    """Run the command line on the process's arguments, and exit."""
    # Before all other imports.
    from postbacks_entry.interrupts import end_at_interrupt

    end_at_interrupt()
    from postbacks_entry.origin import problem_of

    problem = problem_of("mockserver")
    if problem is not None:
        _tell(problem)
        sys.exit(UNUSABLE)
    from mockserver.cli import main as run

    run()


def _tell(problem: str) -> None:
    text = f"postbacks: {problem}"
    if "--json" in sys.argv:
        import json

        kind = "package-hidden"
        text = json.dumps(
            {
                "type": f"urn:postbacks:problem:{kind}",
                "title": kind.replace("-", " ").capitalize(),
                "status": 400,
                "detail": problem,
            }
        )
    print(text, file=sys.stderr)
