"""The page of a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import msgspec
import pytest
from hypothesis import given, settings

from contracts.suite.report.html import html
from contracts.suite.report.page import anchor, render
from contracts.suite.results import CaseResult, RunReport
from contracts.suite.vocabulary import Status
from mockserver.net.visible_text import one_line, visible

from . import samples
from .markup import Page
from .texts import harmless, nasty, nasty_texts


@pytest.mark.parametrize("name", samples.EVERY_RUN)
def test_a_page_is_well_formed_and_needs_nothing_else(name: str) -> None:
    source = html(samples.EVERY_RUN[name])
    page = Page(source)
    tags = {tag for tag, _ in page.tags}
    assert tags & {"script", "link", "img", "iframe", "object", "base", "form"} == set()
    assert re.search(r"url\(|@import|@font-face|src=", source) is None
    assert all(link.startswith("#") or link.startswith(samples.PAGE) for link in page.links)


@pytest.mark.parametrize("name", samples.EVERY_RUN)
def test_every_case_has_an_anchor_and_every_link_into_the_page_a_target(name: str) -> None:
    report = samples.EVERY_RUN[name]
    page = Page(html(report))
    assert set(page.anchors) >= {anchor(case.id) for case in report.cases}
    assert len(set(page.anchors)) == len(page.anchors)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.anchors)


@pytest.mark.parametrize("name", samples.EVERY_RUN)
def test_the_counts_are_those_of_the_summary(name: str) -> None:
    report = samples.EVERY_RUN[name]
    text = Page(html(report)).words
    ends = [text.find(each) for each in ("Remarks about", "What was found") if each in text]
    head = text[: min(ends, default=len(text))]
    for status in Status:
        number = report.summary.by_status.get(status, 0)
        assert (f"{status} {number}" in head) == bool(number)


def test_coverage_and_conformance_stand_apart() -> None:
    text = Page(html(samples.EVERYTHING)).words
    assert "Coverage 70 % 7 of 10 applicable cases could be tried" in text
    assert "Conformance 16 % 1 of 6 applicable MUSTs passed" in text


def test_a_failure_tells_all() -> None:
    text = Page(html(samples.run_of([samples.FAILED]))).words
    for part in (
        "FAIL A fourth rule is refused PB-API-RULES-CAP MUST documented",
        "An app has at most three postback rules",
        "addPostback, Limits",
        'Expected status 400 {"response"',
        'Actual status 200 {"response"',
        "The app had three rules already",
        "2 exchanges",
        "clientKey=***",
        "curl -X POST 'http://127.0.0.1:8765/api?action=addPostback'",
        "How to fix Count the rules of an app",
        "postbacks contracts replay FILE#PB-API-RULES-CAP",
    ):
        assert part in text


def test_an_early_end_and_an_old_baseline_are_told_at_the_top() -> None:
    text = Page(html(samples.INCOMPLETE)).words
    assert text.index("The run ended early. The target stopped") < text.index("Coverage")
    assert text.index("deviates no longer; remove its entry") < text.index("Coverage")


def test_a_page_of_an_endpoint_tells_of_its_url_its_speed_and_what_was_sent() -> None:
    text = Page(html(samples.ENDPOINT)).words
    for part in (
        "Endpoint report, target: partner https://partner.test:8443/in/$POSTBACKS_SECRET_1?user=",
        "Half within 3.1 ms p50 99 of 100 within 250 ms p99 Longest 1.25 s Of 8 answers",
        "Remarks about the URL secret-in-url the URL holds what looks like a secret How to fix: ",
        "take it out & <wait>",
        "What the run sent 9 requests. 8 ids may be stored at the endpoint",
        f"{samples.PREFIX}-8",
        "Try this case again (with the secrets in the env",
        "--case PB-VALUES-CHARACTERS",
        "Secrets are masked",
    ):
        assert part in text
    assert "contracts replay" not in text


def test_the_page_of_another_run_tells_nothing_of_an_endpoint() -> None:
    text = Page(html(samples.EVERYTHING)).words
    assert "Contract report, target: fake" in text
    for part in ("Remarks about the URL", "p50", "What the run sent", "verify"):
        assert part not in text


@pytest.mark.parametrize(("number", "folded"), [(12, False), (13, True)])
def test_many_ids_are_folded_away(number: int, folded: bool) -> None:
    stored = [f"{samples.PREFIX}-{one}" for one in range(number)]
    traffic = msgspec.structs.replace(samples.ENDPOINT.traffic, stored=stored)
    source = html(msgspec.structs.replace(samples.ENDPOINT, traffic=traffic))
    assert (f"<summary>{number} ids</summary>" in source) == folded
    assert f"{stored[-1]}\n" in source


def test_nothing_stored_is_said_without_a_list() -> None:
    traffic = msgspec.structs.replace(samples.ENDPOINT.traffic, stored=[])
    text = Page(html(msgspec.structs.replace(samples.ENDPOINT, traffic=traffic))).words
    assert "0 ids may be stored at the endpoint:" in text


def test_requests_of_cases_that_passed_are_neither_open_nor_printed() -> None:
    source = html(samples.run_of([samples.BURST]))
    assert '<section class="screen-only"><h3>4 exchanges</h3>' in source
    assert '<details class="exchange" open>' not in source
    assert '<details class="exchange" open>' in html(samples.run_of([samples.REFUSED]))


def test_a_line_break_at_the_start_of_a_value_is_kept() -> None:
    case = samples.case("PB-X", "x", "api", Status.FAIL, curl="\ncurl")
    # Browsers drop the first one after the tag.
    assert '<pre class="command">\n\ncurl</pre>' in html(samples.run_of([case]))


@settings(max_examples=60)
@given(nasty(samples.EVERYTHING))
def test_no_text_adds_an_element_or_an_attribute_and_none_is_lost(report: RunReport) -> None:
    page = Page(html(report))
    assert page.tags == Page(html(harmless(report))).tags
    for text in _shown(report):
        assert visible(text) in page.text
    assert all(link.startswith(("#", samples.PAGE)) for link in page.links)


@settings(max_examples=40)
@given(nasty(samples.ENDPOINT))
def test_no_text_of_an_endpoint_adds_an_element_and_none_is_lost(report: RunReport) -> None:
    page = Page(html(report))
    assert page.tags == Page(html(harmless(report))).tags
    told = [text for remark in report.remarks for text in (remark.code, remark.text, remark.fix)]
    for text in (*_shown(report), *told, report.traffic.prefix, *report.traffic.stored):
        assert visible(text) in page.text


@given(nasty_texts)
def test_a_link_stays_a_link(text: str) -> None:
    link = f"https://docs.leanplum.com/{text}"
    statement = msgspec.structs.replace(samples.RULES_CAP, link=link)
    case = msgspec.structs.replace(samples.PASSED, statements=[statement])
    page = Page(html(samples.run_of([case])))
    assert page.tags == Page(html(samples.run_of([samples.PASSED]))).tags
    assert visible(link) in page.links


def _shown(report: RunReport) -> Iterator[str]:
    yield from (report.target.url, report.target.description, report.suite_version)
    for case in report.cases:
        yield from _shown_of(case)


def _shown_of(case: CaseResult) -> Iterator[str]:
    yield from (case.id, case.title, case.area, case.reason, case.verdict, case.known, case.curl)
    yield from case.steps
    for statement in case.statements:
        yield from (statement.id, statement.text, one_line(statement.page))
        yield one_line(statement.section)
    if case.deviation:
        yield from (case.deviation.expected, case.deviation.actual, case.deviation.why, case.fix)
    for exchange in case.exchanges:
        yield from (exchange.method, exchange.url, exchange.body, exchange.answer_body)
        yield exchange.error or ""
        yield from (part for header in exchange.headers for part in header)
        yield from (part for header in exchange.answer_headers for part in header)


# Colours


def test_text_can_be_read_on_every_ground_in_both_themes() -> None:
    css = render("style.css.j2")
    light, dark, printed = (dict(found) for found in map(_colours, css.split(":root {")[1:4]))
    pairs = [
        *product(("ink", "soft", "link"), ("paper", "card", "well", "fail-wash")),
        *((f"{name}-ink", f"{name}-paper") for name in ("pass", "fail", "warn", "info", "skip")),
        *((f"{name}-ink", f"{name}-paper") for name in ("untestable", "error")),
        *(("mark-ink", "mark-gone"), ("mark-ink", "mark-seen"), ("fail-line", "card")),
    ]
    too_faint = [
        (theme, ink, ground)
        for theme, colours in (("light", light), ("dark", dark), ("print", printed))
        for ink, ground in pairs
        if _contrast(colours[ink], colours[ground]) < 4.5
    ]
    assert too_faint == []


def _colours(block: str) -> list[tuple[str, str]]:
    return re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block[: block.index("}")])


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
