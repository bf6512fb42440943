"""Runs the fuzzer from the command line; exits with 1 if something fell, and says what."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.run import attack, complaints
from tests.fuzz.served import target


def main() -> int:
    """Attack a sandbox of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--connections", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--only", type=int, help="the one connection with this number")
    parser.add_argument("--sqlite", action="store_true", help="keep the ledger in a file")
    given = parser.parse_args()
    numbers = range(given.connections)
    if given.only is not None:
        numbers = range(given.only, given.only + 1)
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "sandbox.db") if given.sqlite else "memory://"
        with target(place) as attacked:
            until = time.monotonic() + given.seconds
            result = attack(attacked, given.seed, numbers, until, _say)
    print(f"\n{result.connections} connections; before {result.before}, after {result.after}")
    said = complaints(result)
    for complaint in said:
        print(complaint, file=sys.stderr)
    print("nothing fell" if not said else f"{len(said)} things fell, seed {given.seed}")
    return 1 if said else 0


def _say(done: int) -> None:
    print(f"\r{done} connections", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
