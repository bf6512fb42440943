"""What tasks and callbacks raise is heard of, unless somebody asks for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from mockserver.transport.application.failed_tasks import FailedTasks


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
