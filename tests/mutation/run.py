"""Mutates the pure core and lists what no test notices.

Run by `tox -e mutation`, not by CI: it takes most of an hour. A mutant that survives is killed
by a new test, or stands in `survivors.toml` with the reason why it may live; anything else
fails the run. Mutants that ran out of time are counted apart: they may be kills, and may not.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("mockserver", "contracts", "tests", "conftest.py", "pyproject.toml", "docs", "README.md")
CONFIGURATION = """\
[cosmic-ray]
module-path = "mockserver/core"
timeout = 20.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider tests/core"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
# In this package a bar between two types is an annotation, which nobody evaluates.
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]
"""


@dataclass(frozen=True)
class Survivor:
    module: str
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}\n    - {self.before}\n    + {self.after}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--session", type=Path, help="evaluate this one instead of a new run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        session = arguments.session or mutate(Path(folder))
        return evaluate(session)


def mutate(folder: Path) -> Path:
    """Run every mutant in a copy of the project, because files are changed in place."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    (folder / "cosmic-ray.toml").write_text(CONFIGURATION.format(python=sys.executable))
    for command in (
        ["cosmic-ray", "init", "cosmic-ray.toml", "session.sqlite"],
        ["cr-filter-operators", "session.sqlite", "cosmic-ray.toml"],
        ["cosmic-ray", "exec", "cosmic-ray.toml", "session.sqlite"],
    ):
        subprocess.run(command, cwd=folder, check=True)
    return folder / "session.sqlite"


def evaluate(session: Path) -> int:
    """Print the score and every survivor that has no reason; return how many there are."""
    with sqlite3.connect(session) as connection:
        outcomes = Counter(timed_out(connection))
    survivors = list(survivors_of(session))
    reasons = tomllib.loads((ROOT / "tests/mutation/survivors.toml").read_text())["survivor"]
    unexplained = [item for item in survivors if not any(matches(row, item) for row in reasons)]
    tried = sum(outcomes.values())
    print(f"{tried} mutants: " + ", ".join(f"{number} {name}" for name, number in outcomes.items()))
    decided = outcomes["killed"] + outcomes["survived"]
    if decided:
        print(f"killed, of those that ended: {outcomes['killed'] / decided:.1%}")
    print(f"survivors with a reason: {len(survivors) - len(unexplained)}")
    for item in unexplained:
        print(f"no reason: {item}")
    return min(len(unexplained), 1)


def timed_out(connection: sqlite3.Connection) -> Iterator[str]:
    query = "select worker_outcome, test_outcome, output from work_results"
    for worker, test, output in connection.execute(query):
        if worker == "SKIPPED":
            continue
        if (output or "").strip() == "timeout":
            yield "timed out"
        else:
            yield str(test or worker).lower()


def survivors_of(session: Path) -> Iterator[Survivor]:
    query = (
        "select specs.module_path, specs.start_pos_row, results.diff from work_results results "
        "join mutation_specs specs on specs.job_id = results.job_id "
        "where results.test_outcome = 'SURVIVED' order by 1, 2"
    )
    with sqlite3.connect(session) as connection:
        for path, line, diff in connection.execute(query):
            changed = [row for row in diff.splitlines() if row[:1] in "+-" and row[1:2] not in "+-"]
            before = [row[1:].strip() for row in changed if row.startswith("-") and row[1:].strip()]
            after = [row[1:].strip() for row in changed if row.startswith("+") and row[1:].strip()]
            yield Survivor(Path(path).name, line, " ".join(before), " ".join(after))


def matches(row: dict[str, str], item: Survivor) -> bool:
    same_module = row.get("module", item.module) == item.module
    return same_module and row["before"] in item.before and row["after"] in item.after


if __name__ == "__main__":
    sys.exit(main())
