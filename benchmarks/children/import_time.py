"""Measures how long an import takes in a process that has imported nothing else.

Usage: `python -m benchmarks.children.import_time MODULE`. Prints milliseconds, and how many
modules came with it.
"""

from __future__ import annotations

import sys
from time import perf_counter


def main() -> None:
    """Import and print the figures."""
    [name] = sys.argv[1:]
    before = len(sys.modules)
    started = perf_counter()
    __import__(name)
    milliseconds = (perf_counter() - started) * 1e3
    count = len(sys.modules) - before
    print(f'{{"ms": {milliseconds}, "modules": {count}}}')


if __name__ == "__main__":
    main()
