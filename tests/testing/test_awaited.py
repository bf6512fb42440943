"""A call of `leanplum.aio` that is not awaited does nothing, and the test is told."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.testing import Leanplum
from tests.testing.pytest_runs import run_apart

Calls = Callable[[Leanplum], Coroutine[Any, Any, Any]]

ONE_EVENT = Path(__file__).with_name("one_event.jsonl")

#: Every call, with what it takes.
CALLS: dict[str, Calls] = {
    "trigger": lambda leanplum: leanplum.aio.trigger("push.open", user_id="ada"),
    "advance": lambda leanplum: leanplum.aio.advance(hours=1),
    "advance_to_next": lambda leanplum: leanplum.aio.advance_to_next(),
    "run_until_idle": lambda leanplum: leanplum.aio.run_until_idle(),
    "settle": lambda leanplum: leanplum.aio.settle(),
    "resend": lambda leanplum: leanplum.aio.resend(1),
    "play": lambda leanplum: leanplum.aio.play(ONE_EVENT),
    "settle_background": lambda leanplum: leanplum.aio.settle_background(),
}


def test_all_of_them_are_here() -> None:
    with Leanplum() as leanplum:
        public = {name for name in dir(leanplum.aio) if not name.startswith("_")}
    assert public - {"asked_calls"} == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_one_that_nobody_awaits_is_told_with_its_place(name: str) -> None:
    with Leanplum() as leanplum:
        with pytest.warns(RuntimeWarning, match=f"'leanplum.aio.{name}' was never awaited"):
            CALLS[name](leanplum)  # type: ignore[unused-coroutine]
        [problem] = leanplum.problems()
    assert problem.kind == "unawaited"
    text = " ".join(problem.text.split())
    assert text.startswith(f"leanplum.aio.{name}(...) at test_awaited.py:")
    assert text.endswith("was never awaited, so nothing of it was done")


async def awaited(call: Coroutine[Any, Any, Any]) -> None:
    await call


async def in_a_task(call: Coroutine[Any, Any, Any]) -> None:
    await asyncio.create_task(call)


async def gathered(call: Coroutine[Any, Any, Any]) -> None:
    await asyncio.gather(call)


async def within_a_time(call: Coroutine[Any, Any, Any]) -> None:
    await asyncio.wait_for(call, 5)


@pytest.mark.parametrize("way", [awaited, in_a_task, gathered, within_a_time])
@pytest.mark.parametrize("name", CALLS)
def test_one_that_somebody_awaits_is_no_problem(
    name: str, way: Callable[[Coroutine[Any, Any, Any]], Coroutine[Any, Any, None]]
) -> None:
    with Leanplum() as leanplum:
        leanplum.add_postback(leanplum.inbox().url)
        leanplum.trigger("push.open")
        asyncio.run(way(CALLS[name](leanplum)))
        assert leanplum.problems() == []


def test_a_task_that_is_cancelled_before_it_begins_is_told() -> None:
    async def test() -> None:
        task = asyncio.create_task(CALLS["trigger"](leanplum))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    with Leanplum() as leanplum, warnings.catch_warnings(record=True):
        asyncio.run(test())
        assert [problem.kind for problem in leanplum.problems()] == ["unawaited"]


def test_wrong_arguments_are_told_at_the_call() -> None:
    with Leanplum() as leanplum:
        with pytest.raises(TypeError, match="unexpected keyword argument 'now'"):
            leanplum.aio.settle(now=True)  # type: ignore[call-arg, unused-coroutine]
        assert leanplum.problems() == []


def test_without_asyncio_it_says_what_to_do() -> None:
    with Leanplum() as leanplum:
        for call in CALLS.values():
            with pytest.raises(InvalidValue, match=r"on trio call leanplum itself"):
                # What another library for coroutines does first.
                call(leanplum).send(None)


def test_it_fails_a_test_that_passes(pytester: pytest.Pytester) -> None:
    done = run_apart(
        pytester,
        """
        import asyncio, pytest

        async def push_only(leanplum):
            leanplum.add_postback(leanplum.inbox().url)
            leanplum.aio.trigger("email.click")
            leanplum.assert_not_triggered(channel="Push Notification")

        @pytest.mark.filterwarnings("ignore:coroutine")
        def test_forgotten(leanplum):
            asyncio.run(push_only(leanplum))

        @pytest.mark.filterwarnings("ignore:coroutine")
        @pytest.mark.leanplum(allow="unawaited")
        def test_allowed(leanplum):
            asyncio.run(push_only(leanplum))
        """,
    )
    done.assert_outcomes(failed=1, passed=1)
    shown = done.stdout.str()
    assert "await it, or the task that was made of it\n  allow it:" in shown
    assert "unawaited: leanplum.aio.trigger(...) at test_user.py:5 was never awaited" in shown
