"""The page open in a browser, and what goes wrong in it, for the tests that look at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from mockserver import Sandbox, SocketOptions
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (the extra `page`)"
)
BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome")
     if (path := shutil.which(name))), None
)  # fmt: skip
needs_browser = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine")

#: How long anything may take to be seen; on a machine that does nothing else it is milliseconds.
PATIENCE_MILLISECONDS = 15_000
VIEWS = {
    "overview": "#/",
    "trigger": "#/trigger",
    "deliveries": "#/deliveries",
    "delivery": "#/deliveries/1",
    "inboxes": "#/inboxes",
    "inbox": "#/inboxes/crm",
    "calls": "#/calls",
    "verify": "#/verify",
}
#: A function that returns what a screen reader could not name, and what is too faint to be read.
LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8").split("\n", 1)[1]

#: Resolves when nothing has changed for a while: what is loaded is there by then.
AT_REST = """() => new Promise((done) => {
  let timer = setTimeout(done, 250);
  const again = () => { clearTimeout(timer); timer = setTimeout(done, 250); };
  const all = { childList: true, subtree: true, attributes: true };
  new MutationObserver(again).observe(document, all);
})"""


class Open:
    """A page that is open, and what went wrong in it."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url
        self.wrong: list[str] = []
        self.foreign: list[str] = []
        #: The streams that it asked for.
        self.streams: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._said)
        page.on("request", self._requested)
        page.set_default_timeout(PATIENCE_MILLISECONDS)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def _requested(self, request: Any) -> None:
        if "/_sandbox/feed?" in request.url and request.resource_type == "eventsource":
            self.streams.append(request.url)
        if not request.url.startswith((self.url, "data:")):
            self.foreign.append(request.url)

    def go(self, place: str) -> None:
        self.page.goto(f"{self.url}/{place}")

    def sees(self, text: str, within: float = PATIENCE_MILLISECONDS / 1000) -> None:
        playwright.expect(self.page.locator("body")).to_contain_text(text, timeout=within * 1000)

    def was_refused(self, status: int) -> None:
        """Take it as expected that the browser itself tells of answers with this status."""
        told = f"the server responded with a status of {status}"
        waited = 0
        while not any(told in text for text in self.wrong):
            # What a browser writes into its console comes some time after the answer.
            assert waited < PATIENCE_MILLISECONDS, f"no answer with {status}: {self.wrong}"
            self.page.wait_for_timeout(20)
            waited += 20
        self.wrong = [text for text in self.wrong if told not in text]

    def is_live(self) -> None:
        """Wait until what happens is shown at once."""
        playwright.expect(self.page.locator(".live.is-live")).to_be_visible(
            timeout=PATIENCE_MILLISECONDS
        )

    def rests(self) -> None:
        """Wait until nothing changes any more."""
        self.page.evaluate(AT_REST)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()


@contextmanager
def served(token: str | None = None, prefix: str = "") -> Iterator[tuple[Sandbox, str]]:
    with Sandbox(sockets=SocketOptions()) as sandbox:
        app: Any = create_app(sandbox, token=token)
        if prefix:
            app = DispatcherMiddleware(NotFound(), {prefix: app})
        server = ApiServer(app)
        server.start()
        try:
            yield sandbox, server.url + prefix
        finally:
            sandbox.feed.close()
            server.stop()


def with_rule(sandbox: Sandbox, script: str = "200") -> None:
    inbox = sandbox.inbox("crm")
    inbox.behave(script)
    sandbox.add_postback(f"{inbox.url}?user={{{{User ID}}}}&all={{{{Parameters}}}}")
