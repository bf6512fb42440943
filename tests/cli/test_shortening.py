"""A listing shows the beginning of a long value, and how to get the whole."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mockserver import Sandbox
from mockserver.cli.feed_lines import feed_line
from mockserver.cli.listing import write_delivery_rows
from mockserver.cli.output import Output
from mockserver.cli.shortening import LONGEST, bounded
from mockserver.cli.timeline import write_delivery, write_request
from mockserver.web import encoding

LONG = "x" * 100_000


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    output = Output(as_json=False)
    monkeypatch.setattr(output.console, "file", io.StringIO())
    return output


def written(output: Output) -> str:
    file: Any = output.console.file
    text: str = file.getvalue()
    return text


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox()
    sandbox.add_postback(sandbox.inbox("crm").url + "?u={{User ID}}")
    sandbox.trigger("email.click", user_id=LONG)
    return sandbox


def test_both_sides_of_the_limit() -> None:
    assert bounded("x" * LONGEST) == "x" * LONGEST
    shown = bounded("x" * (LONGEST + 1))
    assert shown == "x" * LONGEST + "… (1 more characters; --json has all)"
    assert "\x1b" not in bounded("\x1b" * 2_000)


def test_the_list_of_deliveries_says_where_the_whole_is(output: Output, sandbox: Sandbox) -> None:
    delivery = encoding.delivery_json(sandbox.deliveries[0])
    write_delivery_rows(output, [delivery])
    assert len(written(output)) < 3_000
    assert "`postbacks deliveries 1` has all" in written(output)
    write_delivery(output, delivery)
    assert delivery.url in written(output)


def test_a_request_and_the_feed_are_short(output: Output, sandbox: Sandbox) -> None:
    write_request(output, encoding.received_json(sandbox.inbox("crm").requests[0]))
    assert "--json has all" in written(output)
    assert len(written(output)) < 6_000
    for happening in sandbox.feed.after(0):
        entry = encoding.happening_json(happening, lambda attempt: attempt.started_at)
        assert len(str(feed_line(entry.kind, entry.facts))) < 2_000


def test_a_table_is_short(output: Output) -> None:
    output.table(["ID", "URL"], [["1", LONG]])
    assert len(written(output)) < 6_000
    assert "99,000 more characters" in " ".join(written(output).split())
