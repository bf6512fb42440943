"""What the page copies as a scenario is what `postbacks trigger --file` reads."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given

from contracts.strategies import events, every_kind
from mockserver import Sandbox
from mockserver.core.catalog import event_kind
from mockserver.core.events import build_event
from mockserver.core.models import AbTestEvent
from mockserver.core.scenario import parse_scenario
from mockserver.testing import Leanplum
from mockserver.web.as_scenario import as_scenario


def delivered(sandbox: Sandbox, event: Any, script: str, hours: int | None) -> Any:
    inbox = sandbox.inbox("crm")
    inbox.behave(script)
    kind = "abTestEvents" if isinstance(event, AbTestEvent) else "messageEvents"
    sandbox.add_postback(inbox.url, kind)
    sandbox.post_events([event])
    if hours is None:
        sandbox.run_until_idle()
    return sandbox.deliveries[0]


@every_kind()
@given(events())
def test_the_event_is_the_same_when_it_is_read(event: Any) -> None:
    with Sandbox() as sandbox:
        delivery = delivered(sandbox, event, "200", 0)
        first, *rest = parse_scenario(as_scenario(delivery))
        assert first.event is not None
        kind = event_kind(first.event)
        again = build_event(kind, event.app_id, delivery.created_at, first.values)
    assert again == event
    assert (first.expect, rest) == ("delivered", [])


@pytest.mark.parametrize(
    ("script", "hours", "expect", "lines"),
    [
        ("200", 0, "delivered", 1),
        ("404", 0, "rejected", 1),
        ("503", 0, "pending", 1),
        ("503,200", None, "delivered", 2),
        ("503,404", None, "rejected", 2),
        ("hang", None, "lost", 2),
    ],
)
@pytest.mark.parametrize("name", ["email.click", "ab-test.enter"])
def test_played_again_it_comes_to_the_same_end(
    name: str, script: str, hours: int | None, expect: str, lines: int
) -> None:
    with Sandbox() as sandbox:
        event = build_event(event_kind(name), "YOUR_APP_ID", sandbox.now(), {"user_id": "\u2028"})
        text = as_scenario(delivered(sandbox, event, script, hours))
    steps = parse_scenario(text)
    assert (len(steps), steps[0].expect) == (lines, expect)
    with TemporaryDirectory() as folder, Leanplum() as leanplum:
        path = Path(folder, "it.jsonl")
        path.write_text(text, encoding="utf-8")
        inbox = leanplum.inbox()
        inbox.behave(script)
        kind: Any = "abTestEvents" if name == "ab-test.enter" else "messageEvents"
        leanplum.add_postback(inbox.url, kind)
        played = leanplum.play(path)
    assert [each.is_met for each in played.checked] == [True]
