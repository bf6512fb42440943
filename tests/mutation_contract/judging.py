"""Runs the cases that can see a mutant, the likeliest first, until one has seen it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter

from contracts.suite.generated import Effort
from contracts.suite.registry import Case, provider_cases
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status, TargetKind
from tests.mutation_contract.mutants import Mutant
from tests.mutation_contract.mutated_fake import DidNotStart, MutatedFake

#: How long a case may take: so much, and so many times what it takes with the faithful fake.
_CASE_REAL_SECONDS, _CASE_TIMES = 20.0, 5.0

#: What ends the search. INFO does not: it fails no run, so a stronger one is looked for.
_DECIDED = {
    Status.FAIL: "FAIL",
    Status.WARN: "WARN",
    Status.UNTESTABLE: "UNTESTABLE",
    Status.ERROR: "ERROR",
}


class Seen(StrEnum):
    """How a mutant was seen, or that it was not."""

    FAIL = "FAIL"
    WARN = "WARN"
    INFO = "INFO"
    UNTESTABLE = "UNTESTABLE"
    #: A case broke on an answer that it did not expect; the run says so.
    ERROR = "ERROR"
    #: No answer came in time.
    HUNG = "hung"
    DID_NOT_START = "did not start"
    NOT_SEEN = "not seen"
    #: No case runs the line, so none was tried.
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one mutant.

    Attributes:
        by: The id of the case that saw it; empty if none did.
        tried: How many cases were run.
        real_seconds: How long it took.
    """

    seen: Seen
    by: str = ""
    tried: int = 0
    real_seconds: float = 0.0


@dataclass(slots=True)
class Reach:
    """Which lines are run before the first case, and which by each case.

    Attributes:
        start: Lines by file.
        cases: Lines by file, by the id of the case.
        seconds: How long each case took.
    """

    start: Mapping[str, frozenset[int]]
    cases: dict[str, Mapping[str, frozenset[int]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def can_see(self, mutant: Mutant) -> list[str]:
        """Return the ids of the cases that run the statement that is changed."""
        lines = range(mutant.line, mutant.last_line + 1)
        if not self.start.get(mutant.path, frozenset()).isdisjoint(lines):
            return list(self.cases)
        return [
            case_id
            for case_id, found in self.cases.items()
            if not found.get(mutant.path, frozenset()).isdisjoint(lines)
        ]


class NotFaithful(Exception):
    """A case does not pass with the fake as it is, so it says nothing about mutants."""


def applicable_cases() -> list[Case]:
    """Return the cases that `contracts run` runs against a sandbox of its own."""
    return [case for case in provider_cases() if TargetKind.FAKE in case.targets]


def reach_of(paths: Sequence[str], on_case: Callable[[str], None] = lambda name: None) -> Reach:
    """Run every case once with the fake as it is, and return which lines each has run.

    Raises:
        NotFaithful: One did not pass.
    """
    with MutatedFake(watched=paths) as fake:
        reach = Reach(_frozen(fake.reached()))
        names = Names()
        for case in applicable_cases():
            on_case(case.id)
            began = perf_counter()
            result = run_case(case, fake, Effort(shrink=False), names)
            if result.status is not Status.PASS:
                why = result.deviation or result.reason
                raise NotFaithful(f"{case.id} is {result.status} with the fake as it is: {why}")
            reach.cases[case.id] = _frozen(fake.reached())
            reach.seconds[case.id] = perf_counter() - began
    return reach


def judge(mutant: Mutant | None, cases: Sequence[Case], seconds: Mapping[str, float]) -> Verdict:
    """Run cases, in this order, with a mutant in the fake, until one sees it.

    Args:
        mutant: None for the fake as it is, which no case may see.
        cases: Those that can see it.
        seconds: How long each takes with the fake as it is, by its id.
    """
    began = perf_counter()
    weak, tried = Verdict(Seen.NOT_SEEN), 0
    try:
        with MutatedFake(mutant) as fake:
            names = Names()
            for case in cases:
                tried += 1
                limit = _CASE_REAL_SECONDS + _CASE_TIMES * seconds.get(case.id, 0.0)
                with fake.within(limit):
                    status = run_case(case, fake, Effort(shrink=False), names).status
                if fake.hung:
                    return Verdict(Seen.HUNG, case.id, tried, perf_counter() - began)
                if status in _DECIDED:
                    seen = Seen(_DECIDED[status])
                    return Verdict(seen, case.id, tried, perf_counter() - began)
                if status is Status.INFO and not weak.by:
                    weak = Verdict(Seen.INFO, case.id)
    except DidNotStart:
        return Verdict(Seen.DID_NOT_START, real_seconds=perf_counter() - began)
    return Verdict(weak.seen, weak.by, tried, perf_counter() - began)


def likeliest_first(
    ids: Sequence[str], path: str, seen: Sequence[tuple[str, str]], seconds: Mapping[str, float]
) -> list[Case]:
    """Return cases: first those that have seen most mutants of this file, then the fastest.

    Args:
        ids: The ids of the cases.
        path: The file.
        seen: The file and the case of each mutant that was seen so far.
        seconds: How long each case takes.
    """
    here = Counter(case_id for where, case_id in seen if where == path)
    everywhere = Counter(case_id for _, case_id in seen)
    chosen = [case for case in applicable_cases() if case.id in set(ids)]

    def rank(case: Case) -> tuple[float, float, float]:
        return (-here[case.id], -everywhere[case.id], seconds.get(case.id, 0.0))

    return sorted(chosen, key=rank)


def _frozen(lines: Mapping[str, Sequence[int]]) -> dict[str, frozenset[int]]:
    return {path: frozenset(numbers) for path, numbers in lines.items()}
