from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mockserver.load.choices import ShapeChoices, chosen_stream
from mockserver.load.endpoint import Endpoint
from mockserver.load.plan import make_plan
from mockserver.load.report.plan_page import arrivals_chart, plan_page
from tests.load.plans import ALWAYS, HOUR, plan_of


class Balance(HTMLParser):
    """Checks that every element that is opened is closed, in order."""

    VOID = frozenset({"meta", "i", "br", "line", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Nothing is opened."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("outages", [(), ALWAYS, ((0 * HOUR, HOUR),)])
def test_the_page_is_whole_and_fetches_nothing(
    outages: tuple[tuple[timedelta, timedelta], ...],
) -> None:
    page = plan_page(plan_of(10, outages))
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert "<script" not in page
    assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"']?(?:https?:)?//", page)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_the_page_says_what_the_plan_found() -> None:
    page = plan_page(plan_of(20, ALWAYS))
    assert "1,200 postbacks in" in page
    assert "LOST: 1,200 postbacks, after 10 attempts." in page
    assert page.count("<svg") == 3
    assert "What becomes of them, without jitter" in page
    assert "with jitter of ±10%" in page
    assert 'class="figure bad"' in page
    assert "+65h" in page


def test_what_a_user_named_is_escaped(tmp_path: Path) -> None:
    file = tmp_path / "<b>\x1b[2Jlog"
    file.write_text('{"event": "push.open", "after": "1s"}')
    stream = chosen_stream(ShapeChoices(shape=str(file)))
    page = plan_page(make_plan(stream, Endpoint(plan_of().endpoint.capacity, 5)))
    assert "<b>" not in page
    assert "\x1b" not in page
    assert "&lt;b&gt;" in page


def test_the_chart_of_arrivals_has_a_line_at_the_capacity() -> None:
    arrivals = plan_of().arrivals
    assert arrivals_chart(arrivals).line_y is None
    drawn = arrivals_chart(arrivals, 10)
    assert drawn.line == "capacity 10/s"
    assert drawn.line_y is not None
