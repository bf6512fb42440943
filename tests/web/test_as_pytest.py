"""The test that is written of a delivery passes, and lets the very same happen again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mockserver import App, RetryPolicy, Sandbox
from mockserver.core.catalog import event_kinds
from mockserver.delivery.history import DeliveryHistory
from mockserver.testing import Leanplum
from mockserver.web.as_pytest import as_pytest

TEMPLATE = "?user={{User ID}}&event={{Message event}}&at={{Trigger time}}&all={{Parameters}}"
HOSTILE = "a'b\"c\\d\n\u202e{{User ID}}<img>\U0001f600"


def delivered(
    script: str, name: str = "email.click", app: App | None = None, **values: Any
) -> tuple[Sandbox, DeliveryHistory]:
    sandbox = Sandbox(apps=[app or App()])
    inbox = sandbox.inbox("crm")
    inbox.behave(script)
    kind = "abTestEvents" if name.startswith("ab-test") else "messageEvents"
    sandbox.add_postback(inbox.url + TEMPLATE, kind)
    sandbox.trigger(name, **values)
    sandbox.run_until_idle()
    return sandbox, sandbox.deliveries[0]


def source_of(sandbox: Sandbox, delivery: DeliveryHistory) -> str:
    rules = {rule.postback_id: rule.url for rule in sandbox.postbacks()}
    return as_pytest(delivery, sandbox.app(), rules.get(delivery.postback_id))


def run(source: str, **options: Any) -> DeliveryHistory:
    """Run the written test as pytest would; return its delivery."""
    names: dict[str, Any] = {}
    exec(compile(source, "written.py", "exec"), names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    with Leanplum(**options) as leanplum:
        test(leanplum)
        return leanplum.deliveries[0]


def same(one: DeliveryHistory, other: DeliveryHistory) -> bool:
    made: Callable[[DeliveryHistory], Any] = lambda each: [  # noqa: E731
        (attempt.number, attempt.outcome.summary, attempt.outcome.elapsed)
        for attempt in each.attempts
    ]
    return (
        made(one) == made(other)
        and one.state == other.state
        and one.offsets_in_hours == other.offsets_in_hours
        and one.url.partition("?")[2] == other.url.partition("?")[2]
    )


@pytest.mark.parametrize(
    "script",
    ["200", "204", "503*9,200", "503", "hang", "hang*3,503,200", "reset,200", "404", "503,404",
     "301", "429", "200@5s", "503@29s,200", "503@31s,200@29.5s", "599", "100"],
)  # fmt: skip
def test_the_same_happens_again(script: str) -> None:
    sandbox, delivery = delivered(script)
    source = source_of(sandbox, delivery)
    assert same(run(source), delivery), source
    assert max(map(len, source.splitlines())) < 400


@pytest.mark.parametrize("name", [kind.name for kind in event_kinds()])
def test_every_event_is_the_same_again(name: str) -> None:
    sandbox, delivery = delivered("200", name)
    assert same(run(source_of(sandbox, delivery)), delivery)


@pytest.mark.parametrize(
    "values",
    [
        {"user_id": HOSTILE},
        {"user_id": "x" * 2000},
        {"user_id": ""},
        {"parameters": {HOSTILE: [HOSTILE, None, True, 1.5, {"a": {}}]}},
        {"parameters": {}},
        {"triggered_at": datetime(2020, 2, 29, 1, 2, 3, tzinfo=UTC)},
    ],
)
def test_hostile_values_are_data(values: dict[str, Any]) -> None:
    sandbox, delivery = delivered("503,200", **values)
    source = source_of(sandbox, delivery)
    assert source.isascii()
    assert same(run(source), delivery)


def test_a_template_of_ones_own() -> None:
    sandbox, delivery = delivered("200", "in-app.banner.view", template_name=HOSTILE)
    assert same(run(source_of(sandbox, delivery)), delivery)


def test_what_is_pending_is_delivered_in_the_end() -> None:
    sandbox = Sandbox()
    sandbox.inbox("crm").behave("503")
    sandbox.add_postback(sandbox.inbox("crm").url)
    sandbox.trigger("email.click")
    source = source_of(sandbox, sandbox.deliveries[0])
    assert "still pending" in source
    again = run(source)
    assert (again.state, again.offsets_in_hours) == ("delivered", [0, 1])


def test_what_cannot_be_repeated_is_said() -> None:
    slow = App(retry=RetryPolicy(delays=(timedelta(minutes=1),)))
    sandbox, delivery = delivered("503,200", app=slow)
    source = source_of(sandbox, delivery)
    assert "schedule of its own" in source
    assert "assert_attempts_at" not in source
    sandbox.resend(delivery.id)
    sandbox.delete_postback(delivery.postback_id)
    source = source_of(sandbox, sandbox.delivery(delivery.id))
    assert "Resends by hand are left out; there were 1." in source
    assert "The rule was deleted" in source


def test_knobs_of_the_app_are_taken_along() -> None:
    app = App(retry=RetryPolicy(retry_on=frozenset({"5xx", "429"})), parameters_encoding="twice")
    sandbox, delivery = delivered("429,200", app=app)
    source = source_of(sandbox, delivery)
    assert '@pytest.mark.leanplum(retry_on=["429", "5xx"], parameters_encoding="twice")' in source
    assert source.startswith("import pytest\n")
    again = run(source, retry_on=["5xx", "429"], parameters_encoding="twice")
    assert same(again, delivery)


def test_an_endpoint_that_is_no_inbox_becomes_one() -> None:
    sandbox, delivery = delivered("200")
    source = as_pytest(delivery, sandbox.app(), "https://shop.example:1/in/x?user={{User ID}}")
    assert 'inbox.url + "/in/x?user={{User ID}}"' in source
    assert run(source).url.endswith("/in/x?user=ada%2Bnews%40example.com")
