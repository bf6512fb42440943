"""A run at somebody else's sandbox leaves nothing behind, whatever comes of its cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.conformance.running import RunningServer
from contracts.conformance.target import Target
from contracts.suite.generated import Effort
from contracts.suite.recorder import Recorder, Untestable
from contracts.suite.registry import select_cases
from contracts.suite.run import run_suite
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status, TargetKind
from mockserver.cli.root import root
from mockserver.core.clock import MovableClock
from mockserver.core.models import App
from mockserver.delivery.wiring import SocketOptions
from mockserver.sandbox import Sandbox
from mockserver.time.clocks import RunningClock
from mockserver.web.app import create_app
from tests.contracts.samples import case_of, serving

State = dict[str, Any]


def state_of(sandbox: Sandbox) -> State:
    return {
        "apps": [app.app_id for app in sandbox.ledger.apps()],
        "rules": sandbox.ledger.rules(),
        "deliveries": list(sandbox.deliveries),
        "inboxes": sandbox.inboxes.names(),
    }


@contextmanager
def used_sandbox(clock: MovableClock | None = None) -> Iterator[tuple[Sandbox, str]]:
    """Serve a sandbox that somebody has used already."""
    with (
        Sandbox(sockets=SocketOptions(), clock=clock) as sandbox,
        serving(create_app(sandbox)) as url,
    ):
        sandbox.put_app(App("shop"))
        sandbox.inbox("mine").behave("404")
        sandbox.add_postback(sandbox.inbox("mine").url)
        sandbox.trigger("email.click")
        while sandbox.deliveries(state="pending"):
            sandbox.settle()
        yield sandbox, url


@contextmanager
def left_as_it_was(clock: MovableClock | None = None) -> Iterator[str]:
    with used_sandbox(clock) as (sandbox, url):
        before = state_of(sandbox)
        yield url
        assert state_of(sandbox) == before


def leaves_much(target: Target, rec: Recorder) -> None:
    """Leaves two apps, rules, inboxes, and deliveries that are pending."""
    target.another_app(rule_limit=7).add(target.inbox("503").url)
    target.app.add(target.inbox("503").url)
    assert target.app.trigger("email.click")


def broken(target: Target, rec: Recorder) -> None:
    raise ZeroDivisionError


def deviates(target: Target, rec: Recorder) -> None:
    rec.expect(1, 2, "one is one")


def cannot_be_tried(target: Target, rec: Recorder) -> None:
    raise Untestable("not today")


@pytest.mark.parametrize("clock", [None, RunningClock], ids=["manual", "running"])
@pytest.mark.parametrize(
    ("then", "status"),
    [
        (lambda target, rec: None, Status.PASS),
        (deviates, Status.FAIL),
        (broken, Status.ERROR),
        (cannot_be_tried, Status.UNTESTABLE),
    ],
)
def test_whatever_comes_of_a_case(
    then: Callable[[Target, Recorder], None],
    status: Status,
    clock: Callable[[], MovableClock] | None,
) -> None:
    def body(target: Target, rec: Recorder) -> None:
        leaves_much(target, rec)
        then(target, rec)

    with left_as_it_was(clock and clock()) as url:
        result = run_case(case_of(body), RunningServer(url), Effort(), Names("odd"))
        assert result.status is status
        assert not any("DELETE" in exchange.method for exchange in result.exchanges)


def test_an_interrupt_within_a_case() -> None:
    def body(target: Target, rec: Recorder) -> None:
        leaves_much(target, rec)
        raise KeyboardInterrupt

    with left_as_it_was() as url, pytest.raises(KeyboardInterrupt):
        run_case(case_of(body), RunningServer(url), Effort(), Names("odd"))


@pytest.mark.parametrize("at", [1, 2, 4, 6])
def test_an_interrupt_while_it_is_cleaned_up(at: int) -> None:
    with left_as_it_was() as url:
        server = RunningServer(url)
        plain, cleaning = server.wire.send, 0

        def send(method: str, target: str, *rest: Any) -> Any:
            nonlocal cleaning
            if begun:
                cleaning += 1
                if cleaning == at:
                    raise KeyboardInterrupt
            return plain(method, target, *rest)

        begun: list[bool] = []

        def body(target: Target, rec: Recorder) -> None:
            leaves_much(target, rec)
            begun.append(True)

        server.wire.send = send  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            run_case(case_of(body), server, Effort(), Names("odd"))


def test_a_sandbox_that_does_not_let_go_of_an_app_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from mockserver.core.errors import InvalidValue

    def refuse(app_id: str) -> None:
        raise InvalidValue("not in this world")

    with used_sandbox() as (sandbox, url):
        monkeypatch.setattr(sandbox, "delete_app", refuse)
        result = run_case(case_of(leaves_much), RunningServer(url), Effort(), Names("odd"))
    assert result.status is Status.ERROR
    assert result.reason.startswith("cleaning up failed: these are still there: app ")
    assert "app odd-app-1 (not in this world)" in result.reason


def test_cases_of_every_kind() -> None:
    ids = ["PB-RULES-*", "PB-TEMPLATE-*", "PB-CHANNELS-*", "PB-RETRY-MODEL", "PB-RETRY-COUNT"]
    with left_as_it_was() as url:
        run = run_suite(select_cases(ids, target=TargetKind.FAKE), RunningServer(url))
        statuses = {case.id: case.status for case in run.report.cases}
        # Nobody but its owner restarts it.
        for each in ("PB-RULES-RESTART", "PB-RULES-RESTART-EVERY-SET"):
            assert statuses.pop(each) is Status.SKIP
        assert set(statuses.values()) == {Status.PASS}, statuses


def test_a_replay(tmp_path: Path) -> None:
    def postbacks(*arguments: str) -> int:
        variables = {"POSTBACKS_URL": "", "COLUMNS": "80"}
        return CliRunner().invoke(root, ["contracts", *arguments], env=variables).exit_code

    report = str(tmp_path / "report.json")
    chosen = ("--deviant", "eight-retries", "--case", "PB-RETRY-COUNT")
    assert postbacks("run", *chosen, "--report", f"json={report}") == 1
    assert json.loads(Path(report).read_text())["cases"][0]["id"] == "PB-RETRY-COUNT"
    with left_as_it_was() as url:
        assert postbacks("replay", report, "--url", url) in (0, 1)
