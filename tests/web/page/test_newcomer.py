"""Somebody who sees it first finds out why a postback failed, mends it and sees it arrive."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mockserver import Sandbox
from tests.web.page.browsing import Open, needs_browser, playwright

pytestmark = needs_browser

Opened = Callable[..., tuple[Sandbox, Open]]
ALLOWED = {"permissions": ["clipboard-read", "clipboard-write"]}


class Endpoint:
    """A newcomer's own endpoint, which does not know a parameter yet."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status = 500
        self.body = b"KeyError: 'Parameters'"
        self.got: list[str] = []

    def mend(self) -> None:
        self.status, self.body = 200, b"stored"


@contextmanager
def serving() -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            endpoint.got.append(self.path)
            self.send_response(endpoint.status)
            self.send_header("Content-Length", str(len(endpoint.body)))
            self.end_headers()
            self.wfile.write(endpoint.body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}/in")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield endpoint
        finally:
            server.shutdown()
            thread.join()


def copied(page: Open, button: str) -> str:
    page.press(button)
    playwright.expect(page.page.get_by_role("button", name="copied")).to_be_visible()
    text: str = page.page.evaluate("navigator.clipboard.readText()")
    return text


def passes(test: str, folder: Path) -> None:
    file = folder / "test_copied.py"
    file.write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, f"{test}\n{done.stdout}{done.stderr}"
    assert "1 passed" in done.stdout


def test_from_the_first_look_to_a_test_that_passes(opened: Opened, tmp_path: Path) -> None:
    """Only what is on the page leads on: no page of the documentation, no command."""
    _, page = opened(**ALLOWED)
    with serving() as endpoint:
        page.go("")
        page.sees("No rule yet")
        page.press("add a rule")
        url = f"{endpoint.url}?user={{{{User ID}}}}&event={{{{Message event}}}}"
        page.page.get_by_label("Template URL").fill(url)
        page.sees("▲ remark")
        page.page.get_by_role("button", name="add by addPostback").click()
        page.sees("1 of 3 places taken")
        # "Let an event happen with Trigger".
        page.page.locator("main").get_by_role("link", name="Trigger", exact=True).click()
        page.sees("✓ fires")
        page.press("let it happen")
        page.page.get_by_role("link", name="delivery 1").first.click()
        # Why it failed stands where one looks.
        page.sees("attempt 1: 500")
        page.sees("KeyError: 'Parameters'")
        page.sees("once the endpoint is mended, turn the clock to the next one")
        page.press("next due")
        page.sees("2 attempts")
        endpoint.mend()
        page.press("next due")
        page.sees("It has arrived")
        page.sees("stored")
        assert len(endpoint.got) == 3
        assert len(set(endpoint.got)) == 1
        test = copied(page, "copy as pytest")
    passes(test, tmp_path)


def test_what_was_rejected_is_sent_again_when_it_is_mended(opened: Opened, tmp_path: Path) -> None:
    sandbox, page = opened(**ALLOWED)
    with serving() as endpoint:
        endpoint.status, endpoint.body = 422, b"user is no email"
        sandbox.add_postback(f"{endpoint.url}?user={{{{User ID}}}}")
        sandbox.trigger("email.click")
        page.go("#/deliveries/1")
        page.sees("such an answer is not tried again. The last attempt: 422.")
        page.sees("once the endpoint is mended, resend it")
        page.sees("user is no email")
        endpoint.mend()
        page.press("resend now")
        page.sees("A resend has arrived since.")
        page.sees("resend: 200")
        test = copied(page, "copy as pytest")
    passes(test, tmp_path)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_all_there_on_a_telephone(scheme: str, opened: Opened) -> None:
    sandbox, page = opened(color_scheme=scheme, viewport={"width": 360, "height": 740})
    with serving() as endpoint:
        sandbox.add_postback(f"{endpoint.url}?user={{{{User ID}}}}")
        sandbox.trigger("email.click")
        page.go("#/deliveries/1")
        page.sees("KeyError")
        endpoint.mend()
        page.press("next due")
        page.sees("It has arrived")
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 360
