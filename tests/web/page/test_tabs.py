"""Several tabs show the same at once with one stream, whichever of them is closed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from mockserver import Sandbox
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.web.page.browsing import (
    PATIENCE_MILLISECONDS,
    Open,
    needs_browser,
    playwright,
)

pytestmark = needs_browser

Opened = Callable[..., tuple[Sandbox, Open]]


def streams_of(tabs: list[Open]) -> list[str]:
    """Return the streams that these tabs have asked for, in their order."""
    return [url for tab in tabs for url in tab.streams]


def more(first: Open, number: int) -> list[Open]:
    return [first, *(Open(first.page.context.new_page(), first.url) for _ in range(number - 1))]


def test_seven_tabs_have_one_stream_and_each_can_still_ask(opened: Opened) -> None:
    """A browser opens six connections to a host: with a stream each, the seventh tab would hang."""
    sandbox, first = opened()
    tabs = more(first, 7)
    for tab in tabs:
        tab.go("")
        tab.is_live()
    sandbox.trigger("email.click", user_id="for-all-of-them")
    for tab in tabs:
        tab.sees("for-all-of-them")
    assert len(streams_of(tabs)) == 1
    # And the last one can still change something.
    tabs[-1].press("+1 h")
    for tab in tabs:
        tab.sees("clock stands at 2026-01-01 01:00:00")
        assert tab.wrong == []


def test_whichever_tab_is_closed_another_holds_the_stream(opened: Opened) -> None:
    sandbox, first = opened()
    tabs = more(first, 4)
    for tab in tabs:
        tab.go("")
        tab.is_live()
    for number in range(3):
        # The one that leads: the others have asked for no stream.
        leader = next(tab for tab in tabs if tab.streams)
        tabs.remove(leader)
        leader.page.close()
        for _ in range(PATIENCE_MILLISECONDS // 20):
            # Until it has quite gone, it may still pass on what comes.
            if not streams_of(tabs):
                tabs[0].page.wait_for_timeout(20)
        sandbox.trigger("email.click", user_id=f"after-{number}")
        for tab in tabs:
            tab.sees(f"after-{number}")
        assert len([tab for tab in tabs if tab.streams]) == 1
    # Nothing was shown twice by the one that took over.
    shown = tabs[0].page.locator("ol.rows li").all_text_contents()
    assert len([text for text in shown if "after-0" in text]) == 1


def test_a_tab_that_is_reloaded_hands_over_as_well(opened: Opened) -> None:
    sandbox, first = opened()
    first, second = more(first, 2)
    for tab in (first, second):
        tab.go("")
        tab.is_live()
    first.page.reload()
    for tab in (first, second):
        playwright.expect(tab.page.locator(".live.is-live")).to_be_visible()
    sandbox.trigger("email.click", user_id="after-a-reload")
    for tab in (first, second):
        tab.sees("after-a-reload")


@pytest.mark.parametrize("number", [2, 7])
def test_all_tabs_go_on_after_a_restart(number: int, browser: Any) -> None:
    with closing(browser.new_context()) as context, Sandbox() as before, Sandbox() as after:
        first = ApiServer(create_app(before))
        first.start()
        tabs = more(Open(context.new_page(), first.url), number)
        for tab in tabs:
            tab.go("")
            tab.is_live()
        before.trigger("email.click", user_id="before-it")
        for tab in tabs:
            tab.sees("before-it")
        before.feed.close()
        first.stop()
        for tab in tabs:
            tab.sees("not connected")
        second = ApiServer(create_app(after), port=first.port)
        second.start()
        try:
            for tab in tabs:
                playwright.expect(tab.page.locator(".live.is-live")).to_be_visible(
                    timeout=PATIENCE_MILLISECONDS
                )
            after.trigger("email.click", user_id="after-it")
            for tab in tabs:
                tab.sees("after-it")
                assert "before-it" not in tab.page.locator("main").text_content()
        finally:
            after.feed.close()
            second.stop()


def test_what_comes_while_a_tab_loads_is_not_lost(opened: Opened) -> None:
    """Another tab passes it on before the answer arrives that was written without it."""
    sandbox, first = opened()
    first.go("")
    first.is_live()
    second = Open(first.page.context.new_page(), first.url)
    held: list[Any] = []

    def hold(route: Any) -> None:
        if "after=0" in route.request.url and not held:
            # The answer is written now, and arrives when the other tab has told of more.
            held.append((route, route.fetch()))
        else:
            route.continue_()

    second.page.route("**/_sandbox/feed?*", hold)
    second.page.goto(f"{second.url}/", wait_until="commit")
    for _ in range(PATIENCE_MILLISECONDS // 20):
        if not held:
            second.page.wait_for_timeout(20)
    sandbox.trigger("email.click", user_id="meanwhile")
    first.sees("meanwhile")
    second.page.wait_for_timeout(200)
    route, answer = held[0]
    route.fulfill(response=answer)
    second.sees("meanwhile")
    second.is_live()
    assert second.wrong == []
