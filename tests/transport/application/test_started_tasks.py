"""Tests that tasks are told apart by who started them."""

from __future__ import annotations

import asyncio

from mockserver.transport.application.started_tasks import answers_for, started_for


async def _for_ever() -> None:
    await asyncio.Event().wait()


def test_tasks_belong_to_who_started_them() -> None:
    kept: list[asyncio.Task[None]] = []

    async def answer(owner: object, name: str) -> None:
        kept.append(asyncio.create_task(_for_ever(), name=f"before {name}"))
        answers_for(owner)
        kept.append(asyncio.create_task(_for_ever(), name=name))
        # A callback has a context, too: that of whoever waits.
        kept[-1].add_done_callback(kept.remove)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        one, other = object(), object()
        await asyncio.create_task(answer(one, "one"))
        await asyncio.create_task(answer(other, "other"))
        assert started_for(one, loop, ()) == ["task 'one'"]
        assert started_for(other, loop, ()) == ["task 'other'"]
        assert started_for(one, loop, tuple(kept)) == []
        assert await asyncio.to_thread(started_for, one, loop, ()) == ["task 'one'"]
        for each in tuple(kept):
            each.cancel()
        await asyncio.sleep(0)
        assert started_for(one, loop, ()) == []

    asyncio.run(main())


def test_nothing_goes_on_where_the_loop_is_closed() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    assert started_for(object(), loop, ()) == []
