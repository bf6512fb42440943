"""What is written of the fidelity of the fake is what the list of statements says."""

from __future__ import annotations

import msgspec

from contracts.suite.fidelity import DATA, PAGE, data, page
from contracts.suite.requirements import load, read
from mockserver.web.facts import FACTS
from tests.contracts.suite.test_requirements import ROW, document

AGAIN = "run python -m contracts.suite.fidelity"


def test_the_page_and_the_data_are_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(load()), AGAIN
    assert DATA.read_bytes() == data(load()), AGAIN


def test_the_fake_reads_all_of_it() -> None:
    assert [fact.id for fact in FACTS] == list(load().facts)
    assert {fact.source for fact in FACTS} == {"documented", "observed", "assumed"}
    assert any(fact.knob for fact in FACTS)


def test_what_is_said_of_a_fact() -> None:
    facts = '{rules.cap: {text: "Three | rules.", knob: rule_limit}}'
    known = read(document(ROW, facts=facts))
    (fact,) = msgspec.json.decode(data(known))
    assert fact == {
        "id": "rules.cap",
        "area": "rules",
        "statement": "Three | rules.",
        "source": "documented",
        "knob": "rule_limit",
    }
    lines = page(known).splitlines()
    assert lines[-1] == "| Three \\| rules. | documented | rule_limit |"
    assert "## Postback rules" in lines
