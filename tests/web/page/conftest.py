"""A browser for the tests of the page, and pages in it that nothing may have gone wrong in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from mockserver import Sandbox


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from tests.web.page.browsing import BROWSER, playwright

    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        with closing(browser):
            yield browser


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., tuple[Sandbox, Any]]]:
    """Return what opens the page of a new sandbox."""
    from tests.web.page.browsing import Open, served

    with ExitStack() as stack:
        shown: list[Open] = []

        def open_one(
            token: str | None = None, prefix: str = "", **options: Any
        ) -> tuple[Sandbox, Open]:
            sandbox, url = stack.enter_context(served(token, prefix))
            context = stack.enter_context(closing(browser.new_context(**options)))
            page = Open(context.new_page(), url)
            shown.append(page)
            return sandbox, page

        yield open_one
        for each in shown:
            assert each.foreign == [], "nothing is loaded from another host"
            assert each.wrong == []
