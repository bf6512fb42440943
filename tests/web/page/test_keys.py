"""All of the way is gone by keys: a rule, an event, the clock, the endpoint, and every view."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver import Sandbox
from tests.web.page.browsing import VIEWS, Open, needs_browser, playwright, with_rule

pytestmark = needs_browser

Opened = Callable[..., tuple[Sandbox, Open]]
MOST_TABS = 120

#: What a screen reader would call the element that has the focus, its kind, and whether it is seen.
FOCUSED = """() => {
  const el = document.activeElement;
  const label = el.labels?.[0]?.querySelector('.label')?.textContent ?? el.labels?.[0]?.textContent;
  const name = (el.getAttribute('aria-label') || label || el.textContent || '').trim();
  const box = el.getBoundingClientRect();
  const middle = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height, innerHeight) / 2);
  const ring = getComputedStyle(el);
  return { name, tag: el.tagName, seen: box.width > 0 && box.height > 0,
    ring: ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 1,
    covered: middle !== null && !el.contains(middle) && !middle.contains(el) };
}"""  # noqa: E501


def tab_to(page: Open, name: str) -> None:
    """Press Tab until the focus is on what is called so."""
    for _ in range(MOST_TABS):
        page.page.keyboard.press("Tab")
        if page.page.evaluate(FOCUSED)["name"].startswith(name):
            return
    raise AssertionError(f"{name} is not reached by Tab")


def press(page: Open, name: str) -> None:
    tab_to(page, name)
    page.page.keyboard.press("Enter")


def test_from_a_rule_to_a_postback_that_arrives(opened: Opened) -> None:
    sandbox, page = opened()
    sandbox.inbox("demo").behave("503,200")
    page.go("")
    page.sees("No rule yet")
    press(page, "add a rule")
    # The form comes with a URL that leads to an inbox.
    press(page, "add by addPostback")
    page.sees("1 of 3 places taken")
    for key in "gt":
        page.page.keyboard.press(key)
    page.sees("✓ fires")
    tab_to(page, "user_id")
    page.page.keyboard.press("Control+A")
    page.page.keyboard.type("by-keys")
    press(page, "let it happen")
    page.sees("1 delivery came of it")
    press(page, "delivery 1")
    page.sees("9 attempts of 10 left")
    # What is looked at begins with the heading, wherever the focus was before.
    assert page.page.evaluate(FOCUSED)["tag"] == "H1"
    press(page, "next due")
    page.sees("It has arrived")
    tab_to(page, "attempt 1 at")
    page.page.keyboard.press(" ")
    playwright.expect(page.page.locator("svg g[aria-pressed=true]")).to_have_attribute(
        "aria-label", "attempt 1 at 2026-01-01 00:00:00: 503 after 0 s"
    )
    (received,) = {request.query["user"] for request in sandbox.inbox("demo").requests}
    assert received == "by-keys"


@pytest.mark.parametrize("width", [360, 1280])
def test_the_focus_is_seen_on_every_stop_of_every_view(width: int, opened: Opened) -> None:
    """Nothing is a trap, nothing that has the focus is hidden or below the clock."""
    sandbox, page = opened(viewport={"width": width, "height": 700}, reduced_motion="reduce")
    with_rule(sandbox, "503*2,422")
    for _ in range(3):
        sandbox.trigger("email.click")
    for name, place in VIEWS.items():
        page.go(place)
        page.page.reload()
        playwright.expect(page.page.locator("main .card").first).to_be_visible()
        page.rests()
        stops = 0
        while stops < MOST_TABS:
            page.page.keyboard.press("Tab")
            stop = page.page.evaluate(FOCUSED)
            if stop["tag"] == "BODY":
                break
            stops += 1
            assert stop["name"], f"{name}: stop {stops} has no name"
            assert stop["seen"], f"{name}: {stop['name']} is not seen"
            assert stop["ring"], f"{name}: the focus is not seen on {stop['name']}"
            assert not stop["covered"], f"{name}: {stop['name']} is covered"
        assert 10 < stops < MOST_TABS, f"{name} has {stops} stops"


def test_a_dialog_gives_the_focus_back(opened: Opened) -> None:
    _, page = opened()
    page.go("")
    page.is_live()
    tab_to(page, "+1 h")
    page.page.keyboard.press("?")
    page.sees("Keyboard shortcuts")
    page.page.keyboard.press("Escape")
    playwright.expect(page.page.locator("dialog")).to_have_count(0)
    assert page.page.evaluate(FOCUSED)["name"] == "+1 h"
