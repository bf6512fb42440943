"""The page in a real browser, as a newcomer, a keyboard and an attacker use it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mockserver import Sandbox
from mockserver.reports.shelf import Shelf
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.reports.samples import facts
from tests.web.page.browsing import (
    LOOKS,
    PATIENCE_MILLISECONDS,
    VIEWS,
    Open,
    needs_browser,
    playwright,
    with_rule,
)

pytestmark = needs_browser

SIZES = [(360, "light"), (1280, "dark"), (2560, "light")]


def test_a_first_visit_says_how_to_begin(opened: Callable[..., tuple[Sandbox, Open]]) -> None:
    sandbox, page = opened()
    page.go("")
    page.sees("No rule yet")
    page.sees("curl ")
    page.is_live()
    page.press("add a rule")
    page.sees("an example of what is sent")
    url = page.page.get_by_label("Template URL")
    url.fill("https://{{User ID}}/")
    page.sees("refused:")
    url.fill(f"{sandbox.inbox('demo').url}?u={{{{User ID}}}}")
    page.page.get_by_role("button", name="add by addPostback").click()
    page.sees("1 of 3 places taken")
    assert len(sandbox.postbacks()) == 1
    # It has gone the way that a partner's call goes.
    assert [call.action for call in sandbox.api.calls] == ["addPostback"]
    page.page.get_by_role("button", name="Delete rule").click()
    page.sees("0 of 3 places taken")


def test_trigger_watch_ten_attempts_and_read_the_timeline(
    opened: Callable[..., tuple[Sandbox, Open]],
) -> None:
    sandbox, page = opened()
    with_rule(sandbox, "503*9,200")
    page.go("#/trigger")
    page.sees("✓ fires")
    page.press("let it happen")
    page.sees("1 event happened, 1 delivery came of it")
    page.page.get_by_role("link", name="delivery 1").first.click()
    page.sees("9 attempts of 10 left, the last one at 2026-01-03 17:00:00 if all fail")
    page.press("next due")
    page.sees("2 attempts")
    page.press("until idle")
    page.sees("10 attempts")
    page.sees("It has arrived")
    marks = page.page.locator("svg g[role=button]")
    assert marks.count() == 10
    names = [marks.nth(number).get_attribute("aria-label") for number in range(10)]
    assert [name.split(":")[-1].split(" after")[0].strip() for name in names] == ["503"] * 9 + [
        "200"
    ]
    assert names[9].startswith("attempt 10 at 2026-01-03 17:00:00")
    # The bytes of the request of the attempt that is chosen.
    marks.nth(0).click()
    page.sees("POST /inbox/crm?user=ada%2Bnews%40example.com")
    page.press("true scale")
    assert marks.count() == 10


def test_the_clock_is_moved_from_the_page(opened: Callable[..., tuple[Sandbox, Open]]) -> None:
    sandbox, page = opened()
    page.go("")
    page.sees("clock stands at 2026-01-01 00:00:00")
    page.press("+1 h")
    page.sees("clock stands at 2026-01-01 01:00:00")
    field = page.page.get_by_label("To an instant (UTC)")
    field.fill("2026-01-03T12:00")
    page.press("go")
    page.sees("clock stands at 2026-01-03 12:00:00")
    field.fill("90m")
    page.press("go")
    page.sees("clock stands at 2026-01-03 13:30:00")
    field.fill("2020-01-01T00:00Z")
    page.press("go")
    page.sees("forward")
    assert sandbox.now().isoformat() == "2026-01-03T13:30:00+00:00"
    page.was_refused(400)


def test_what_happens_elsewhere_is_seen_in_every_tab(
    opened: Callable[..., tuple[Sandbox, Open]],
) -> None:
    sandbox, page = opened()
    with_rule(sandbox)
    other = Open(page.page.context.new_page(), page.url)
    for each in (page, other):
        each.go("")
        each.is_live()
    sandbox.trigger("email.click", user_id="somebody-new")
    for each in (page, other):
        each.sees("somebody-new")
    # The one that reads the stream for both goes; the other takes its place.
    page.page.close()
    sandbox.trigger("email.click", user_id="a-late-one")
    other.sees("a-late-one")
    assert other.wrong == []


def test_after_a_restart_it_goes_on(browser: Any) -> None:
    """Another process counts what happens from 1 again; nothing of it may be taken as known."""
    with closing(browser.new_context()) as context, Sandbox() as before, Sandbox() as after:
        first = ApiServer(create_app(before))
        first.start()
        page = Open(context.new_page(), first.url)
        page.go("")
        page.is_live()
        for number in range(5):
            before.trigger("email.click", user_id=f"before-{number}")
        page.sees("before-4")
        before.feed.close()
        first.stop()
        page.sees("not connected")
        second = ApiServer(create_app(after), port=first.port)
        second.start()
        try:
            playwright.expect(page.page.locator(".live.is-live")).to_be_visible(
                timeout=PATIENCE_MILLISECONDS
            )
            after.trigger("email.click", user_id="after-it")
            page.sees("after-it")
            assert "before-4" not in page.page.locator("main").text_content()
        finally:
            after.feed.close()
            second.stop()


HOSTILE = [
    "<img src=x onerror=\"document.title='taken over'\">",
    "\x1b[31mred\x1b]0;title\x07\x00",
    "x" * 100_000,
    "\u202eabc\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
]


@pytest.mark.parametrize("value", HOSTILE, ids=["html", "terminal", "long", "right-to-left"])
def test_a_hostile_value_is_text_on_every_view(
    value: str,
    opened: Callable[..., tuple[Sandbox, Open]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POSTBACKS_REPORTS", str(tmp_path))
    Shelf(tmp_path).keep(facts(target=value, command=value[:9], verdict=value), value)
    sandbox, page = opened(viewport={"width": 360, "height": 800})
    with_rule(sandbox)
    # Longer than any URL; so it does not fit into the rule's.
    fits = len(value) < 1000
    answer = [{"kind": "status", "status": 422, "body": value[:50_000]}]
    sandbox.inbox("crm").behave(answer)
    sandbox.trigger("email.click", user_id=value if fits else value[:5_000])
    sandbox.trigger("email.click", parameters={value[:2000]: value[:2000]})
    client = create_app(sandbox).test_client()
    client.get("/api", query_string={"action": value[:1000], value[:1000]: value[:3000]})
    for name, place in VIEWS.items():
        page.go(place)
        page.page.reload()
        playwright.expect(page.page.locator("main .card").first).to_be_visible()
        page.rests()
        assert not page.page.evaluate("document.querySelector('main img')"), name
        assert "taken over" not in page.page.title()
        shown = page.page.evaluate("document.body.textContent")
        assert not any(character in shown for character in "\x1b\x00\x07\u202e"), name
        width = page.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{name} is {width} wide"


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_every_view_fits_and_can_be_read(
    width: int, scheme: str, opened: Callable[..., tuple[Sandbox, Open]]
) -> None:
    sandbox, page = opened(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    with_rule(sandbox, "503*2,hang,422,200")
    for _ in range(5):
        sandbox.trigger("email.click")
    sandbox.trigger("ab-test.enter")
    for name, place in VIEWS.items():
        page.go(place)
        playwright.expect(page.page.locator("main .card").first).to_be_visible()
        page.rests()
        seen = page.page.evaluate(LOOKS)
        assert seen == [], f"{name}: {seen}"
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_the_token_is_asked_for_and_taken(opened: Callable[..., tuple[Sandbox, Open]]) -> None:
    _, page = opened(token="secret-token")
    page.go("#/deliveries")
    page.sees("so it needs its token")
    field = page.page.get_by_label("Token")
    field.fill("wrong")
    page.press("Log in")
    page.sees("that is not the token")
    field.fill("secret-token")
    page.press("Log in")
    page.sees("There is no delivery yet")
    page.is_live()
    (cookie,) = page.page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert "secret-token" not in str(cookie)
    page.press("Log out")
    page.sees("so it needs its token")
    page.was_refused(401)


def test_it_works_behind_a_path_prefix(opened: Callable[..., tuple[Sandbox, Open]]) -> None:
    sandbox, page = opened(token="secret-token", prefix="/tools/postbacks")
    with_rule(sandbox)
    page.go("#/trigger")
    page.page.get_by_label("Token").fill("secret-token")
    page.press("Log in")
    page.sees("✓ fires")
    page.press("let it happen")
    page.sees("1 delivery came of it")
    page.is_live()
    (cookie,) = page.page.context.cookies()
    assert cookie["path"] == "/tools/postbacks"
    # Nothing was asked for beside the prefix: `foreign` holds all that does not begin with it.


def test_a_running_clock_goes_on_by_itself(opened: Callable[..., tuple[Sandbox, Open]]) -> None:
    sandbox, page = opened()
    sandbox.clock_mode = "running"
    page.go("")
    page.sees("now 2026-01-01 00:00:0")
    first = page.page.locator(".clock time").first.text_content()
    playwright.expect(page.page.locator(".clock time").first).not_to_have_text(first)


def test_everything_can_be_done_by_keys(opened: Callable[..., tuple[Sandbox, Open]]) -> None:
    sandbox, page = opened()
    with_rule(sandbox, "503")
    sandbox.trigger("email.click", user_id="ada")
    sandbox.trigger("email.click", user_id="bob")
    page.go("")
    page.sees("Pending")
    keys = page.page.keyboard
    keys.press("?")
    page.sees("Keyboard shortcuts")
    keys.press("Escape")
    playwright.expect(page.page.locator("dialog")).to_have_count(0)
    keys.press("g")
    keys.press("d")
    page.sees("2 in all")
    keys.press("/")
    keys.type("bob")
    page.sees("1 in all")
    keys.press("Escape")
    keys.press("j")
    focused = "document.activeElement.textContent"
    assert page.page.evaluate(focused) == "2"
    assert page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keys.press("Enter")
    page.sees("Delivery 2")
    # A mark of the axis is chosen by keys as well.
    mark = page.page.locator("svg g[role=button]").first
    mark.focus()
    keys.press("Enter")
    playwright.expect(mark).to_have_attribute("aria-pressed", "true")
    headings = ["Overview", "Trigger", "Deliveries", "Inboxes", "Calls", "Verify"]
    for key, heading in zip("otdicv", headings, strict=True):
        keys.press("g")
        keys.press(key)
        playwright.expect(page.page.locator("h1")).to_contain_text(heading)
        assert page.page.evaluate("document.activeElement.tagName") == "H1"


def test_an_inbox_is_told_what_to_do_and_two_requests_are_compared(
    opened: Callable[..., tuple[Sandbox, Open]],
) -> None:
    sandbox, page = opened()
    with_rule(sandbox)
    sandbox.trigger("email.click", user_id="ada")
    sandbox.trigger("email.click", user_id="bob")
    page.go("#/inboxes/crm")
    page.sees("POST /inbox/crm?user=bob")
    page.page.get_by_label("compare with").select_option("1")
    page.sees("Difference")
    marked = page.page.locator(".difference mark").all_text_contents()
    assert marked[:2] == ["ada", "bob"]
    page.press("query")
    page.sees("object with 2")
    page.page.get_by_label("send it again to").fill(sandbox.inbox("other").url)
    page.press("send")
    page.sees("answered with 200")
    assert len(sandbox.inbox("other").requests) == 1
    page.page.get_by_label("Script: request by request").fill("nonsense")
    page.press("set")
    page.sees("is none of")
    page.page.get_by_label("Script: request by request").fill("503*9,200")
    page.press("set")
    page.sees("set, from the next request on")
    assert len(sandbox.inboxes.script("crm")) == 2
    page.was_refused(400)


def test_many_deliveries_stay_quick(opened: Callable[..., tuple[Sandbox, Open]]) -> None:
    sandbox, page = opened()
    with_rule(sandbox)
    # The transport of a million attempts is not what is looked at here.
    sandbox.inbox("crm").behave("200")
    client = create_app(sandbox).test_client()
    batch = [{"name": "email.open", "user_id": f"user-{number}"} for number in range(500)]
    for _ in range(4):
        client.post("/_sandbox/events", json=batch)
    page.go("#/deliveries")
    page.sees("50, the newest first")
    assert page.page.locator("tbody tr").count() == 50
    page.press("older")
    page.sees("1950")
    page.page.get_by_label("Search").fill("user-499")
    page.sees("4 in all")
