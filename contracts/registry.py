"""What a case is, and where all of them are found.

Decides: what is known of a case before it runs, and how ids and globs select some. Place in
the flow: the modules of `provider` declare cases; the command line, pytest and the proof
select from here. Must not import: targets, pytest, the runner.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from contracts.vocabulary import Kind, Level, Need, Origin, TargetKind
from mockserver.core.catalog import suggestion
from mockserver.core.errors import PostbacksError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: Modules that declare cases, in the order in which an event meets what they are about.
MODULES = (
    "contracts.provider.api",
    "contracts.provider.keys",
    "contracts.provider.rules",
    "contracts.provider.channels",
    "contracts.provider.events",
    "contracts.provider.template",
    "contracts.provider.encoding",
    "contracts.provider.parameters",
    "contracts.provider.delivery",
    "contracts.provider.timeout",
    "contracts.provider.retry",
    "contracts.provider.outcomes",
    "contracts.provider.models",
)

FAKE_ONLY = frozenset({TargetKind.FAKE})
FAKE_AND_REAL = frozenset({TargetKind.FAKE, TargetKind.REAL})


class NothingSelected(PostbacksError):
    """No case has this id, or none is left after all filters."""

    code = "nothing-selected"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that can turn out to be otherwise than stated.

    Attributes:
        id: `PB-<AREA>-<SLUG>`; never reused, never a position.
        title: What holds when the case passes, as a sentence.
        level: Of the strongest statement it checks.
        origin: Of that statement.
        check: What is done and compared.
        why: What depends on it.
        fix: What to look at when it fails.
        catches: Names of the deviants that it must catch.
        body: Called with a target and a recorder; a property's also with the values of
            `given`, a stateful one returns the class of its machine.
        needs: What it asks of a target.
        most_requests: How many requests it makes at the real API.
        given: Strategies by the name under which the body takes their values.
        examples: How many examples a property or a stateful case tries.
        pinned: Values that a property tries before any generated ones.
    """

    id: str
    title: str
    level: Level
    origin: Origin
    check: str
    why: str
    fix: str
    catches: tuple[str, ...]
    body: Callable[..., Any]
    kind: Kind = Kind.EXAMPLE
    targets: frozenset[TargetKind] = FAKE_ONLY
    needs: frozenset[Need] = frozenset({Need.CONTROL})
    most_requests: int = 0
    given: Mapping[str, SearchStrategy[Any]] | None = None
    examples: int = 1
    pinned: tuple[Mapping[str, Any], ...] = ()

    @property
    def area(self) -> str:
        """Return the middle part of the id in lower case."""
        return self.id.split("-")[1].lower()


def case(
    id: str,
    title: str,
    *,
    why: str,
    fix: str,
    level: Level = Level.MUST,
    origin: Origin = Origin.DOCUMENTED,
    catches: Sequence[str] = (),
    kind: Kind = Kind.EXAMPLE,
    targets: frozenset[TargetKind] = FAKE_ONLY,
    needs: Iterable[Need] = (Need.CONTROL,),
    most_requests: int = 0,
    given: Mapping[str, SearchStrategy[Any]] | None = None,
    examples: int = 1,
    pinned: Sequence[Mapping[str, Any]] = (),
) -> Callable[[Callable[..., Any]], Case]:
    """Declare a case; the docstring of its body says what is checked."""

    def declare(body: Callable[..., Any]) -> Case:
        return Case(
            id=id,
            title=title,
            level=level,
            origin=origin,
            check=" ".join((inspect.getdoc(body) or "").split()),
            why=why,
            fix=fix,
            catches=tuple(catches),
            body=body,
            kind=Kind.PROPERTY if given is not None else kind,
            targets=targets,
            needs=frozenset(needs),
            most_requests=most_requests,
            given=given,
            examples=examples,
            pinned=tuple(pinned),
        )

    return declare


@cache
def all_cases() -> tuple[Case, ...]:
    """Return every case, in the order of the modules and within them as declared."""
    found = [
        value
        for module in MODULES
        for value in vars(importlib.import_module(module)).values()
        if isinstance(value, Case)
    ]
    return tuple(found)


def find_case(case_id: str) -> Case:
    """Return the case with this id.

    Raises:
        NothingSelected: There is none; the nearest ids are offered.
    """
    for candidate in all_cases():
        if candidate.id == case_id.upper():
            return candidate
    known = [candidate.id for candidate in all_cases()]
    raise NothingSelected(
        f"no case has the id {case_id!r}{suggestion(case_id, known)}; "
        "`postbacks contracts list` shows all"
    )


def select_cases(
    globs: Sequence[str] = (),
    levels: Sequence[Level] = (),
    target: TargetKind | None = None,
) -> list[Case]:
    """Return the cases that match any of the globs, any of the levels, and the target.

    Args:
        globs: Ids, with `*` and `?`; none for all. A plain area like `retry` works as well.
        levels: None for all.
        target: None for all.

    Raises:
        NothingSelected: A glob matches nothing, or nothing is left.
    """
    chosen = list(all_cases())
    if globs:
        for glob in globs:
            if not any(_matches(candidate, glob) for candidate in chosen):
                known = [item.id for item in chosen] + sorted({item.area for item in chosen})
                raise NothingSelected(
                    f"no case matches {glob!r}{suggestion(glob, known)}; "
                    "`postbacks contracts list` shows all"
                )
        chosen = [item for item in chosen if any(_matches(item, glob) for glob in globs)]
    if levels:
        chosen = [item for item in chosen if item.level in levels]
    if target is not None:
        chosen = [item for item in chosen if target in item.targets]
    if not chosen:
        filters = [*globs, *levels, *([target] if target else [])]
        raise NothingSelected(
            f"no case is left with all of: {', '.join(filters)}; "
            "`postbacks contracts list` shows all"
        )
    return chosen


def _matches(candidate: Case, glob: str) -> bool:
    return fnmatchcase(candidate.id, glob.upper()) or candidate.area == glob.lower()
