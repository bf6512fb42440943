from __future__ import annotations

import re
import sys

import pytest

from contracts.suite.page_sentences import sentence_hash
from contracts.suite.requirements import (
    LEVELS,
    NOWHERE,
    ContractsNotInstalled,
    InvalidRequirements,
    Requirement,
    as_statement,
    load,
    read,
)
from contracts.suite.results import Statement
from contracts.suite.vocabulary import Level, Origin
from mockserver.web.facts import FACTS
from mockserver.web.shapes import FidelityFact

SENTENCE = "Three rules, not more."

ROW = f"""\
  - id: rules-cap
    text: An app can have three rules.
    page: reference
    section: introduction
    sha: "{sentence_hash(SENTENCE)}"
    level: MUST
    origin: documented
    fact: rules.cap
    cases: [PB-RULES-CAP, PB-RULES-MODEL]
"""

EXCLUDED = """\
  - id: rules-order
    text: The order of rules means nothing.
    page: choices
    section: rules
    sha: null
    level: UNSPECIFIED
    origin: assumed
    excluded: It allows everything.
"""


FACTS_OF_ROW = "{rules.cap: {text: An app has three rules.}}"


def document(*rows: str, retired: str = "[]", facts: str = "") -> str:
    facts = facts or (FACTS_OF_ROW if any("fact: rules.cap" in row for row in rows) else "{}")
    return f"""\
pages:
  reference: {{title: The page, link: "https://example.com/page", retrieved: 2026-11-24}}
  choices: {{title: Choices, link: ""}}
statements:
{"".join(rows)}
facts: {facts}
retired: {retired}
"""


# The list of the project


every_row = pytest.mark.parametrize("row", load().statements, ids=lambda row: row.id)


def test_the_list_is_read_once() -> None:
    assert load() is load()
    assert len(load().statements) > 150
    assert list(load().pages) == [
        "addPostback",
        "requests",
        "responses",
        "keys",
        "openapi",
        "postman",
        "webhooks",
        "captured",
        "ours",
    ]


def test_every_page_has_statements() -> None:
    requirements = load()
    by_page = [row for page in requirements.pages for row in requirements.on_page(page)]
    assert all(requirements.on_page(page) for page in requirements.pages)
    assert len(by_page) == len(requirements.statements)


def test_no_statement_is_written_twice() -> None:
    texts = [row.text for row in load().statements]
    assert len(texts) == len(set(texts))


@every_row
def test_a_row_is_whole(row: Requirement) -> None:
    assert row.text == " ".join(row.text.split())
    assert row.text[-1] in ".", "a statement is a sentence"
    assert row.page in load().pages
    assert row.level in LEVELS[row.origin]
    assert bool(row.cases) is (row.excluded is None)
    assert row.excluded is None or row.excluded.endswith(".")
    assert (row.sha is None) is (row.origin is Origin.ASSUMED or row.section == NOWHERE)
    assert (row.page == "ours") is (row.origin is Origin.ASSUMED)
    assert (row.page == "captured") is (row.origin is Origin.OBSERVED)


@every_row
def test_a_row_names_a_fact_that_the_fake_has(row: Requirement) -> None:
    """The fake and the list do not say of the same thing that it is known in two ways."""
    sources = {fact.id: fact.source for fact in FACTS}
    if row.fact is not None:
        assert sources.get(row.fact) == row.origin


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.id)
def test_every_fact_of_the_fake_is_stated(fact: FidelityFact) -> None:
    covering = [row for row in load().statements if row.fact == fact.id]
    assert any(row.origin == fact.source for row in covering)


def test_areas_of_cases_are_few() -> None:
    areas = {case_id.split("-")[1] for row in load().statements for case_id in row.cases}
    assert areas == {
        *("API", "RULES", "CHANNELS", "EVENTS", "TEMPLATE", "PARAMETERS", "DELIVER", "RETRY")
    }


# Reading a list


