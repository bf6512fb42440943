"""A call that waits for a database, or for anything else, keeps nobody else from an answer."""

from __future__ import annotations

import http.client
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from mockserver.live import LiveSandbox
from mockserver.web.event_stream import MOST_STREAMS
from mockserver.web.server.api_server import THREADS
from mockserver.web.server.dispatching import MOST_WORKERS, Dispatcher

RULE = {
    "action": "addPostback",
    "appId": "YOUR_APP_ID",
    "clientKey": "YOUR_DATA_EXPORT_KEY",
    "apiVersion": "1.0.6",
    "type": "messageEvents",
    "postbackUrl": "https://example.com/in?user={{User ID}}",
}
#: What an answer of somebody else may take.
LIMIT_REAL_SECONDS = 0.2


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveSandbox]:
    with LiveSandbox(tmp_path / "sandbox.db") as live:
        yield live


@pytest.fixture
def locked(live: LiveSandbox, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program writes to the ledger, and does not come to an end."""
    file = tmp_path / "sandbox.db"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


def port_of(live: LiveSandbox) -> int:
    return int(live.url.rpartition(":")[2])


def call(live: LiveSandbox, method: str, path: str, body: object = None) -> tuple[int, Any]:
    headers = {} if body is None else {"Content-Type": "application/json"}
    with closing(http.client.HTTPConnection("127.0.0.1", port_of(live), timeout=40)) as connection:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")


def in_time(live: LiveSandbox, path: str) -> float:
    """Return the shortest of three times: a machine that is busy makes some of them long."""
    taken = []
    for _ in range(3):
        before = time.monotonic()
        assert call(live, "GET", path)[0] == 200
        taken.append(time.monotonic() - before)
    return min(taken)


class Waiting:
    """Calls under way, each in a thread of its own."""

    def __init__(self, live: LiveSandbox, method: str, path: str, body: object, count: int) -> None:
        self.answers: list[tuple[int, Any]] = []
        self._threads = [
            threading.Thread(target=lambda: self.answers.append(call(live, method, path, body)))
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/api", RULE), ("POST", "/_sandbox/reset", {})],
    ids=["Leanplum's API", "the control API"],
)
@pytest.mark.parametrize("count", [1, THREADS + 4], ids=["one", "more than there are workers"])
def test_whoever_waits_for_the_database_keeps_nobody(
    live: LiveSandbox, locked: sqlite3.Connection, method: str, path: str, body: object, count: int
) -> None:
    waiting = Waiting(live, method, path, body, count)
    time.sleep(0.05)
    for other in ("health", "inboxes", "deliveries", "clock", "openapi.json"):
        assert in_time(live, f"/_sandbox/{other}") < LIMIT_REAL_SECONDS, other
    assert not waiting.answers
    locked.execute("ROLLBACK")
    waiting.join()
    assert {status for status, _ in waiting.answers} <= {200, 400}


def test_health_asks_a_ledger_only_what_never_waits(live: LiveSandbox) -> None:
    assert call(live, "PUT", "/_sandbox/apps/b", {"keys": {"data_export": "k"}})[0] == 200
    ledger = mock.NonCallableMock(spec=["problem"])
    ledger.problem.return_value = None
    with mock.patch.object(live.sandbox, "ledger", ledger):
        status, health = call(live, "GET", "/_sandbox/health")
    assert (status, health["app_ids"]) == (200, ["YOUR_APP_ID", "b"])


def test_the_apps_are_those_of_the_ledger_after_a_restart(live: LiveSandbox) -> None:
    call(live, "PUT", "/_sandbox/apps/b", {"keys": {"data_export": "k"}})
    live.restart()
    assert call(live, "GET", "/_sandbox/health")[1]["app_ids"] == ["YOUR_APP_ID", "b"]


def test_long_polls_do_not_use_up_the_workers(live: LiveSandbox) -> None:
    count = 3 * THREADS
    assert count < MOST_WORKERS
    waiting = Waiting(live, "GET", "/_sandbox/feed?after=0&timeout=30", None, count)
    time.sleep(0.1)
    assert in_time(live, "/_sandbox/deliveries") < LIMIT_REAL_SECONDS
    assert not waiting.answers
    live.sandbox.feed.add("reset", {})
    waiting.join()


def test_workers_that_were_added_end_when_nobody_needs_them() -> None:
    dispatcher = Dispatcher(2)
    goes_on = threading.Event()
    try:
        for _ in range(6):
            dispatcher.add_task(Task(goes_on))
        assert len(dispatcher.threads) >= 6
        dispatcher.end_spare_workers(100.0)
        dispatcher.end_spare_workers(200.0)
        assert dispatcher.stop_count == 0
        goes_on.set()
        until(lambda: not dispatcher.queue and dispatcher.active_count == 0)
        dispatcher.end_spare_workers(300.0)
        dispatcher.end_spare_workers(301.9)
        assert len(dispatcher.threads) >= 6
        dispatcher.end_spare_workers(302.0)
        until(lambda: len(dispatcher.threads) == 2)
        dispatcher.add_task(Task(goes_on))
        until(lambda: not dispatcher.queue and dispatcher.active_count == 0)
    finally:
        dispatcher.shutdown()


class Task:
    """A connection with one request, whose answer waits."""

    def __init__(self, goes_on: threading.Event) -> None:
        self._goes_on = goes_on
        self.requests = [mock.Mock(error=None, path="/_sandbox/feed", query="timeout=30")]

    def has_room(self) -> bool:
        return True

    def service(self) -> None:
        assert self._goes_on.wait(10)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_streams_take_no_place_of_a_call(live: LiveSandbox) -> None:
    accept = {"Accept": "text/event-stream"}
    connections = [
        http.client.HTTPConnection("127.0.0.1", port_of(live), timeout=40)
        for _ in range(MOST_STREAMS)
    ]
    try:
        streams = []
        for connection in connections:
            connection.request("GET", "/_sandbox/feed?after=-1", headers=accept)
            streams.append(connection.getresponse())
        assert [stream.readline()[:4] for stream in streams] == [b"id: "] * MOST_STREAMS
        for _ in range(20):
            begun = time.monotonic()
            assert call(live, "GET", "/_sandbox/clock")[0] == 200
            assert time.monotonic() - begun < LIMIT_REAL_SECONDS
        status, problem = call_for_stream(live)
        assert (status, problem["type"]) == (503, "urn:postbacks:problem:too-many-streams")
    finally:
        for connection in connections:
            connection.close()


def call_for_stream(live: LiveSandbox) -> tuple[int, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", port_of(live), timeout=40)) as connection:
        connection.request("GET", "/_sandbox/feed", headers={"Accept": "text/event-stream"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
