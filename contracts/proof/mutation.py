"""Reads what came of changing the fake at places that a seed has drawn, for the page.

They are made by `tests/mutation_contract`, which is not installed: `tox -e mutation-contract`.
"""

from __future__ import annotations

from importlib.resources import files

import msgspec
from msgspec import Struct

#: The file that says what came of the last run.
LAST_MUTATION = "last_mutation.json"

#: The kinds of mutant that no case has to see, with what they are.
EXCUSED = {
    "equivalent": "nothing that is done changes",
    "out of sight": "a message, a log, a remark, memory or speed changes, and nothing is promised "
    "about it",
    "our own": "what changes belongs to the sandbox (its control API, settings, command line, "
    "storage after a fault) and not to Leanplum",
}
#: The kind of mutant that a case should have seen.
GAP = "gap"


class Survivor(Struct, frozen=True):
    """A mutant that no case has seen.

    Attributes:
        path: Its file.
        line: Where its statement begins.
        before: The changed lines as they are.
        after: The changed lines in the mutant.
        kind: One of `EXCUSED`, or `GAP`.
        reason: Why it belongs there.
    """

    path: str
    line: int
    before: str
    after: str
    kind: str
    reason: str


class MutatedFolder(Struct, frozen=True):
    """What came of the mutants of one folder.

    Attributes:
        name: The folder.
        possible: How many mutants there are.
        seen: How many of the drawn ones were seen, by the status that showed it.
        survivors: Those that were not.
    """

    name: str
    possible: int
    seen: dict[str, int]
    survivors: list[Survivor]

    @property
    def drawn(self) -> int:
        """Return how many mutants were judged."""
        return sum(self.seen.values()) + len(self.survivors)


class Mutation(Struct, frozen=True):
    """What came of one run over all folders.

    Attributes:
        seed: What the mutants were drawn from.
        closed: How many of those that are seen were gaps when they were drawn.
    """

    seed: int
    folders: list[MutatedFolder]
    closed: int = 0

    @property
    def drawn(self) -> int:
        """Return how many mutants were judged."""
        return sum(folder.drawn for folder in self.folders)

    @property
    def seen(self) -> int:
        """Return how many of them a case has seen."""
        return sum(sum(folder.seen.values()) for folder in self.folders)

    def survivors(self, kind: str) -> list[Survivor]:
        """Return the survivors of one kind."""
        return [each for folder in self.folders for each in folder.survivors if each.kind == kind]

    @property
    def visible(self) -> int:
        """Return how many a partner could see; a survivor that nobody has explained is one."""
        return self.drawn - sum(len(self.survivors(kind)) for kind in EXCUSED)

    @property
    def score(self) -> float:
        """Return the share that was seen of those that a partner could see."""
        return self.seen / self.visible if self.visible else 0.0


def last_mutation() -> Mutation:
    """Return what came of the last run that was written down."""
    return decode(files("contracts").joinpath(LAST_MUTATION).read_bytes())


def decode(document: bytes) -> Mutation:
    """Return the run that a JSON document holds.

    Raises:
        msgspec.DecodeError: It is no such document.
    """
    return msgspec.json.decode(document, type=Mutation)


def encode(mutation: Mutation) -> bytes:
    """Return the JSON document of a run."""
    return msgspec.json.format(msgspec.json.encode(mutation), indent=1) + b"\n"
