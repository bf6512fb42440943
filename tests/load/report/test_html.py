"""The page: one file, no script, nothing from elsewhere."""

from __future__ import annotations

import re

from mockserver.load.report.html import html
from tests.load.crews import needs_locust
from tests.load.reported import facts

pytestmark = needs_locust


def test_it_has_everything_in_itself() -> None:
    page = html(facts())
    assert not re.search(r"<script|<link|<img|src=|url\(|@import|href=", page)
    assert "default-src 'none'" in page
    assert page.count("<svg") >= 2
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_it_shows_what_was_found() -> None:
    page = html(facts(why="errors>1% (--stop-when)"))
    for text in (
        "24 of 30 postbacks delivered; it takes 10/s",
        "Ended early: errors&gt;1% (--stop-when)",
        "not passed",
        "The echo: the same load at an endpoint of 10/s",
        "Nothing &lt;b&gt;is&lt;/b&gt; lost.",
        "What Leanplum would send again",
        "<td>p99.99</td>",
        "beyond 30 s",
    ):
        assert text in page, text
