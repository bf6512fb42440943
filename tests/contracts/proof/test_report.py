"""The page of a proof."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from contracts.proof.matrix import TRUE_FAKE, Draw, DrawnDeviant, Proof, with_draw
from contracts.proof.report import Mark, kill_matrix_html, mark_of
from contracts.suite.report.page import anchor
from contracts.suite.vocabulary import Level, Status
from mockserver.net.visible_text import visible
from tests.contracts.proof.proofs import EVERY_PROOF, proof_of, with_faults
from tests.contracts.suite.report.markup import Page
from tests.contracts.suite.report.texts import harmless, nasty


@pytest.mark.parametrize("name", EVERY_PROOF)
def test_a_page_is_well_formed_and_leads_nowhere_else(name: str) -> None:
    page = Page(kill_matrix_html(EVERY_PROOF[name]))
    assert {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe"} == set()
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.anchors)
    assert len(set(page.anchors)) == len(page.anchors)


@pytest.mark.parametrize("name", EVERY_PROOF)
def test_every_case_is_a_row_and_every_deviant_a_column_and_an_entry(name: str) -> None:
    proof = EVERY_PROOF[name]
    page = Page(kill_matrix_html(proof))
    expected = {f"case-{anchor(case.id)}" for case in proof.cases}
    expected |= {f"deviant-{anchor(deviant.name)}" for deviant in proof.deviants}
    assert set(page.anchors) == expected
    source = kill_matrix_html(proof)
    assert source.count('<td class="mark-') == len(proof.cases) * len(proof.deviants)


def test_the_marks_are_those_of_the_cells() -> None:
    proof = with_faults()
    source = kill_matrix_html(proof)
    classes = {"named": Mark.NAMED, "too": Mark.TOO, "missed": Mark.MISSED, "not": Mark.NOT}
    classes |= {"error": Mark.ERROR, "apart": Mark.APART}
    marks = [mark_of(proof, case, one.name) for case in proof.cases for one in proof.deviants]
    assert set(marks) == set(Mark)
    for name, mark in classes.items():
        assert source.count(f'<td class="mark-{name}"') == marks.count(mark)


@pytest.mark.parametrize(
    ("status", "named", "mark"),
    [
        (Status.FAIL, True, Mark.NAMED),
        (Status.UNTESTABLE, True, Mark.NAMED),
        (Status.WARN, False, Mark.TOO),
        (Status.PASS, True, Mark.MISSED),
        (Status.SKIP, True, Mark.MISSED),
        (None, True, Mark.MISSED),
        (Status.PASS, False, Mark.NOT),
        (Status.SKIP, False, Mark.APART),
        (None, False, Mark.APART),
        (Status.ERROR, True, Mark.ERROR),
        (Status.ERROR, False, Mark.ERROR),
    ],
)
def test_what_a_cell_means(status: Status | None, named: bool, mark: Mark) -> None:
    proof = proof_of(3, 3)
    case = proof.cases[0]
    deviant = next(one.name for one in proof.deviants if (one.name in case.catches) == named)
    proof.cells[deviant].pop(case.id, None)
    if status is not None:
        proof.cells[deviant][case.id] = status
    assert mark_of(proof, case, deviant) is mark


def test_faults_stand_at_the_top() -> None:
    proof = with_faults()
    text = Page(kill_matrix_html(proof)).words
    assert "This is no proof yet: 4 faults." in text
    for fault in proof.faults():
        assert text.index(fault) < text.index("Deviants caught")
    assert "No case caught it." in text
    assert "WARN on the true fake" in text


def test_a_proof_has_no_alarm_and_full_figures() -> None:
    text = Page(kill_matrix_html(EVERY_PROOF["large"])).words
    assert "no proof" not in text
    musts = sum(case.level is Level.MUST for case in EVERY_PROOF["large"].cases)
    assert "100 % 60 of 60 deviants were caught by a case that names them" in text
    assert f"100 % {musts} of {musts} cases of level MUST caught a deviant that they name" in text


@settings(max_examples=40)
@given(nasty(proof_of(4, 4)))
def test_no_text_adds_an_element_and_none_is_lost(proof: Proof) -> None:
    # The true fake has to keep its name to be found again.
    proof = _with_true_fake(proof)
    page = Page(kill_matrix_html(proof))
    assert page.tags == Page(kill_matrix_html(_with_true_fake(harmless(proof)))).tags
    for case in proof.cases:
        assert visible(case.id) in page.text
        assert visible(case.title) in page.text
    for deviant in proof.deviants:
        assert visible(deviant.change) in page.text


def _with_true_fake(proof: Proof) -> Proof:
    proof.cells[TRUE_FAKE] = {case.id: Status.PASS for case in proof.cases}
    return proof


def test_drawn_fakes_are_told_one_by_one() -> None:
    caught = DrawnDeviant("drawn-1-0", "retry", "A 418 is tried again.", "PB-RETRY-EVERY-STATUS")
    missed = DrawnDeviant("drawn-1-1", "retry", "A 299 is no success.", "")
    text = Page(kill_matrix_html(with_draw(proof_of(3, 3), Draw(1, [caught, missed])))).words
    assert "50 % 1 of 2 broken fakes drawn with seed 1 were caught in one run" in text
    assert "drawn-1-0 A 418 is tried again. ○ PB-RETRY-EVERY-STATUS" in text
    assert "drawn-1-1 A 299 is no success. ✕ No case caught it." in text
