"""The generated page: complete, true to its sources, and not stale."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import contracts.proof.documentation
from contracts.proof.catalog import all_deviants
from contracts.proof.documentation import contract_page
from contracts.proof.drawn import last_draw
from contracts.proof.mutation import GAP, last_mutation
from contracts.proof.proof import last_proof
from contracts.suite import requirements
from contracts.suite.registry import all_cases, provider_cases

PAGE = Path(__file__).parents[3] / "docs" / "contract.md"


def test_the_page_is_not_stale() -> None:
    expected = contract_page(last_proof())
    assert PAGE.read_text() == expected, "run `python -m contracts.proof.documentation`"


def test_every_case_statement_and_deviant_is_on_it() -> None:
    page = contract_page(last_proof())
    for case in all_cases():
        assert f"### {case.id}\n" in page
    for deviant in all_deviants():
        assert f'<a id="{deviant.name}"></a>' in page
    for row in requirements.load().statements:
        plain = page.replace("\\", "")
        assert row.text.replace("\\", "") in plain, row.id


def test_every_link_leads_somewhere() -> None:
    page = contract_page(last_proof())
    anchors = set(re.findall(r'<a id="([^"]+)">', page))
    anchors |= {heading.lower() for heading in re.findall(r"^### (\S+)$", page, re.M)}
    links = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert links - anchors == set()


def test_prose_is_not_taken_for_markup() -> None:
    html = MarkdownIt("commonmark").enable("table").render(contract_page(last_proof()))
    for case in all_cases():
        assert f"<h3>{case.id}</h3>" in html
    assert "<em>" in html
    assert not re.search(
        r"<(?!/?(h[123]|p|ul|li|em|strong|a|table|thead|tbody|tr|th|td|code))", html
    )


def test_the_readme_counts_right() -> None:
    readme = (PAGE.parents[1] / "README.md").read_text()
    assert f"# {len(provider_cases())} cases against" in readme
    assert f"# {len(all_deviants())} broken ones," in readme
    draw = last_draw()
    caught = len(draw.deviants) - len(draw.missed)
    words = " ".join(readme.split())
    assert f"drawn with seed {draw.seed} one run caught {caught} of {len(draw.deviants)}" in words


def test_a_deviant_that_nobody_caught_is_shown_as_such() -> None:
    page = contract_page({deviant.name: [] for deviant in all_deviants()})
    assert page.count("| nobody |") == len(all_deviants())
    assert "Caught in the last proof: nothing." in page


def test_every_folder_and_every_gap_of_the_mutation_run_is_shown() -> None:
    page = contract_page(last_proof())
    last = last_mutation()
    assert f"{last.closed} of them by cases that were added because of this draw" in page
    for folder in last.folders:
        seen = sum(folder.seen.values())
        assert f"| {folder.name} | {folder.possible} | {folder.drawn} | {seen} |" in page
    for each in last.survivors(GAP):
        assert f"line {each.line}: {each.reason}" in page.replace("\\", "")


def test_nothing_is_written_after_a_proof_with_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        @staticmethod
        def faults() -> list[str]:
            return ["PB-RULES-CAP is FAIL on the true fake"]

    monkeypatch.setattr("contracts.proof.proof.prove", Broken)
    with pytest.raises(SystemExit, match="nothing was written"):
        contracts.proof.documentation.write_page(tmp_path)
    assert list(tmp_path.iterdir()) == []
