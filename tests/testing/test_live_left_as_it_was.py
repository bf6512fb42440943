"""`--leanplum-url` leaves a sandbox as it was, whatever comes of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mockserver.core.models import App
from mockserver.live import LiveSandbox
from tests.testing.pytest_runs import run, run_apart

SOURCE = """
    import os

    import pytest

    @pytest.fixture
    def leanplum_config():
        return {"rule_limit": 7}

    @pytest.mark.parametrize("number", range(3))
    def test_leaves_much(leanplum_live, number):
        inbox = leanplum_live.inbox("503")
        leanplum_live.add_postback(inbox.url)
        leanplum_live.trigger("email.click")
        assert len(inbox.requests) == 1
        END

    def test_after(leanplum_live):
        leanplum_live.inbox("hang")
    """


def state_of(live: LiveSandbox) -> dict[str, Any]:
    sandbox = live.sandbox
    return {
        "apps": [app.app_id for app in sandbox.ledger.apps()],
        "rules": sandbox.ledger.rules(),
        "deliveries": list(sandbox.deliveries),
        "inboxes": sandbox.inboxes.names(),
    }


@contextmanager
def left_as_it_was() -> Iterator[str]:
    with LiveSandbox() as live:
        live.sandbox.put_app(App("shop"))
        live.sandbox.add_postback(live.sandbox.inbox("mine").url)
        live.sandbox.trigger("email.click")
        before = state_of(live)
        yield live.url
        assert state_of(live) == before


@pytest.mark.parametrize(
    ("end", "outcomes"),
    [
        ("pass", {"passed": 4}),
        ("assert False", {"failed": 3, "passed": 1}),
        ("raise RuntimeError", {"failed": 3, "passed": 1}),
        ("pytest.skip()", {"skipped": 3, "passed": 1}),
    ],
)
def test_whatever_comes_of_the_tests(
    pytester: pytest.Pytester, end: str, outcomes: dict[str, int]
) -> None:
    with left_as_it_was() as url:
        result = run(pytester, SOURCE.replace("END", end), "--leanplum-url", url)
        result.assert_outcomes(**outcomes)


@pytest.mark.parametrize("end", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
def test_an_interrupt(pytester: pytest.Pytester, end: str) -> None:
    with left_as_it_was() as url:
        result = run_apart(pytester, SOURCE.replace("END", end), "--leanplum-url", url)
        assert result.ret == pytest.ExitCode.INTERRUPTED


def test_in_four_processes(pytester: pytest.Pytester) -> None:
    with left_as_it_was() as url:
        source = SOURCE.replace("END", "pass")
        result = run_apart(pytester, source, "--leanplum-url", url, "-n", "4")
        result.assert_outcomes(passed=4)


def test_an_app_that_stays_fails_the_end_of_its_test(pytester: pytest.Pytester) -> None:
    source = """
        def test_it(leanplum_live):
            for app in leanplum_live.client.apps():
                if app.app_id != leanplum_live.app_id:
                    leanplum_live.client.delete_app(app.app_id)
        """
    with LiveSandbox() as live:
        result = run(pytester, source, "--leanplum-url", live.url)
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(["*this is still there: app test-*is the only app*"])
