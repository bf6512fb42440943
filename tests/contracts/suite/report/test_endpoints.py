"""Several endpoints side by side."""

from __future__ import annotations

import re
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings

from contracts.suite.report.endpoints import endpoints_html, endpoints_markdown
from contracts.suite.report.markdown import LIMIT
from contracts.suite.results import CaseResult, Latency, RunReport, RunTarget, summarise
from contracts.suite.vocabulary import Status, TargetKind
from mockserver.net.visible_text import one_line, visible

from . import samples
from .markup import Page
from .test_markdown import elements, rendered
from .texts import harmless, nasty


def endpoint(url: str, *cases: CaseResult, **fields: object) -> RunReport:
    """Return a run of these cases at an endpoint."""
    target = RunTarget(TargetKind.ENDPOINT, url, "an endpoint")
    return samples.run_of(list(cases), target=target, **fields)


MENDED = msgspec.structs.replace(samples.REFUSED, status=Status.PASS, deviation=None)
GOOD = endpoint(
    "https://good.test/in?user={{User ID}}",
    samples.BURST,
    MENDED,
    samples.SKIPPED,
    latency=Latency(answers=1_234, p50=0.012, p99=0.1, longest=2.0),
)
SLOW = endpoint("https://slow.test", samples.BURST, samples.KNOWN, incomplete="It <stopped>.")
ALL = [samples.ENDPOINT, GOOD, SLOW]


def test_a_page_is_well_formed_and_needs_nothing_else() -> None:
    source = endpoints_html(ALL)
    page = Page(source)
    tags = {tag for tag, _ in page.tags}
    assert tags & {"script", "link", "img", "iframe", "object", "base", "form"} == set()
    assert re.search(r"url\(|@import|@font-face|src=", source) is None
    assert {link[1:] for link in page.links} == set(page.anchors)
    assert all(link.startswith("#") for link in page.links)


def test_each_endpoint_has_its_figures() -> None:
    words = Page(endpoints_html(ALL)).words
    for part in (
        "3 endpoints side by side",
        "1 partner.test:8443/in/$POSTBACKS_SECRET_1 1 of 2 MUSTs passed",
        "p50 3.1 ms p99 250 ms longest 1.25 s of 8 answers about the URL 2 remarks",
        "2 good.test/in 2 of 2 MUSTs passed",
        "p50 12 ms p99 100 ms longest 2 s of 1,234 answers",
        "3 slow.test/ The run ended early. It <stopped>. 1 of 2 MUSTs passed",
        "Answer times not measured",
    ):
        assert part in words


def test_a_cell_is_a_sign_and_a_word_and_nothing_is_left_out() -> None:
    words = Page(endpoints_html(ALL)).words
    row = "Ids with any characters are taken MUST 1 ✕ FAIL 2 ✓ PASS 3 not run"
    assert row in words
    assert "A burst of postbacks is answered 2xx MUST 1 ✓ PASS 2 ✓ PASS 3 ✓ PASS" in words
    assert "MUST 1 not run 2 not run 3 ✕ FAIL, known" in words
    places = [words.index(f"values {samples.REFUSED.id}"), words.index(f"api {samples.KNOWN.id}")]
    assert places == sorted(places)


def test_rows_that_tell_endpoints_apart_are_marked() -> None:
    alike = endpoints_html([GOOD, GOOD])
    assert 'class="alike"' in alike
    assert 'class="differs"' not in alike
    assert endpoints_html([samples.ENDPOINT, GOOD]).count('class="differs"') == 3


def test_what_was_found_stands_with_its_endpoint() -> None:
    words = Page(endpoints_html(ALL)).words
    places = [
        words.index("What was found at partner.test:8443"),
        words.index("an id with letters beyond the first plane <&>"),
        words.index("What was found at slow.test/"),
        words.index("The message is documented."),
    ]
    assert all(one < other for one, other in pairwise(places))
    assert "What was found at good.test" not in words


@pytest.mark.parametrize("reports", [[], [endpoint("http://p.test")]], ids=["none", "empty"])
def test_nothing_to_compare_is_said(reports: list[RunReport]) -> None:
    assert "Cases by endpoints" not in Page(endpoints_html(reports)).words
    assert "No case was run" in endpoints_markdown(reports)


def test_five_columns_get_more_room() -> None:
    assert '<body class="">' in endpoints_html([GOOD] * 4)
    assert '<body class="many">' in endpoints_html([GOOD] * 5)


@settings(max_examples=40)
@given(nasty(samples.ENDPOINT))
def test_no_text_adds_an_element_and_none_is_lost(report: RunReport) -> None:
    page = Page(endpoints_html([report, GOOD]))
    assert page.tags == Page(endpoints_html([harmless(report), GOOD])).tags
    for case in report.cases:
        for text in (case.id, case.title, case.area):
            assert visible(text) in page.text
        assert not case.deviation or visible(case.deviation.why) in page.text


def test_markdown_is_a_table_of_endpoints_and_one_of_cases() -> None:
    page = rendered(endpoints_markdown(ALL))
    cases = {case.id for report in ALL for case in report.cases}
    count = elements(page)
    assert (count["table"], count["tr"]) == (2, 1 + 3 + 1 + len(cases))
    for part in (
        "1 of 2 (50 %)",
        "p50 12 ms, p99 100 ms, longest 2 s, of 1,234 answers",
        "slow.test/ The run ended early.",
        "FAIL (known)",
        "not measured",
        "not run",
    ):
        assert part in page.text


def test_markdown_fits_into_a_comment() -> None:
    many = [
        msgspec.structs.replace(samples.BURST, id=f"PB-{one}", title="<" * 500)
        for one in range(999)
    ]
    report = endpoint(f"http://p.test/{'<' * 900}", *many, summary=summarise(many))
    source = endpoints_markdown([report] * 40)
    assert len(source) <= LIMIT
    assert source.count("more did not fit") == 2


@settings(max_examples=40)
@given(nasty(samples.ENDPOINT))
def test_no_text_is_markup(report: RunReport) -> None:
    page = rendered(endpoints_markdown([report, GOOD]))
    assert elements(page) == elements(rendered(endpoints_markdown([harmless(report), GOOD])))
    for case in report.cases:
        assert one_line(case.id) in page.text
