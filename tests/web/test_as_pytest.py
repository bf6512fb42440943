"""The test that is written of a delivery passes, and lets the very same happen again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mockserver import App, RetryPolicy, Sandbox, SocketOptions
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


#: Whatever became of a delivery, and under which app; the test must pass by itself.
SCRIPTS = ["200", "503*9,200", "503", "hang", "404", "422", "301", "503,404", "reset,200", "100",
           "200@5s", "503@31s,200", "503*3,hang,reset"]  # fmt: skip
APPS = {
    "usual": App(),
    "short": App(retry=RetryPolicy(delays=(timedelta(minutes=1),))),
    "never": App(retry=RetryPolicy(delays=())),
    "long": App(retry=RetryPolicy(delays=(timedelta(hours=1),) * 20)),
    "patient": App(retry=RetryPolicy(timeout=timedelta(seconds=60))),
    "hasty": App(retry=RetryPolicy(timeout=timedelta(seconds=2))),
    "statuses": App(retry=RetryPolicy(retry_on=frozenset({"404", "5xx"}))),
    "nothing": App(retry=RetryPolicy(retry_on=frozenset())),
}


def outcomes() -> Iterator[tuple[str, App, DeliveryHistory, Sandbox]]:
    for name, app in APPS.items():
        for script in [*SCRIPTS, "503*12,200", "200@45s"]:
            sandbox, delivery = delivered(script, app=app)
            yield f"{name} {script}", app, delivery, sandbox


def blocked(url: str, **options: Any) -> tuple[Sandbox, DeliveryHistory]:
    """Return a delivery to where nothing can be sent, or nothing may be."""
    sandbox = Sandbox(sockets=SocketOptions(**options))
    sandbox.add_postback(url + TEMPLATE)
    sandbox.trigger("email.click")
    sandbox.run_until_idle()
    return sandbox, sandbox.deliveries[0]


def test_each_passes_in_pytest_whatever_became_of_the_delivery(pytester: pytest.Pytester) -> None:
    """With the fixture, which fails a test that does not speak of what went wrong."""
    sources = [source_of(sandbox, delivery) for _, _, delivery, sandbox in outcomes()]
    for url, options in [
        ("http://127.0.0.1:1/in", {}),
        ("http://nobody.invalid/in", {}),
        ("https://127.0.0.1:1/in", {}),
        ("http://203.0.113.7/in", {"send_to": ()}),
        ("http://169.254.169.254/in", {}),
    ]:
        sandbox, delivery = blocked(url, **options)
        with sandbox:
            sandbox.resend(delivery.id)
            sources.append(source_of(sandbox, sandbox.delivery(delivery.id)))
    named = [source.replace("test_delivery_1", f"test_{number}")
             for number, source in enumerate(sources)]  # fmt: skip
    pytester.makepyfile("\n\n".join(named))
    pytester.runpytest_inprocess("-q").assert_outcomes(passed=len(sources))


def test_where_it_ends_otherwise_it_is_said() -> None:
    sandbox, delivery = blocked("http://203.0.113.7/in", send_to=())
    with sandbox:
        assert delivery.state == "rejected"
        source = source_of(sandbox, delivery)
    assert "An inbox cannot fail by blocked; it resets the connection." in source
    assert "It was rejected; here it is lost for that reason." in source
    assert "leanplum.assert_lost()" in source
    sandbox, delivery = delivered("503*12,200", app=APPS["long"])
    assert delivery.state == "delivered"
    source = source_of(sandbox, delivery)
    assert "schedule of its own" in source
    assert "here it is lost" in source


def test_where_it_ends_as_it_did_nothing_else_is_said() -> None:
    for name, app, delivery, sandbox in outcomes():
        if app is APPS["usual"] and "12" not in name:
            assert "here it is" not in source_of(sandbox, delivery), name
