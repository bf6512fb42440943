"""Runs the scenarios and prints their figures: `python -m tests.crash --kills 300`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.crash import full_disk, scenarios
from tests.crash.account import Account


def main() -> int:
    """Run what was asked for; return 1 if anything was lost, doubled or made up."""
    asked = _arguments()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="postbacks-crash-") as name:
        folder = Path(name)
        runs = {
            f"kill -9, {asked.kills} times": lambda place: scenarios.kills(
                place, asked.kills, asked.seed
            ),
            f"no room in the file, {asked.disks} times": lambda place: scenarios.full_disk(
                place, asked.disks
            ),
            f"disk full at any moment, {asked.disks} times": lambda place: full_disk.full_disk(
                place, asked.disks, asked.seed
            ),
            f"locked for {asked.lock_seconds:g} s, {asked.locks} times": lambda place: (
                scenarios.locks(place, asked.lock_seconds, asked.locks)
            ),
        }
        for number, (title, run) in enumerate(runs.items()):
            place = folder / str(number)
            place.mkdir()
            account = run(place)
            wrong += not account.is_right
            print(f"{title}: {_figures(account)}", flush=True)
        place = folder / "damages"
        place.mkdir()
        unnoticed = scenarios.damages(place)
        wrong += bool(unnoticed)
        print(f"deleted, replaced, cut: {'; '.join(unnoticed) or 'each noticed at once'}")
    return 1 if wrong else 0


def _figures(account: Account) -> str:
    found = (
        f"{len(account.acknowledged)} events acknowledged, {account.refused} refused, "
        f"{account.posts} postbacks, {account.attempts} attempts written, "
        f"{account.repeated} marked repeated"
    )
    if account.is_right:
        return f"{found}; nothing lost, doubled unmarked or made up"
    return (
        f"{found}; WRONG: {len(account.lost)} lost {account.lost[:3]}, {len(account.stuck)} stuck "
        f"{account.stuck[:3]}, {len(account.unmarked)} unmarked {account.unmarked[:3]}, "
        f"{len(account.made_up)} made up {account.made_up[:3]}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how often to kill it (50)")
    parser.add_argument("--disks", type=int, default=5, help="how often to fill the disk (5)")
    parser.add_argument("--locks", type=int, default=3, help="how often to lock the file (3)")
    parser.add_argument("--lock-seconds", type=float, default=2.0, help="for how long (2)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (1)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
