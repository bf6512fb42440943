"""Keeps what came of each mutant in a file, line by line, so that a run can go on later."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from contracts.proof.mutation import EXCUSED, GAP, MutatedFolder, Mutation, Survivor
from tests.mutation_contract.judging import Seen, Verdict
from tests.mutation_contract.mutants import FOLDERS, ROOT, Mutant, folder_of

REASONS = Path(__file__).with_name("survivors.toml")
#: How a mutant ends that no case has seen.
UNSEEN = (Seen.NOT_SEEN, Seen.NOT_REACHED)
#: What stands for the kind of a survivor of which nothing is known yet.
UNEXPLAINED = "unexplained"


class Judged(Struct, frozen=True):
    """A mutant, and what came of it; see `Mutant` and `Verdict`."""

    key: str
    path: str
    line: int
    before: str
    after: str
    seen: Seen
    by: str
    tried: int
    real_seconds: float


class OtherRun(Exception):
    """The file holds the results of another version of the sources."""


class Results:
    """What is known of the mutants so far.

    Args:
        path: The file.
        version: What changes with the sources that are mutated; see `version_of`.
        keep: Whether to go on with what was found of other sources.

    Raises:
        OtherRun: What the file holds was found with other sources.
    """

    def __init__(self, path: Path, version: str, *, keep: bool = False) -> None:
        self._path = path
        self.found: dict[str, Judged] = {}
        if not path.exists():
            path.write_text(f'{{"version":"{version}"}}\n')
        first, *lines = path.read_bytes().splitlines()
        if not keep and msgspec.json.decode(first) != {"version": version}:
            raise OtherRun(
                f"{path} was written with other sources; remove it to begin again, or give "
                "--keep to go on"
            )
        for line in lines:
            judged = msgspec.json.decode(line, type=Judged)
            self.found[judged.key] = judged

    def add(self, mutant: Mutant, verdict: Verdict) -> Judged:
        """Write down what came of a mutant, and return it."""
        before, after = mutant.lines((ROOT / mutant.path).read_bytes())
        seconds = round(verdict.real_seconds, 2)
        judged = Judged(
            mutant.key,
            mutant.path,
            mutant.line,
            before,
            after,
            verdict.seen,
            verdict.by,
            verdict.tried,
            seconds,
        )
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(judged) + b"\n")
        self.found[judged.key] = judged
        return judged

    @property
    def catchers(self) -> list[tuple[str, str]]:
        """Return the file and the case of each mutant that was seen."""
        return [(each.path, each.by) for each in self.found.values() if each.by]


def version_of(paths: Iterable[Path]) -> str:
    """Return what changes whenever one of these files does."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(ROOT).as_posix()
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def summary(
    seed: int,
    possible: Sequence[Mutant],
    judged: Sequence[Judged],
    reasons: Sequence[dict[str, str]],
    closed: int = 0,
) -> Mutation:
    """Return what the page says of a run."""
    counts = Counter(folder_of(mutant.path) for mutant in possible)
    folders = []
    for name in FOLDERS:
        here = [each for each in judged if folder_of(each.path) == name]
        seen = Counter(str(each.seen) for each in here if each.seen not in UNSEEN)
        survivors = [_survivor(each, reasons) for each in here if each.seen in UNSEEN]
        survivors.sort(key=lambda each: (each.path, each.line, each.after))
        folders.append(MutatedFolder(name, counts[name], dict(sorted(seen.items())), survivors))
    return Mutation(seed, folders, closed)


def read_reasons(path: Path = REASONS) -> list[dict[str, str]]:
    """Return the reasons for survivors.

    Raises:
        ValueError: One has no kind that there is.
    """
    rows: list[dict[str, str]] = tomllib.loads(path.read_text()).get("survivor", [])
    for row in rows:
        if row.get("kind") not in (*EXCUSED, GAP):
            kinds = ", ".join((*EXCUSED, GAP))
            raise ValueError(f"{path.name}: {row} has no kind that there is; allowed: {kinds}")
    return rows


def _survivor(judged: Judged, reasons: Sequence[dict[str, str]]) -> Survivor:
    row = next((row for row in reasons if _is_about(row, judged)), None)
    kind, reason = (UNEXPLAINED, "") if row is None else (row["kind"], row["reason"])
    return Survivor(judged.path, judged.line, judged.before, judged.after, kind, reason)


def _is_about(row: dict[str, str], judged: Judged) -> bool:
    return (
        row.get("path", judged.path) == judged.path
        and row.get("before", "") in judged.before
        and row.get("after", "") in judged.after
    )
