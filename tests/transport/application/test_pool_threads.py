"""Tests that threads of pools count while they are at work, and only then."""

from __future__ import annotations

import multiprocessing
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from mockserver.transport.application.pool_threads import waits_for_work


def soon(condition: Callable[[], bool]) -> bool:
    give_up = time.perf_counter() + 5
    while not condition() and time.perf_counter() < give_up:
        time.sleep(0.001)
    return condition()


def test_a_worker_waits_before_and_after_its_work() -> None:
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        [worker] = pool._threads
        assert soon(lambda: waits_for_work(worker))
        work = pool.submit(go_on.wait, 5)
        assert soon(lambda: not waits_for_work(worker))
        pool.submit(int)
        go_on.set()
        work.result()
        assert soon(lambda: waits_for_work(worker))


def test_work_that_is_no_python_is_work() -> None:
    lock = threading.Lock()
    lock.acquire()
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(lock.acquire)
        [worker] = pool._threads
        assert soon(lambda: not waits_for_work(worker))
        lock.release()
        work.result()


def test_a_worker_of_anyio() -> None:
    anyio = pytest.importorskip("anyio")
    to_thread = pytest.importorskip("anyio.to_thread")
    go_on = threading.Event()
    seen: list[bool] = []

    def work() -> threading.Thread:
        seen.append(waits_for_work(threading.current_thread()))
        return threading.current_thread()

    async def main() -> None:
        worker = await to_thread.run_sync(work)
        assert soon(lambda: waits_for_work(worker))
        go_on.set()

    anyio.run(main)
    assert seen == [False]


@pytest.mark.parametrize("wait", ["queue", "event", "sleep"])
def test_other_threads_never_wait_for_work(wait: str) -> None:
    todo: queue.Queue[None] = queue.Queue()
    event = threading.Event()

    def consume() -> None:
        if wait == "queue":
            todo.get()
        elif wait == "event":
            event.wait(5)
        else:
            while not event.is_set():
                time.sleep(0.001)

    thread = threading.Thread(target=consume)
    thread.start()
    try:
        assert not waits_for_work(thread)
    finally:
        todo.put(None)
        event.set()
        thread.join()
    assert not waits_for_work(thread)


def test_the_threads_of_a_pool_of_processes() -> None:
    """What it was given is known as calls; its threads wait for the processes, or for more."""
    before = set(threading.enumerate())
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        pool.submit(int).result()
        threads = set(threading.enumerate()) - before
        assert {type(each).__name__ for each in threads} >= {"_ExecutorManagerThread"}
        assert soon(lambda: all(map(waits_for_work, threads)))