def test_a_document_becomes_statements() -> None:
    requirements = read(document(ROW, EXCLUDED, retired="[PB-RULES-OLD, rules-old]"))

    capped, order = requirements.statements
    assert (capped.level, capped.origin) == (Level.MUST, Origin.DOCUMENTED)
    assert capped.fact == "rules.cap"
    assert (order.cases, order.excluded) == ([], "It allows everything.")
    assert requirements.retired == ["PB-RULES-OLD", "rules-old"]
    assert capped.cases == ["PB-RULES-CAP", "PB-RULES-MODEL"]


def test_a_case_has_its_statements_with_their_link() -> None:
    requirements = read(document(ROW, EXCLUDED, ROW.replace("rules-cap", "rules-cap-again")))
    expected = Statement(
        id="rules-cap",
        text="An app can have three rules.",
        page="reference",
        section="introduction",
        link="https://example.com/page",
    )

    found = requirements.statements_of("PB-RULES-CAP")

    assert [statement.id for statement in found] == ["rules-cap", "rules-cap-again"]
    assert found[0] == expected
    assert as_statement(requirements.statements[0], requirements.pages["reference"]) == expected
    assert requirements.statements_of("PB-RULES-OTHER") == []


def test_silence_of_a_page_has_no_hash() -> None:
    silent = ROW.replace("introduction", NOWHERE)
    silent = re.sub("sha: .*", "sha: null", silent)
    assert read(document(silent)).statements[0].sha is None


