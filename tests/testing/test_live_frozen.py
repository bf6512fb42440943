"""The live sandbox while time is frozen: in every order, and frozen before anything is imported."""

from __future__ import annotations

import pytest

from tests.testing.pytest_runs import run_apart

USE = """
import datetime as dt
from freezegun import freeze_time
import time_machine

def use(live):
    box = live.inbox("503,200")
    live.add_postback(box.url + "?u={{User ID}}&t={{Trigger time}}")
    live.trigger("push.open", user_id="a")
    live.run_until_idle()
    assert len(box.wait_for(2)) == 2 and [d.state for d in live.deliveries] == ["delivered"]
    assert type(live.deliveries[0].created_at) is type(box.requests[0].arrived_at)
    assert live.client.clock().now.year < 2027
    return box
"""

TESTS = {
    "frozen": """
def test_frozen(leanplum_live):
    with freeze_time("2026-03-01T12:00:00Z"):
        use(leanplum_live)
    assert type(leanplum_live.deliveries[0].created_at) is dt.datetime
""",
    "travelling": """
def test_travelling(leanplum_live):
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        use(leanplum_live)
""",
    "thawed": """
def test_thawed(leanplum_live):
    use(leanplum_live)
""",
    "given": """
def test_given(leanplum_live):
    box = leanplum_live.inbox("200")
    leanplum_live.add_postback(box.url + "?t={{Trigger time}}")
    with freeze_time("2026-03-01T12:00:00Z"):
        leanplum_live.trigger("push.open", triggered_at=dt.datetime.now(dt.UTC))
    assert box.wait_for(1)[0].query["t"] == "1772366400000"
""",
    "memory": """
def test_memory(leanplum, leanplum_receiver):
    leanplum.add_postback(leanplum_receiver.url + "?t={{Trigger time}}")
    with freeze_time("2026-03-01T12:00:00Z"):
        leanplum.trigger("push.open", triggered_at=dt.datetime.now(dt.UTC))
    assert leanplum_receiver.requests[0].query["t"] == "1772366400000"
""",
}

ORDERS = [list(TESTS)[turn:] + list(TESTS)[:turn] for turn in range(len(TESTS))]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_every_one_of_them_may_be_first(pytester: pytest.Pytester, order: list[str]) -> None:
    source = USE + "".join(TESTS[name] for name in order)
    run_apart(pytester, source).assert_outcomes(passed=len(order))


def test_everything_was_imported_while_time_was_frozen(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        from freezegun import freeze_time

        with freeze_time("2020-01-01"):
            import mockserver.testing.live, mockserver.web.app, mockserver.web.shapes
            import mockserver.transport.curl.transport, mockserver.time.saved_clock
            import mockserver.client.sandbox_client, mockserver.testing.leanplum
            import mockserver.core.models, mockserver.receiver.journal, mockserver.live
        """)
    source = USE + "".join(TESTS.values())
    run_apart(pytester, source).assert_outcomes(passed=len(TESTS))


def test_the_whole_session_is_frozen(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import pytest
        from freezegun import freeze_time

        @pytest.fixture(autouse=True, scope="session")
        def frozen():
            with freeze_time("2020-01-01"):
                yield
        """)
    run_apart(pytester, USE + TESTS["thawed"] + TESTS["memory"]).assert_outcomes(passed=2)
