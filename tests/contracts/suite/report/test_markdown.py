"""Markdown: what a comment on a change shows."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from contracts.suite.report.figures import breaks, findings
from contracts.suite.report.markdown import LIMIT, code, fence, markdown, prose
from contracts.suite.results import RunReport
from mockserver.net.visible_text import one_line, visible

from . import samples
from .markup import Page
from .texts import harmless, nasty, nasty_texts

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def rendered(source: str) -> Page:
    """Return what a reader sees."""
    return Page(RENDERER.render(source))


def elements(page: Page) -> Counter[str]:
    return Counter(tag for tag, _ in page.tags)


@pytest.mark.parametrize("name", samples.EVERY_RUN)
def test_it_fits_into_a_comment_and_counts_as_the_summary_does(name: str) -> None:
    report = samples.EVERY_RUN[name]
    source = markdown(report)
    assert len(source) <= LIMIT
    text = rendered(source).text
    for status, number in report.summary.by_status.items():
        assert f"{number} {status}" in text


def test_two_figures_a_table_and_details() -> None:
    page = rendered(markdown(samples.EVERYTHING))
    assert "Coverage: 70 % (7 of 10 applicable cases could be tried)" in page.text
    assert "Conformance: 16 % (1 of 6 applicable MUSTs passed)" in page.text
    count = elements(page)
    found = findings(samples.EVERY_CASE)
    assert count["tr"] == 1 + len(found)
    assert count["td"] == 4 * len(found)
    assert count["details"] == sum(map(breaks, found))


def test_a_failure_tells_all() -> None:
    page = rendered(markdown(samples.run_of([samples.FAILED])))
    deviation = samples.FAILED.deviation
    for part in (deviation.expected, deviation.actual, deviation.why, samples.FAILED.curl):
        assert part in page.text
    assert "FILE#PB-API-RULES-CAP" in page.text
    assert page.links == [samples.PAGE]


def test_a_known_deviation_is_in_the_table_with_its_reason() -> None:
    text = rendered(markdown(samples.run_of([samples.KNOWN]))).text
    assert "FAIL (known)" in text
    assert "ticket 4711" in text
    assert "details" not in elements(rendered(markdown(samples.run_of([samples.KNOWN]))))


def test_nothing_found_is_said_in_few_words() -> None:
    assert "No case was run" in markdown(samples.EMPTY)
    assert elements(rendered(markdown(samples.run_of([samples.PASSED]))))["table"] == 0


def test_an_early_end_and_an_old_baseline_are_told() -> None:
    stale = [f"entry {number}" for number in range(12)]
    summary = msgspec.structs.replace(samples.INCOMPLETE.summary, stale=stale)
    text = rendered(markdown(msgspec.structs.replace(samples.INCOMPLETE, summary=summary))).text
    assert "The run ended early: The target stopped answering" in text
    assert "entry 9" in text
    assert "and 2 more" in text
    assert "entry 10" not in text


def test_an_endpoint_is_told_with_its_url_and_its_speed() -> None:
    text = rendered(markdown(samples.ENDPOINT)).text
    for part in (
        "Endpoint report: partner https://partner.test:8443/in/$POSTBACKS_SECRET_1?user=",
        "Answer times: p50 3.1 ms, p99 250 ms, longest 1.25 s, of 8 answers",
        f"Sent: 9 requests; 8 ids may be stored, beginning with {samples.PREFIX}",
        "Remarks about the URL (2):",
        "always-empty {{AB test ID}} is always empty here. How to fix: take it out & <wait>",
        "Again: postbacks verify",
    ):
        assert part in text
    assert "replay" not in text


def test_the_report_stays_small_however_much_is_said_of_the_url() -> None:
    remark = samples.Remark("@" * 300, "<" * 3000, "&" * 3000)
    summary = msgspec.structs.replace(samples.INCOMPLETE.summary, stale=["<" * 3000] * 20)
    report = msgspec.structs.replace(
        samples.BIG, remarks=[remark] * 30, incomplete="<" * 3000, summary=summary
    )
    assert len(markdown(report)) <= LIMIT
    assert "and 20 more" in rendered(markdown(report)).text


def test_what_does_not_fit_is_counted() -> None:
    deviation = msgspec.structs.replace(samples.FAILED.deviation, actual="<" * 10_000)
    case = msgspec.structs.replace(samples.FAILED, deviation=deviation, curl="&" * 10_000)
    source = markdown(samples.run_of([case] * 400))
    assert len(source) <= LIMIT
    text = rendered(source).text
    rows = 400 - elements(rendered(source))["tr"] + 1
    assert f"{rows} more did not fit" in text
    assert f"{400 - elements(rendered(source))['details']} more did not fit" in text


@settings(max_examples=60)
@given(nasty(samples.EVERYTHING))
def test_no_text_is_markup_and_none_is_lost(report: RunReport) -> None:
    page = rendered(markdown(report))
    assert elements(page) == elements(rendered(markdown(harmless(report))))
    for case in findings(report.cases):
        assert one_line(case.id) in page.text
        if breaks(case):
            for text in (case.reason, case.curl, *case.steps):
                assert visible(text).strip() in page.text
        if breaks(case) and case.deviation:
            assert visible(case.deviation.expected).strip() in page.text


@settings(max_examples=40)
@given(nasty(samples.ENDPOINT))
def test_no_text_of_an_endpoint_is_markup(report: RunReport) -> None:
    page = rendered(markdown(report))
    assert elements(page) == elements(rendered(markdown(harmless(report))))
    for remark in report.remarks:
        for text in (remark.code, remark.text, remark.fix):
            assert one_line(text).strip() in page.text.replace("@\u200b", "@")


@given(nasty_texts)
def test_a_link_leads_where_it_says_or_is_none(text: str) -> None:
    link = f"https://docs.leanplum.com/{text}"
    statement = msgspec.structs.replace(samples.RULES_CAP, link=link)
    case = msgspec.structs.replace(samples.FAILED, statements=[statement])
    page = rendered(markdown(samples.run_of([case])))
    plain = elements(rendered(markdown(samples.run_of([samples.FAILED]))))
    assert elements(page) - Counter("a") == plain - Counter("a")
    assert len(page.links) <= 1


@given(nasty_texts)
def test_running_text_is_no_markup(text: str) -> None:
    page = rendered(f"x{prose(text)}x")
    assert page.tags == [("p", ())]
    assert page.text.strip() == f"x{one_line(text)}x".replace("@", "@\u200b")


@given(nasty_texts)
def test_code_is_no_markup(text: str) -> None:
    assert elements(rendered(f"| a |\n| - |\n| {code(text)} |"))["code"] == 1
    assert elements(rendered(f"| a |\n| - |\n| {code(text)} |"))["td"] == 1


@given(nasty_texts)
def test_nothing_closes_a_fence(text: str) -> None:
    page = rendered(f"{fence(text)}\n\nend")
    assert elements(page) == {"pre": 1, "code": 1, "p": 1}
    assert visible(text) in page.text


@pytest.mark.parametrize("run", ["```", "````", "~~~", "```text"])
def test_a_fence_in_a_value_closes_nothing(run: str) -> None:
    page = rendered(fence(f"a\n{run}\n<b>\n{run}"))
    assert page.text == f"a\n{run}\n<b>\n{run}\n\n"


def test_nobody_is_called() -> None:
    assert prose("@someone") == "&#64;&#8203;someone"
