"""What tasks and callbacks raise is heard of, unless somebody asks for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from mockserver.core.models import DueAttempt
from mockserver.transport.application.failed_tasks import FailedTasks
from mockserver.transport.application.started_calls import ANSWERED
from tests.transport.exchanges import NOON


async def fail() -> None:
    raise LookupError("no user")


def run(body: Callable[[], Awaitable[None]]) -> tuple[list[str], list[str]]:
    """Run a coroutine; return what was lost in tasks, and what callbacks raised."""
    called: list[str] = []
    tasks = FailedTasks(lambda error: called.append(str(error)))

    async def all_of_it() -> None:
        await body()
        await asyncio.sleep(0.001)

    loop = asyncio.new_event_loop()
    tasks.watch(loop)
    loop.run_until_complete(all_of_it())
    loop.close()
    lost = [str(error) for _, error in tasks.take_lost()]
    assert tasks.take_lost() == []
    return lost, called


async def _awaited() -> None:
    with suppress(LookupError):
        await asyncio.create_task(fail())


async def _awaited_late() -> None:
    task = asyncio.create_task(fail())
    await asyncio.sleep(0.001)
    with suppress(LookupError):
        await task


async def _gathered() -> None:
    await asyncio.gather(fail(), fail(), return_exceptions=True)


async def _grouped() -> None:
    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())


async def _waited() -> None:
    done, _ = await asyncio.wait([asyncio.create_task(fail())])
    assert [task.exception() for task in done]


async def _called_back() -> None:
    asyncio.create_task(fail()).add_done_callback(lambda task: task.exception())


async def _cancelled() -> None:
    asyncio.create_task(asyncio.sleep(60)).cancel()


async def _shielded() -> None:
    with suppress(LookupError):
        await asyncio.wait_for(asyncio.shield(fail()), 5)


@pytest.mark.parametrize(
    "body",
    [
        _awaited,
        _awaited_late,
        _gathered,
        _grouped,
        _waited,
        _called_back,
        _cancelled,
        _shielded,
    ],
)
def test_what_somebody_asks_for_is_not_lost(body: Callable[[], Awaitable[None]]) -> None:
    assert run(body) == ([], [])


def test_what_nobody_asks_for_is_lost_whether_it_is_kept_or_not() -> None:
    kept = []

    async def body() -> None:
        kept.append(asyncio.create_task(fail()))
        asyncio.create_task(fail())  # noqa: RUF006 (that is the mistake)

    assert run(body) == (["no user"] * 2, [])


def test_what_is_only_waited_for_is_lost() -> None:
    async def body() -> None:
        await asyncio.wait([asyncio.create_task(fail())])

    assert run(body) == (["no user"], [])


def test_what_a_callback_raises_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def call() -> None:
        raise LookupError("in a callback")

    async def body() -> None:
        asyncio.get_running_loop().call_soon(call)

    with caplog.at_level(logging.ERROR, "asyncio"):
        assert run(body) == ([], ["in a callback"])
    assert len(caplog.records) == 1


# On a loop of somebody else


ATTEMPT, OTHERS = (DueAttempt(1, "app", "http://h/", 1, NOON, False, 1) for _ in range(2))


def run_as_guest(
    answer: Callable[[], Awaitable[None]], *, factory: Any = None, attempt: DueAttempt = ATTEMPT
) -> tuple[list[str], list[str]]:
    """Let an answer run on a loop with tasks of its own; return the same as `run`."""
    called: list[str] = []
    tasks = FailedTasks(lambda error: called.append(str(error)))
    tasks.answers(ATTEMPT)
    loop = asyncio.new_event_loop()
    loop.set_task_factory(factory)
    handled: list[Any] = []
    loop.set_exception_handler(handler := lambda loop, context: handled.append(context))
    end = tasks.watch_answers(loop)

    async def answering() -> None:
        ANSWERED.set(attempt)
        await answer()

    async def all_of_it() -> None:
        await asyncio.create_task(answering())
        await asyncio.sleep(0.001)

    loop.run_until_complete(all_of_it())
    lost = [str(error) for _, error in tasks.take_lost()]
    end()
    assert loop.get_task_factory() is factory
    assert loop.get_exception_handler() is handler
    loop.close()
    assert len(handled) >= len(called)
    return lost, called


async def _forgotten() -> None:
    asyncio.create_task(fail())  # noqa: RUF006 (that is the mistake)


def test_a_task_of_an_answer_is_lost_on_the_loop_of_a_test_as_well() -> None:
    assert run_as_guest(_forgotten) == (["no user"], [])


def test_a_factory_of_the_test_goes_on_making_tasks() -> None:
    made = []

    def factory(loop: Any, coroutine: Any, **named: Any) -> Any:
        made.append(asyncio.Task(coroutine, loop=loop, **named))
        return made[-1]

    assert run_as_guest(_forgotten, factory=factory) == (["no user"], [])
    assert len(made) == 3


@pytest.mark.parametrize("body", [_awaited, _awaited_late, _gathered, _waited, _called_back])
def test_a_guest_may_ask_for_it(body: Callable[[], Awaitable[None]]) -> None:
    assert run_as_guest(body) == ([], [])


def test_what_others_start_there_is_theirs() -> None:
    # Equal, as those of two sandboxes are, and still not the same.
    assert run_as_guest(_forgotten, attempt=OTHERS) == ([], [])


@pytest.mark.parametrize(("attempt", "told"), [(ATTEMPT, ["in a callback"]), (OTHERS, [])])
def test_a_callback_of_an_answer_is_told_and_handled(attempt: DueAttempt, told: list[str]) -> None:
    def call() -> None:
        raise LookupError("in a callback")

    async def answer() -> None:
        asyncio.get_running_loop().call_soon(call)

    assert run_as_guest(answer, attempt=attempt) == ([], told)


def test_who_replaces_the_factory_meanwhile_keeps_it() -> None:
    tasks = FailedTasks(lambda error: None)
    loop = asyncio.new_event_loop()
    end = tasks.watch_answers(loop)
    first = loop.get_task_factory()

    def theirs(loop: Any, coroutine: Any, **named: Any) -> Any:
        assert first is not None
        return first(loop, coroutine, **named)

    loop.set_task_factory(theirs)
    end()
    assert loop.get_task_factory() is theirs
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


async def _in_the_pool_of_the_loop() -> None:
    def work() -> None:
        raise LookupError("no user")

    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, work)
    # Until it is done.
    with suppress(LookupError):
        await loop.run_in_executor(None, work)


async def _in_a_future() -> None:
    asyncio.get_running_loop().create_future().set_exception(LookupError("no user"))


@pytest.mark.parametrize("body", [_in_the_pool_of_the_loop, _in_a_future])
def test_a_future_of_an_answer_is_lost_as_well(body: Callable[[], Awaitable[None]]) -> None:
    assert run_as_guest(body) == ([], ["no user"])
    assert run_as_guest(body, attempt=OTHERS) == ([], [])


def test_a_loop_makes_futures_as_before() -> None:
    tasks = FailedTasks(lambda error: None)
    loop = asyncio.new_event_loop()
    end = tasks.watch_answers(loop)
    assert type(loop.create_future()) is asyncio.Future
    end()
    assert "create_future" not in vars(loop)
    loop.close()


def test_a_loop_that_is_no_python_is_watched_as_far_as_it_goes() -> None:
    uvloop = pytest.importorskip("uvloop")
    tasks = FailedTasks(lambda error: None)
    tasks.answers(ATTEMPT)
    loop = uvloop.new_event_loop()
    end = tasks.watch_answers(loop)

    async def answering() -> None:
        ANSWERED.set(ATTEMPT)
        await _forgotten()
        await asyncio.sleep(0.001)

    loop.run_until_complete(loop.create_task(answering()))
    assert [str(error) for _, error in tasks.take_lost()] == ["no user"]
    end()
    loop.close()
