"""`postbacks events`."""

from __future__ import annotations

from mockserver.core.catalog import event_kinds
from tests.cli.conftest import CommandLine


def test_events_lists_the_whole_catalog(postbacks: CommandLine) -> None:
    shown = postbacks.ok("events")
    names = [line.split()[0] for line in shown.splitlines()[1:]]
    assert names == [kind.name for kind in event_kinds()]
    assert max(map(len, shown.splitlines())) <= 80


def test_events_as_json(postbacks: CommandLine) -> None:
    kinds = postbacks.json("events")["events"]
    assert kinds[0]["name"] == event_kinds()[0].name
