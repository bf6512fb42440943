"""A run of `verify` from a form, followed, ended, and its report opened without a way back in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver import Sandbox
from mockserver.reports.shelf import Shelf
from tests.reports.samples import FACTS, facts
from tests.web.page.browsing import Open, needs_browser, playwright

pytestmark = needs_browser

Opened = Callable[..., tuple[Sandbox, Open]]
QUERY = "?user={{User ID}}&device={{Device ID}}&event={{Message event}}&at={{Trigger time}}"
RUN_SECONDS = 60


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("POSTBACKS_REPORTS", str(tmp_path))
    return Shelf(tmp_path)


def begin(page: Open, url: str) -> None:
    page.go("#/verify")
    page.page.get_by_label("postbackUrl").fill(url)
    page.press("verify")


def test_an_endpoint_is_put_to_the_test_and_the_report_read(opened: Opened, shelf: Shelf) -> None:
    sandbox, page = opened()
    sandbox.inbox("in").behave("404")
    page.go("#/verify")
    page.sees("There is none yet")
    begin(page, sandbox.inbox("in").url + QUERY)
    page.sees("open the report", within=RUN_SECONDS)
    page.sees("PB-ANSWER-POST")
    page.sees("✕failed")
    page.sees("Reports of this machine")
    assert len(shelf.listed()) == 1
    with page.page.context.expect_page() as opening:
        page.page.get_by_role("link", name="open the report").click()
    report = opening.value
    playwright.expect(report.locator("body")).to_contain_text("PB-ANSWER-POST")
    # It was the command that made it, with real requests.
    assert len(sandbox.inbox("in").requests) > 5
    page.page.get_by_role("button", name="Forget report").click()
    page.sees("There is none yet")


def test_a_run_is_ended_with_a_report_of_what_was_tried(opened: Opened) -> None:
    sandbox, page = opened()
    sandbox.clock_mode = "running"
    sandbox.inbox("in").behave("200@20s")
    begin(page, sandbox.inbox("in").url + QUERY)
    # A case is under way; how many there are changes with the suite.
    page.sees(" cases, now ", within=RUN_SECONDS)
    page.press("cancel")
    page.sees("interrupted", within=RUN_SECONDS)
    page.sees("open the report")


def test_another_tab_follows_the_same_run(opened: Opened) -> None:
    sandbox, page = opened()
    begin(page, sandbox.inbox("in").url + QUERY)
    page.sees("Run 1")
    other = Open(page.page.context.new_page(), page.url)
    other.go("#/verify")
    other.sees("Run 1")
    other.sees("open the report", within=RUN_SECONDS)
    assert other.wrong == []


def test_behind_a_token_and_a_prefix_a_report_is_opened_all_the_same(
    opened: Opened, shelf: Shelf
) -> None:
    _, page = opened(token="secret-token", prefix="/tools/postbacks")
    shelf.keep(FACTS, "<p>what was found")
    page.go("#/verify")
    page.page.get_by_label("Token").fill("secret-token")
    page.press("Log in")
    with page.page.context.expect_page() as opening:
        page.page.get_by_role("link", name="verify, 2026-01-01 12:30:00 UTC").click()
    playwright.expect(opening.value.locator("body")).to_contain_text("what was found")


def test_what_was_made_in_a_terminal_is_there_when_one_comes_back(
    opened: Opened, shelf: Shelf
) -> None:
    _, page = opened()
    page.go("#/verify")
    page.sees("There is none yet")
    shelf.keep(FACTS, "page")
    page.page.evaluate("dispatchEvent(new Event('focus'))")
    page.sees("verify, 2026-01-01 12:30:00 UTC")


def test_the_form_begins_with_a_rule_that_leads_here(opened: Opened) -> None:
    sandbox, page = opened()
    sandbox.add_postback("https://shop.example/in?user={{User ID}}")
    page.go("#/verify")
    field = page.page.get_by_label("postbackUrl")
    playwright.expect(field).to_have_value(re.compile("http://127.0.0.1:5000/postbacks"))
    url = f"{sandbox.inbox('in').url}?user={{{{User ID}}}}"
    sandbox.add_postback(url, "abTestEvents")
    page.page.reload()
    playwright.expect(field).to_have_value(url)
    playwright.expect(page.page.get_by_label("Listens to")).to_have_value("abTestEvents")
    # What somebody has written stays.
    field.fill("http://127.0.0.1:1/mine")
    page.page.get_by_label("Listens to").select_option("messageEvents")
    page.rests()
    playwright.expect(field).to_have_value("http://127.0.0.1:1/mine")
    playwright.expect(page.page.get_by_label("Listens to")).to_have_value("messageEvents")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://shop.example/in", "--allow-host shop.example"),
        ("not a url", "as you would register it"),
        ("{own}/_sandbox/reset", "own API"),
    ],
)
def test_what_is_not_for_this_machine_is_refused_in_words(
    url: str, says: str, opened: Opened
) -> None:
    _, page = opened()
    begin(page, url.format(own=page.url))
    page.sees(says)
    page.was_refused(400)


def test_why_a_run_came_to_nothing_is_said(opened: Opened) -> None:
    _, page = opened()
    # A template with a mistake is found by the command itself.
    begin(page, "http://127.0.0.1:5000/in?user={{User Id}}")
    page.sees("nothing tried", within=RUN_SECONDS)
    page.sees("wrong case")


HOSTILE = (
    "<title>mine</title><script>document.title = 'taken over'</script>"
    "<img src=/page/icon.svg onerror=\"document.title='taken over'\">"
    '<form action="/_sandbox/reset" method=post><button>send</button></form>'
    '<a href="/_sandbox/clock">leave</a>'
)


def test_a_report_can_do_nothing_to_the_sandbox(opened: Opened, shelf: Shelf) -> None:
    sandbox, page = opened()
    shelf.keep(FACTS, HOSTILE)
    page.go("#/verify")
    with page.page.context.expect_page() as opening:
        page.page.get_by_role("link", name="verify, 2026-01-01 12:30:00 UTC").click()
    report = opening.value
    asked: list[str] = []
    report.on("request", lambda request: asked.append(request.url))
    report.wait_for_load_state()
    assert report.title() == "mine"
    assert report.evaluate("origin") == "null"
    before = len(sandbox.api.calls)
    report.get_by_role("button", name="send").click()
    report.get_by_role("link", name="leave").click()
    # The one thing it can do is to lead elsewhere; the sandbox answers no page of that origin.
    playwright.expect(report.locator("body")).to_contain_text("may not call this")
    assert not any(url.endswith("/reset") for url in asked)
    assert len(sandbox.api.calls) == before


def test_the_keys_lead_through_the_view(opened: Opened, shelf: Shelf) -> None:
    _, page = opened()
    ids = [shelf.keep(facts(command=name), "page") for name in ("verify", "contracts run")]
    page.go("")
    page.is_live()
    for key in "gv":
        page.page.keyboard.press(key)
    page.sees("Reports of this machine")
    page.sees("contracts run, 2026")
    focused = "document.activeElement.href"
    page.page.keyboard.press("j")
    assert page.page.evaluate(focused).endswith("/page")
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    playwright.expect(page.page.get_by_role("button", name="Forget report")).to_have_count(1)
    assert len(shelf.listed()) == 1
    assert shelf.listed()[0].id in ids
