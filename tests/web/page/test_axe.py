"""axe finds nothing on any view, in any state, in either scheme of colours.

What axe cannot judge (the contrast of single signs, which it calls incomplete) `looks.js` computes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import Sandbox
from mockserver.reports.shelf import Shelf
from tests.reports.samples import FACTS, facts
from tests.web.page.browsing import LOOKS, VIEWS, Open, needs_browser, playwright, with_rule

axe_playwright = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed (the extra `page`)"
)
pytestmark = needs_browser

#: What every rule that axe has is run in: its best practices, too.
SCREENS = [("light", 1280), ("dark", 1280), ("light", 360)]
Opened = Callable[..., tuple[Sandbox, Open]]


def check(page: Open, name: str) -> None:
    """Run all of axe's rules, and our own look."""
    page.rests()
    found = axe_playwright.Axe().run(page.page).response
    told = [
        (each["id"], node["html"][:150], node["failureSummary"])
        for each in found["violations"]
        for node in each["nodes"]
    ]
    assert told == [], name
    # Nothing of an empty page would be wrong either.
    assert len(found["passes"]) > 20, name
    unsure = {each["id"] for each in found["incomplete"]}
    assert unsure <= {"color-contrast"}, name
    assert page.page.evaluate(LOOKS) == [], name


@pytest.fixture(params=SCREENS, ids=lambda screen: f"{screen[0]}-{screen[1]}")
def screen(request: pytest.FixtureRequest) -> dict[str, Any]:
    scheme, width = request.param
    return {
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 900},
        "reduced_motion": "reduce",
    }


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("POSTBACKS_REPORTS", str(tmp_path))
    return Shelf(tmp_path)


def shown(page: Open, place: str) -> None:
    page.go(place)
    playwright.expect(page.page.locator("main .card").first).to_be_visible()


def test_every_view_with_something_in_it(
    screen: dict[str, Any], kept: Shelf, opened: Opened
) -> None:
    sandbox, page = opened(**screen)
    with_rule(sandbox, "503*2,hang,422,200")
    for verdict in ("passed", "failed", "interrupted", "unreachable"):
        kept.keep(facts(verdict=verdict), "page")
    for _ in range(5):
        sandbox.trigger("email.click")
    sandbox.trigger("ab-test.enter")
    for name, place in VIEWS.items():
        shown(page, place)
        check(page, name)


def test_every_view_with_nothing_in_it(screen: dict[str, Any], opened: Opened) -> None:
    _, page = opened(**screen)
    for name, place in VIEWS.items():
        if name != "delivery":
            shown(page, place)
            check(page, name)


def test_a_delivery_on_its_way_and_all_that_can_be_shown_of_it(
    screen: dict[str, Any], opened: Opened
) -> None:
    sandbox, page = opened(**screen)
    with_rule(sandbox, "503*2,hang,503,200")
    sandbox.trigger("email.click")
    shown(page, "#/deliveries/1")
    page.sees("9 attempts of 10 left")
    check(page, "pending")
    for name in ("true scale", "decoded", "query"):
        page.press(name)
        check(page, name)
    page.page.get_by_role("button", name="bytes").first.click()
    page.press("resend now")
    page.sees("2 attempts")
    check(page, "resent")


def test_forms_and_what_they_refuse(screen: dict[str, Any], opened: Opened) -> None:
    sandbox, page = opened(**screen)
    shown(page, "#/")
    page.press("add a rule")
    page.sees("an example of what is sent")
    check(page, "a rule that is taken")
    page.page.get_by_label("Template URL").fill("https://{{User ID}}/")
    page.sees("refused:")
    check(page, "a rule that is refused")
    page.page.get_by_label("To an instant (UTC)").fill("2020-01-01T00:00Z")
    page.press("go")
    page.sees("forward")
    check(page, "an alarm")
    page.was_refused(400)
    with_rule(sandbox)
    shown(page, "#/trigger")
    page.page.get_by_label("parameters").fill("{")
    page.sees("parameters are no JSON")
    check(page, "values that cannot be read")
    page.page.get_by_label("parameters").fill("{}")
    page.press("let it happen")
    page.sees("1 delivery came of it")
    check(page, "what came of it")


def test_an_inbox_with_everything_open(screen: dict[str, Any], opened: Opened) -> None:
    sandbox, page = opened(**screen)
    with_rule(sandbox)
    for name in ("ada", "bob"):
        sandbox.trigger("email.click", user_id=name)
    shown(page, "#/inboxes/crm")
    page.page.get_by_text("Everything that it can do").click()
    page.sees("fails nine times")
    page.page.get_by_label("compare with").select_option("1")
    page.sees("Difference")
    page.page.get_by_label("send it again to").fill(sandbox.inbox("other").url)
    page.press("send")
    page.sees("answered with 200")
    check(page, "compared and sent again")


def test_the_list_of_keys_and_the_form_for_the_token(
    screen: dict[str, Any], opened: Opened
) -> None:
    _, page = opened(token="secret-token", **screen)
    page.go("")
    page.sees("so it needs its token")
    check(page, "login")
    page.page.keyboard.press("?")
    page.sees("Keyboard shortcuts")
    check(page, "keys")


def test_a_run_of_verify(screen: dict[str, Any], kept: Shelf, opened: Opened) -> None:
    sandbox, page = opened(**screen)
    sandbox.inbox("in").behave("404")
    kept.keep(FACTS, "page")
    shown(page, "#/verify")
    page.page.get_by_label("postbackUrl").fill(f"{sandbox.inbox('in').url}?user={{{{User ID}}}}")
    page.press("verify")
    page.sees("The same in a terminal")
    check(page, "a run under way, or at its end")
    page.sees("open the report", within=60)
    check(page, "a run that has ended")


def test_it_is_axe_that_looks(opened: Opened) -> None:
    """A page that is wrong in a few ways is not let through."""
    _, page = opened()
    shown(page, "#/")
    page.page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', "
        '\'<img src="page/icon.svg"><input><p style="color: #ccc">faint</p>\')'
    )
    found = axe_playwright.Axe().run(page.page).response["violations"]
    assert {"image-alt", "label"} <= {each["id"] for each in found}
    page.wrong = [text for text in page.wrong if "style" not in text]
