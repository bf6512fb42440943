"""Says what a case is, finds all of them, and selects some by id, level and target.

A module of cases is a file in a folder `cases` of this package, and no list names it. Its
`ORDER` says where its cases stand among the others: in the order in which an event meets what
they are about, first on Leanplum's side, then at an endpoint.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from contracts.suite.scanning import modules_in, packages_in
from contracts.suite.vocabulary import CaseKind, Level, Need, Origin, Profile, TargetKind
from mockserver.core.catalog import suggestion
from mockserver.core.errors import PostbacksError

#: No id is as long.
_LONGEST_GLOB = 200

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

FAKE_ONLY = frozenset({TargetKind.FAKE})
FAKE_AND_REAL = frozenset({TargetKind.FAKE, TargetKind.REAL})
ENDPOINT_ONLY = frozenset({TargetKind.ENDPOINT})


class NothingSelected(PostbacksError):
    """No case has this id, or none is left after all filters."""

    code = "nothing-selected"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that can turn out to differ from what is stated.

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
        most_requests: How many requests it makes at the real API, or at an endpoint.
        given: Strategies by the name under which the body takes their values.
        examples: How many examples a property or a stateful case tries.
        pinned: Values that a property tries before any generated ones.
        follows_from: Statements that a case about an endpoint follows from: what Leanplum
            does is why the endpoint has to cope.
        profile: From which profile on an endpoint is put through it.
        stores: Whether an endpoint may store something through it.
        looks_at: The id of the case whose postbacks it asks about. It sends some of its own only
            if that case was not run.
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
    kind: CaseKind = CaseKind.EXAMPLE
    targets: frozenset[TargetKind] = FAKE_ONLY
    needs: frozenset[Need] = frozenset({Need.CONTROL})
    most_requests: int = 0
    given: Mapping[str, SearchStrategy[Any]] | None = None
    examples: int = 1
    pinned: tuple[Mapping[str, Any], ...] = ()
    follows_from: tuple[str, ...] = ()
    profile: Profile = Profile.QUICK
    stores: bool = True
    looks_at: str = ""

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
    kind: CaseKind = CaseKind.EXAMPLE,
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
            kind=CaseKind.PROPERTY if given is not None else kind,
            targets=targets,
            needs=frozenset(needs),
            most_requests=most_requests,
            given=given,
            examples=examples,
            pinned=tuple(pinned),
        )

    return declare


def endpoint_case(
    id: str,
    title: str,
    *,
    why: str,
    fix: str,
    follows_from: Sequence[str],
    most_requests: int,
    level: Level = Level.MUST,
    catches: Sequence[str] = (),
    needs: Iterable[Need] = (),
    given: Mapping[str, SearchStrategy[Any]] | None = None,
    examples: int = 1,
    pinned: Sequence[Mapping[str, Any]] = (),
    profile: Profile = Profile.QUICK,
    stores: bool = True,
    looks_at: str = "",
) -> Callable[[Callable[..., Any]], Case]:
    """Declare a case about an endpoint; see `case`.

    MUST is what loses data or makes it wrong, SHOULD what works today and is at risk.
    """
    declare = case(
        id,
        title,
        why=why,
        fix=fix,
        level=level,
        # The endpoint is the user's: that it must cope follows, nobody documents it.
        origin=Origin.ASSUMED,
        catches=catches,
        targets=ENDPOINT_ONLY,
        needs=needs,
        most_requests=most_requests,
        given=given,
        examples=examples,
        pinned=pinned,
    )
    return lambda body: replace(
        declare(body),
        follows_from=tuple(follows_from),
        profile=profile,
        stores=stores,
        looks_at=looks_at,
    )


def most_requests(cases: Iterable[Case]) -> int:
    """Return how many requests these cases make at most, when they are run together."""
    chosen = {item.id: item for item in cases}
    return sum(item.most_requests for item in chosen.values() if item.looks_at not in chosen)


@cache
def all_cases() -> tuple[Case, ...]:
    """Return every case, by the `ORDER` of its module and within it as declared."""
    rooms = [f"{package}.cases" for package in packages_in("contracts")]
    modules = [module for room in rooms if find_spec(room) for module in modules_in(room)]
    modules.sort(key=lambda module: module.ORDER)
    return tuple(
        value for module in modules for value in vars(module).values() if isinstance(value, Case)
    )


def provider_cases() -> tuple[Case, ...]:
    """Return the cases about Leanplum's side, in their order."""
    return tuple(item for item in all_cases() if item.targets != ENDPOINT_ONLY)


def endpoint_cases() -> tuple[Case, ...]:
    """Return the cases about an endpoint that receives postbacks, in their order."""
    return tuple(item for item in all_cases() if item.targets == ENDPOINT_ONLY)


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
                near = [item for item in chosen if target is None or target in item.targets]
                known = [item.id for item in near] + sorted({item.area for item in near})
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
    if len(glob) > _LONGEST_GLOB:
        # To read one takes time that grows with the square of its length.
        return False
    return fnmatchcase(candidate.id, glob.upper()) or candidate.area == glob.lower()
