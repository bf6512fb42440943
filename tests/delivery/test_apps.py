"""The apps of a sandbox: which one is meant, and what goes with one that is deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mockserver import Sandbox
from mockserver.core.errors import LastApp, UnknownApp
from mockserver.core.models import App, DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger
from mockserver.ledger.sqlite.store import open_sqlite
from mockserver.transport.in_process import CallableTransport

LEDGERS: dict[str, Callable[[Path], Ledger]] = {
    "memory": lambda folder: MemoryLedger(),
    "sqlite": lambda folder: open_sqlite(folder / "ledger.db"),
}


@pytest.fixture(params=LEDGERS)
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(apps=[App("b"), App("c")], ledger=LEDGERS[request.param](tmp_path)) as sandbox:
        sandbox.put_app(App("a"))
        yield sandbox


def test_the_first_given_one_is_meant_as_long_as_it_is_there(sandbox: Sandbox) -> None:
    assert sandbox.default_app_id == sandbox.app().app_id == "b"
    sandbox.delete_app("b")
    assert sandbox.default_app_id == sandbox.app().app_id == "c"
    sandbox.delete_app("c")
    assert sandbox.default_app_id == sandbox.app().app_id == "a"


def test_rules_and_deliveries_go_with_an_app(sandbox: Sandbox) -> None:
    inbox = sandbox.inbox("crm")
    inbox.behave("503")
    for app_id in ("a", "b"):
        sandbox.add_postback(inbox.url, app_id=app_id)
        sandbox.trigger("email.click", app_id=app_id)
    assert sandbox.delete_app("a") == (1, 1, False)
    assert [delivery.app_id for delivery in sandbox.deliveries] == ["b"]
    with pytest.raises(UnknownApp, match="unknown app 'a'; the sandbox has: b, c"):
        sandbox.postbacks("a")
    sandbox.advance(hours=1)
    assert len(inbox.requests) == 3


def test_a_given_one_comes_back(sandbox: Sandbox) -> None:
    assert sandbox.delete_app("b").comes_back
    assert not sandbox.delete_app("a").comes_back
    assert Sandbox(apps=[App("b")], ledger=sandbox.ledger).app("b") == App("b")


def test_one_that_is_not_there_and_the_last_one_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(UnknownApp, match="unknown app 'd'"):
        sandbox.delete_app("d")
    sandbox.delete_app("a")
    sandbox.delete_app("b")
    with pytest.raises(LastApp, match="'c' is the only app"):
        sandbox.delete_app("c")
    assert sandbox.app().app_id == "c"


def test_an_app_that_an_attempt_deletes_is_gone_when_it_is_over() -> None:
    def deletes(attempt: DueAttempt) -> Outcome:
        sandbox.delete_app("a")
        return Outcome(OutcomeKind.RESPONSE, status=503)

    with Sandbox(apps=[App("a"), App("b")], transport=CallableTransport(deletes)) as sandbox:
        sandbox.add_postback("http://partner.test/", app_id="a")
        sandbox.ledger.add_deliveries([])
        with pytest.raises(Exception, match="no delivery has the id 1"):
            sandbox.trigger("email.click", app_id="a")
        assert len(sandbox.deliveries) == 0
        assert sandbox.ledger.next_due_at() is None


def test_a_new_app_of_the_same_name_has_the_retries_it_was_given() -> None:
    from datetime import timedelta

    from mockserver.core.retry import RetryPolicy

    with Sandbox(apps=[App("b")]) as sandbox:
        sandbox.put_app(App("a", retry=RetryPolicy((timedelta(minutes=1),))))
        sandbox.delete_app("a")
        sandbox.put_app(App("a"))
        inbox = sandbox.inbox("crm")
        inbox.behave("503")
        sandbox.add_postback(inbox.url, app_id="a")
        sandbox.trigger("email.click", app_id="a")
        sandbox.advance(hours=1)
        assert sandbox.deliveries[0].offsets_in_hours == [0, 1]
