"""Reads every statement of Leanplum's documentation, and the cases that check it.

The text of the pages is no part of this project, so a statement keeps the hash of its source
sentence; see `page_sentences`.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct

from contracts.suite.results import Statement
from contracts.suite.vocabulary import Level, Origin
from mockserver.core.errors import PostbacksError
from mockserver.core.instants import Day

#: Which levels a statement may have, by how it is known.
LEVELS = {
    Origin.DOCUMENTED: (Level.MUST, Level.MAY),
    Origin.OBSERVED: (Level.SHOULD,),
    Origin.ASSUMED: (Level.UNSPECIFIED,),
}

#: The section of a statement that is known because the page does not say otherwise.
NOWHERE = "nowhere"


class InvalidRequirements(PostbacksError):
    """A list of statements that cannot be read, or that contradicts itself."""

    code = "invalid-requirements"
    exit_code = 4


class ContractsNotInstalled(PostbacksError):
    """A package that only the contract suite needs is missing."""

    code = "contracts-not-installed"
    exit_code = 2
    http_status = 503


class Page(Struct, frozen=True, forbid_unknown_fields=True):
    """Where statements come from.

    Attributes:
        link: Empty if it is no page.
        retrieved: When its sentences were read; None if that is not known.
    """

    title: str
    link: str
    retrieved: Day | None = None


class Requirement(Struct, frozen=True, forbid_unknown_fields=True):
    """One statement, as the file has it.

    Attributes:
        id: Area and slug, e.g. `rules-cap`; never reused.
        text: In our own words.
        page: One of the file's pages.
        section: Where on that page; `NOWHERE` if the page is silent and that says it.
        sha: The hash of the sentence restated; None if there is none.
        fact: The one of the file's facts that sums it up, if one does.
        cases: Which cases check it.
        excluded: Why none does; set exactly when `cases` is empty.
    """

    id: str
    text: str
    page: str
    section: str
    sha: str | None
    level: Level
    origin: Origin
    fact: str | None = None
    cases: list[str] = []
    excluded: str | None = None


class FidelityFact(Struct, frozen=True, forbid_unknown_fields=True):
    """A behaviour of the fake, which sums up the statements that name it.

    Attributes:
        text: In our own words.
        knob: What changes the behaviour; None if nothing does.
    """

    text: str
    knob: str | None = None


class Requirements(Struct, frozen=True, forbid_unknown_fields=True):
    """All statements, in the order of the file.

    Attributes:
        facts: What the fake imitates, by ids like `rules.cap`.
        retired: Ids of statements and cases that must not come back.
    """

    pages: dict[str, Page]
    statements: list[Requirement]
    retired: list[str]
    facts: dict[str, FidelityFact] = {}

    def statements_of(self, case_id: str) -> list[Statement]:
        """Return the statements that a case checks, as results show them."""
        return [
            as_statement(requirement, self.pages[requirement.page])
            for requirement in self.statements
            if case_id in requirement.cases
        ]

    def named(self, ids: Iterable[str]) -> list[Statement]:
        """Return the statements of these ids, as results show them.

        Raises:
            InvalidRequirements: There is none of such an id.
        """
        rows = {row.id: row for row in self.statements}
        wanted = list(ids)
        for row_id in wanted:
            if row_id not in rows:
                raise InvalidRequirements(f"no statement has the id {row_id!r}")
        return [as_statement(rows[row_id], self.pages[rows[row_id].page]) for row_id in wanted]

    def statements_for(self, case_id: str, follows_from: Iterable[str]) -> list[Statement]:
        """Return what a case checks or, of a case about an endpoint, what it follows from."""
        return self.named(follows_from) or self.statements_of(case_id)

    def origin_of(self, fact: str) -> Origin:
        """Return how a fact is known: as the statements are that it sums up."""
        return next(row.origin for row in self.statements if row.fact == fact)

    def on_page(self, page: str) -> list[Requirement]:
        """Return the statements of one page."""
        return [requirement for requirement in self.statements if requirement.page == page]


@cache
def load() -> Requirements:
    """Return the statements this package comes with.

    Raises:
        ContractsNotInstalled: PyYAML is missing.
    """
    return read(files("contracts").joinpath("requirements.yaml").read_text(encoding="utf-8"))


def read(text: str) -> Requirements:
    """Return the statements that a YAML document holds.

    Raises:
        InvalidRequirements: With one line that says what is wrong, where, and what to do.
        ContractsNotInstalled: PyYAML is missing.
    """
    document = _parse(text)
    try:
        requirements = msgspec.convert(document, Requirements)
    except msgspec.ValidationError as error:
        raise InvalidRequirements(_about(error, document)) from None
    for fault in _faults(requirements):
        raise InvalidRequirements(fault)
    return requirements


def as_statement(requirement: Requirement, page: Page) -> Statement:
    """Return a statement as results show it."""
    return Statement(
        id=requirement.id,
        text=requirement.text,
        page=requirement.page,
        section=requirement.section,
        link=page.link,
    )


def not_installed(packages: list[str]) -> ContractsNotInstalled:
    """Return the error that says that packages are missing, with the command that installs them."""
    # By their own names: that works however postbacks was installed, from a clone or an index.
    python = shlex.quote(sys.executable or "python")
    return ContractsNotInstalled(
        f"the contract suite needs {' and '.join(packages)}, which the base install leaves out; "
        f"run: {python} -m pip install {' '.join(packages)}"
    )


def _parse(text: str) -> Any:
    try:
        return msgspec.yaml.decode(text)
    except ImportError:
        raise not_installed(["pyyaml"]) from None
    except msgspec.DecodeError as error:
        reason = " ".join(str(error).split())
        raise InvalidRequirements(
            f"the statements are no readable YAML: {reason}; correct that place"
        ) from None


def _about(error: msgspec.ValidationError, document: Any) -> str:
    """Return a shape error with the id of its statement in place of a number."""
    problem, _, path = str(error).partition(" - at `$")
    path = path.removesuffix("`").lstrip(".")
    place = f"at {path}" if path else "at the top"
    inside = re.match(r"statements\[(\d+)\]\.?(.*)", path)
    if inside:
        number = int(inside[1])
        row = document["statements"][number]
        name = row.get("id") if isinstance(row, dict) else None
        place = f"statement {name or f'number {number + 1}'}"
        place += f", {inside[2]}" if inside[2] else ""
    return f"{place}: {problem}; see the head of requirements.yaml for what an entry has"


_ID = re.compile(r"[a-z]+(-[a-z0-9]+)+")
_CASE_ID = re.compile(r"PB-[A-Z]+(-[A-Z0-9]+)+")
_SHA = re.compile(r"[0-9a-f]{16}")
_FACT = re.compile(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*")


def _faults(requirements: Requirements) -> Iterator[str]:
    retired = set(requirements.retired)
    for row_id, times in Counter(row.id for row in requirements.statements).items():
        if times > 1:
            yield f"statement {row_id}: the id is given {times} times; each needs one of its own"
    for row in requirements.statements:
        for fault in (*_about_names(row, retired), *_about_source(row, requirements.pages)):
            yield f"statement {row.id}: {fault}"
        for fault in _about_cases(row, retired):
            yield f"statement {row.id}: {fault}"
    yield from _about_facts(requirements)


def _about_facts(requirements: Requirements) -> Iterator[str]:
    origins: dict[str, set[Origin]] = {name: set() for name in requirements.facts}
    for row in requirements.statements:
        if row.fact is None:
            continue
        if row.fact not in origins:
            yield f"statement {row.id}: there is no fact {row.fact!r}; add it to facts"
        origins.setdefault(row.fact, set()).add(row.origin)
    for name, found in origins.items():
        if not _FACT.fullmatch(name):
            yield f"fact {name}: the id is not area.slug, e.g. rules.cap; correct it"
        if not found:
            yield f"fact {name}: no statement names it; name it in one, or drop it"
        if len(found) > 1:
            known = " and ".join(sorted(found))
            yield f"fact {name}: its statements are {known}; give it to those of one origin"


def _about_names(row: Requirement, retired: set[str]) -> Iterator[str]:
    if not _ID.fullmatch(row.id):
        yield "the id is not area-slug in lower case, e.g. rules-cap; rename it"
    if row.id in retired:
        yield "the id is retired and may not come back; choose a new one"
    if not row.text.strip() or not row.section.strip():
        yield "text and section may not be empty; say what holds, and where it is said"
    if row.fact is not None and not _FACT.fullmatch(row.fact):
        yield f"the fact {row.fact!r} is not area.slug, e.g. rules.cap; correct or drop it"


def _about_source(row: Requirement, pages: dict[str, Page]) -> Iterator[str]:
    if row.page not in pages:
        yield f"there is no page {row.page!r}; use one of {', '.join(pages)}, or add it to pages"
    if row.level not in LEVELS[row.origin]:
        allowed = " or ".join(LEVELS[row.origin])
        yield f"level {row.level} does not go with origin {row.origin}; expected {allowed}"
    has_sentence = row.origin is not Origin.ASSUMED and row.section != NOWHERE
    if row.sha is None and has_sentence:
        yield "sha is missing; give the sentence_hash of the sentence that is restated"
    if row.sha is not None and not has_sentence:
        yield f"sha is {row.sha!r}, but no sentence is restated; write null"
    if row.sha is not None and not _SHA.fullmatch(row.sha):
        yield f"sha {row.sha!r} is not 16 hexadecimal digits in lower case; use sentence_hash"


def _about_cases(row: Requirement, retired: set[str]) -> Iterator[str]:
    reason = (row.excluded or "").strip()
    if row.cases and row.excluded is not None:
        yield "it has both cases and excluded; keep one of them"
    if not row.cases and not reason:
        yield "it has neither cases nor excluded; name a case, or say why there is none"
    for case_id, times in Counter(row.cases).items():
        if not _CASE_ID.fullmatch(case_id):
            yield f"the case id {case_id!r} is not PB-AREA-SLUG, e.g. PB-RULES-CAP; correct it"
        if case_id in retired:
            yield f"the case id {case_id} is retired and may not come back; choose a new one"
        if times > 1:
            yield f"the case {case_id} is named {times} times; name it once"
