"""Gives every test of the receiver one on a port, and limits its real time.

A wrong fault fails, and hangs nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import pytest

from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.server import Receiver

#: Far more than any of these tests takes, also on a busy machine.
LIMIT_REAL_SECONDS = 60.0


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Run the test under the limit."""
    pyfuncitem.obj = limited(pyfuncitem.obj, LIMIT_REAL_SECONDS)
    return (yield)


def limited(test: Callable[..., Any], real_seconds: float) -> Callable[..., None]:
    """Return `test`, failing if it takes longer.

    It runs on a thread of its own, because a client that waits within libcurl cannot be
    interrupted. If it is still waiting, it is left behind.
    """

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        raised: list[BaseException] = []

        def call() -> None:
            try:
                test(*args, **kwargs)
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=call, name="limited-test", daemon=True)
        thread.start()
        thread.join(real_seconds)
        if thread.is_alive():
            pytest.fail(f"the test took more than {real_seconds:g} real seconds")
        if raised:
            raise raised[0]

    return run


@pytest.fixture
def inboxes() -> Inboxes:
    return Inboxes()


@pytest.fixture
def receiver(inboxes: Inboxes) -> Iterator[Receiver]:
    receiver = Receiver(inboxes)
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture
def inbox(inboxes: Inboxes, receiver: Receiver) -> Inbox:
    return inboxes.inbox("a", receiver.url)


@pytest.fixture
def client(receiver: Receiver) -> Iterator[RawClient]:
    with RawClient("127.0.0.1", receiver.port) as client:
        yield client
