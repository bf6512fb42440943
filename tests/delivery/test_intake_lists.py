"""A list of events fires what each of them would have fired by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.catalog import event_kinds
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.events import build_event
from mockserver.core.models import App
from mockserver.delivery.intake import take_events, take_rule
from mockserver.ledger.memory.ledger import MemoryLedger

URL = "http://127.0.0.1/?user={{User ID}}&event={{Message event}}"


def ledger_with_rules() -> MemoryLedger:
    ledger = MemoryLedger()
    for app_id in ("a", "b"):
        app = App(app_id)
        ledger.put_app(app)
        take_rule(ledger, app, URL, "messageEvents", ["Email"], DEFAULT_START_AT)
        take_rule(ledger, app, URL, "abTestEvents", None, DEFAULT_START_AT)
    take_rule(ledger, App("b"), URL, "messageEvents", None, DEFAULT_START_AT)
    return ledger


@given(st.lists(st.tuples(st.sampled_from(event_kinds()), st.sampled_from("ab")), max_size=12))
def test_together_is_one_after_the_other(happened: list) -> None:  # type: ignore[type-arg]
    events = [
        build_event(kind, app_id, DEFAULT_START_AT, {"user_id": f"u{number}"})
        for number, (kind, app_id) in enumerate(happened)
    ]
    together = take_events(ledger_with_rules(), events, DEFAULT_START_AT)
    ledger = ledger_with_rules()
    assert together == [
        taken for event in events for taken in take_events(ledger, [event], DEFAULT_START_AT)
    ]
