"""Runs benchmarks, prints their figures and keeps them: `python -m benchmarks [NAME ...]`.

Nothing of the project is imported here: a benchmark is imported when it is run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import Bystanders, machine
from benchmarks.measure import Benchmark, Skipped, run
from benchmarks.report import as_json, as_text, write_readme

_DESCRIPTION = "Run benchmarks, print their figures and keep them."

#: In the order in which they are run; each is the module of its name.
NAMES = (
    "rendering",
    "default",
    "stored",
    "million",
    "load",
    "plan",
    "delivery",
    "latency",
    "receiver",
    "api",
    "startup",
    "fixtures",
    "realistic",
    "verification",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; return the exit status: 1 if a case failed."""
    options = _parser().parse_args(arguments)
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        print(f"unknown benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print(f"{machine()}\n")
    documents = []
    status = 0
    for name in options.names or NAMES:
        print(f"{name} ...", file=sys.stderr)
        bystanders = Bystanders()
        try:
            with load(name)(options.scale) as plan:
                report = run(plan, options.rounds)
        except Skipped as skipped:
            print(f"{name} skipped: {skipped}\n")
            continue
        others = bystanders.share()
        print(as_text(name, report, others), flush=True)
        for case, reason in report.failed.items():
            print(f"{name}: {case} failed: {reason}", file=sys.stderr)
            status = 1
        if options.write_readme:
            write_readme(name, report, others)
        documents.append(as_json(name, report, others))
        if options.json:
            _write_json(options.json, documents)
    return status


def load(name: str) -> Benchmark:
    """Return the benchmark of this name."""
    benchmark: Benchmark = importlib.import_module(f"benchmarks.{name}").benchmark
    return benchmark


def _write_json(file: Path, documents: Sequence[Mapping[str, Any]]) -> None:
    document = {"machine": machine(), "benchmarks": documents}
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=_DESCRIPTION)
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=5, help="how often each case is run (5)")
    parser.add_argument("--scale", type=float, default=1.0, help="of the amount of work (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to a file")
    parser.add_argument(
        "--write-readme", action="store_true", help="put the tables into benchmarks/README.md"
    )
    return parser


if __name__ == "__main__":
    # Ended from outside, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