BAD = {
    "unreadable": ("pages: [", "the statements are no readable YAML: "),
    "a-tab": ("pages:\n\tours: 1\n", "the statements are no readable YAML: "),
    "no-object": ("- 1\n", "at the top: Expected `object`, got `array`"),
    "nothing": ("", "at the top: Expected `object`, got `null`"),
    "no-retired": ("pages: {}\nstatements: []\n", "at the top: Object missing required field"),
    "strange-top-key": (
        document(ROW) + "more: 1\n",
        "at the top: Object contains unknown field `more`",
    ),
    "strange-page-key": (
        document(ROW).replace("retrieved:", "fetched:"),
        "at pages[...]: Object contains unknown field `fetched`",
    ),
    "strange-key": (
        document(EXCLUDED, ROW + "    note: x\n"),
        "statement rules-cap: Object contains unknown field `note`",
    ),
    "row-without-id": (
        document(ROW, "  - text: A statement.\n"),
        "statement number 2: Object missing required field `id`",
    ),
    "row-is-text": (document("  - rules-cap\n"), "statement number 1: Expected `object`"),
    "wrong-type": (
        document(ROW.replace("An app can have three rules.", "3")),
        "statement rules-cap, text: Expected `str`, got `int`",
    ),
    "unknown-level": (
        document(ROW.replace("MUST", "SHALL")),
        "statement rules-cap, level: Invalid enum value 'SHALL'",
    ),
    "unknown-origin": (
        document(ROW.replace("documented", "guessed")),
        "statement rules-cap, origin: Invalid enum value 'guessed'",
    ),
    "cases-not-a-list": (
        document(re.sub("cases: .*", "cases: PB-RULES-CAP", ROW)),
        "statement rules-cap, cases: Expected `array`, got `str`",
    ),
    "duplicate-id": (
        document(ROW, EXCLUDED, ROW),
        "statement rules-cap: the id is given 2 times; each needs one of its own",
    ),
    "id-without-slug": (
        document(ROW.replace("rules-cap", "rules")),
        "statement rules: the id is not area-slug in lower case, e.g. rules-cap; rename it",
    ),
    "id-in-capitals": (
        document(ROW.replace("rules-cap", "Rules-Cap")),
        "statement Rules-Cap: the id is not area-slug",
    ),
    "retired-id": (
        document(ROW, retired="[rules-cap]"),
        "statement rules-cap: the id is retired and may not come back; choose a new one",
    ),
    "retired-case": (
        document(ROW, retired="[PB-RULES-MODEL]"),
        "statement rules-cap: the case id PB-RULES-MODEL is retired and may not come back",
    ),
    "blank-text": (
        document(ROW.replace("An app can have three rules.", '" "')),
        "statement rules-cap: text and section may not be empty",
    ),
    "bad-fact": (
        document(ROW.replace("rules.cap", "cap")),
        "statement rules-cap: the fact 'cap' is not area.slug, e.g. rules.cap",
    ),
    "unknown-page": (
        document(ROW.replace("page: reference", "page: referense")),
        "statement rules-cap: there is no page 'referense'; use one of reference, choices, or",
    ),
    "level-against-origin": (
        document(ROW.replace("MUST", "SHOULD")),
        "statement rules-cap: level SHOULD does not go with origin documented; "
        "expected MUST or MAY",
    ),
    "sha-missing": (
        document(re.sub("sha: .*", "sha: null", ROW)),
        "statement rules-cap: sha is missing; give the sentence_hash",
    ),
    "sha-too-many": (
        document(EXCLUDED.replace("null", '"0123456789abcdef"')),
        "statement rules-order: sha is '0123456789abcdef', but no sentence is restated; write",
    ),
    "sha-of-silence": (
        document(ROW.replace("introduction", NOWHERE)),
        f"statement rules-cap: sha is '{sentence_hash(SENTENCE)}', but no sentence is restated",
    ),
    "sha-too-short": (
        document(re.sub("sha: .*", 'sha: "0123abc"', ROW)),
        "statement rules-cap: sha '0123abc' is not 16 hexadecimal digits in lower case",
    ),
    "sha-read-as-a-number": (
        document(re.sub("sha: .*", "sha: 1234567890123456", ROW)),
        "statement rules-cap, sha: Expected `str | null`, got `int`",
    ),
    "cases-and-excluded": (
        document(ROW + "    excluded: No reason.\n"),
        "statement rules-cap: it has both cases and excluded; keep one of them",
    ),
    "neither": (
        document(EXCLUDED.replace("    excluded: It allows everything.\n", "")),
        "statement rules-order: it has neither cases nor excluded; name a case, or say why",
    ),
    "blank-reason": (
        document(EXCLUDED.replace("It allows everything.", '" "')),
        "statement rules-order: it has neither cases nor excluded",
    ),
    "bad-case-id": (
        document(ROW.replace("PB-RULES-CAP", "PB-CAP")),
        "statement rules-cap: the case id 'PB-CAP' is not PB-AREA-SLUG, e.g. PB-RULES-CAP",
    ),
    "case-named-twice": (
        document(ROW.replace("PB-RULES-MODEL", "PB-RULES-CAP")),
        "statement rules-cap: the case PB-RULES-CAP is named 2 times; name it once",
    ),
    "fact-unknown": (
        document(ROW, facts="{rules.id: {text: Ids are numbers.}}"),
        "statement rules-cap: there is no fact 'rules.cap'; add it to facts",
    ),
    "fact-without-a-statement": (
        document(EXCLUDED, facts="{rules.id: {text: Ids are numbers.}}"),
        "fact rules.id: no statement names it; name it in one, or drop it",
    ),
    "fact-with-a-bad-id": (
        document(EXCLUDED, facts="{cap: {text: Three.}}"),
        "fact cap: the id is not area.slug, e.g. rules.cap; correct it",
    ),
    "fact-of-two-origins": (
        document(ROW, EXCLUDED + "    fact: rules.cap\n"),
        "fact rules.cap: its statements are assumed and documented; give it to those of one",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_mistake_is_told_in_one_line(text: str, message: str) -> None:
    with pytest.raises(InvalidRequirements, match=re.escape(message)) as caught:
        read(text)
    told = str(caught.value)
    assert told.startswith(message)
    assert "\n" not in told
    assert "; " in told, "it says how to put it right"


def test_without_pyyaml_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(
        ContractsNotInstalled, match=re.escape(f"run: {sys.executable} -m pip install pyyaml")
    ):
        read(document(ROW))
