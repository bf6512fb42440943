"""Master and workers as real processes over loopback, and what happens when one of them ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from mockserver.load.crew import Crew, Place, start_child
from mockserver.load.result import ENDED_EARLY, WITH_A_WORKER, End, LoadResult
from tests.load.crews import accounted, job, kill, needs_locust, run
from tests.load.sink import sink
from tests.transport.servers import RawServer, keeping_alive

pytestmark = needs_locust


def test_two_workers_send_all_of_a_stream_once() -> None:
    with RawServer(keeping_alive()) as server:
        url = f"{server.url}/in?user={{{{User ID}}}}"
        result = run(job(url, 200, 1), Place(2, 2))
        users = sorted(head.split(b"user=")[1].split(b" ")[0] for _, head in server.requests)
    assert result.end is End.DONE, result.why
    assert users == sorted(f"postbacks-load-7-u{n}".encode() for n in range(200))
    assert result.totals.statuses == {"200": 200}
    assert [result.workers[part].state for part in (0, 1)] == ["done", "done"]
    assert result.totals.latency.total == result.totals.service.total == 200
    assert result.exit_code == 0
    assert accounted(result) == 200


def test_a_worker_that_is_killed_is_told_and_its_share_is_not_sent() -> None:
    def kill_one(crew: Crew, result: LoadResult) -> None:
        if result.totals.ended > 20 and not result.lost and crew.workers[0].poll() is None:
            kill(crew.workers[0].pid)

    with sink() as endpoint:
        result = run(job(endpoint.url, 100, 4), Place(2, 2), on_progress=kill_one)
    assert result.end is End.DONE
    [lost] = result.lost
    other = result.workers[1 - lost.part]
    assert other.state == "done"
    assert 200 <= result.totals.ended < 400
    assert result.unsent[WITH_A_WORKER] > 50
    assert accounted(result) == 400
    assert result.exit_code == 1


def test_the_last_worker_that_is_killed_ends_the_load() -> None:
    def kill_all(crew: Crew, result: LoadResult) -> None:
        if crew.workers[0].poll() is None:
            kill(crew.workers[0].pid)

    with sink() as endpoint:
        result = run(job(endpoint.url, 50, 60), Place(1, 1), on_progress=kill_all)
    assert [worker.state for worker in result.workers.values()] == ["lost"]
    assert result.real_seconds < 20
    assert accounted(result) == 3000


def test_a_master_that_is_killed_ends_the_workers() -> None:
    def kill_master(crew: Crew, result: LoadResult) -> None:
        if result.totals.ended:
            kill(crew.master_pid)

    with sink() as endpoint:
        result = run(job(endpoint.url, 100, 60), Place(1, 1), on_progress=kill_master)
    assert (result.end, result.exit_code) == (End.FAILED, 3)
    assert "the master has ended" in result.why
    assert 0 < result.totals.ended < 6000
    assert accounted(result) == 6000


def test_an_endpoint_that_dies_and_comes_back_is_seen_second_by_second() -> None:
    with sink() as first:
        port, second = first.port, []

        def die_and_return(crew: Crew, result: LoadResult) -> None:
            if len(second) == 0 and result.totals.delivered > 50:
                kill(first.process.pid)
                first.process.wait()
                second.append(None)
            elif second == [None] and result.totals.errors.get("refused", 0) > 50:
                again = sink("--port", port)
                again.__enter__()
                second[0] = again

        try:
            result = run(job(first.url, 100, 7), Place(1, 1), on_progress=die_and_return)
        finally:
            if second and second[0] is not None:
                second[0].__exit__(None, None, None)
    assert result.end is End.DONE
    assert result.totals.errors["refused"] > 50
    assert "nobody listens" in result.totals.examples["refused"]
    seconds = result.totals.seconds
    good = [n for n in sorted(seconds) if seconds[n].planned and not seconds[n].failed]
    bad = [n for n in sorted(seconds) if seconds[n].failed]
    assert sum(seconds[n].reached for n in seconds if n <= bad[0]) > 0
    assert bad[0] < good[-1]
    assert result.totals.to_retry == result.totals.failed
    assert accounted(result) == 700


def test_a_worker_that_comes_late_has_no_part() -> None:
    late: list[subprocess.Popen[bytes]] = []

    def come_late(crew: Crew, result: LoadResult) -> None:
        if not late:
            settings = {
                "host": "127.0.0.1",
                "port": crew.port,
                "wait_seconds": 10,
                "allowed_hosts": [],
            }
            late.append(start_child("worker", settings))

    with sink() as endpoint:
        result = run(job(endpoint.url, 50, 7), Place(1, 1), on_progress=come_late)
    said, code = _ended(late[0])
    assert result.refused == ["the load has begun, so this worker has no part in it"]
    assert result.refused[0] in said
    assert code == 3
    assert result.totals.statuses == {"200": 350}
    assert list(result.workers) == [0]


def test_a_worker_of_another_version_is_refused_and_nothing_is_sent() -> None:
    with sink() as endpoint, _older_worker() as older:
        told: list[Mapping[str, Any]] = []

        def take(crew: Crew, said: Mapping[str, Any]) -> None:
            told.append(said)
            if said["kind"] == "listening":
                older(said["port"])
            elif said["kind"] == "refused":
                crew.stop()

        result = run(job(endpoint.url, 10, 1), Place(0, 1, port=0, wait_seconds=8), on_said=take)
    assert "has postbacks 0.0.1, the master" in result.refused[0]
    assert "install the same on both" in result.refused[0]
    assert result.totals.sent == 0
    assert accounted(result) == 10


def test_nobody_comes() -> None:
    result = run(job("http://127.0.0.1:1/in", 10, 1), Place(0, 2, wait_seconds=0.5))
    assert result.why == "0 of 2 workers came within 0.5 s, so nothing was sent"
    assert result.unsent == {ENDED_EARLY: 10}


def test_a_port_that_is_taken_is_told() -> None:
    with RawServer(keeping_alive()) as server:
        result = run(job("http://127.0.0.1:1/in", 10, 1), Place(0, 1, port=server.port))
    assert result.end is End.FAILED
    assert "Address already in use" in result.why


def test_no_worker_reaches_a_master_that_is_not_there() -> None:
    with RawServer(keeping_alive()) as server:
        port = server.port
    settings = {"host": "127.0.0.1", "port": port, "wait_seconds": 1, "allowed_hosts": []}
    said, code = _ended(start_child("worker", settings))
    assert f"no master of postbacks load answers at 127.0.0.1:{port}" in said
    assert code == 3


def test_gevent_that_is_loaded_already_is_told_in_a_line() -> None:
    program = (
        "import sys, gevent; sys.argv = ['child', 'worker'];"
        "from mockserver.load.child import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert "gevent is loaded already" in json.loads(ended.stdout)["why"]
    assert ended.stderr == ""


@pytest.mark.parametrize("host", ["partner.example", "192.0.2.7"])
def test_a_worker_sends_only_where_it_was_allowed_itself(host: str) -> None:
    far = job(f"http://{host}/in", 10, 1)
    result = run(far, Place(1, 1))
    assert result.end is End.FAILED
    assert "does not send this" in result.why
    assert result.totals.sent == 0


def _ended(process: subprocess.Popen[bytes]) -> tuple[str, int]:
    # Its input stays open: at the end of that it would end for another reason.
    with process:
        assert process.stdout is not None
        said = process.stdout.read().decode()
        return said, process.wait(30)


@contextmanager
def _older_worker() -> Iterator[Any]:
    """Yield what starts a worker that has another version of this package."""
    program = (
        "import mockserver.version; mockserver.version.__version__ = '0.0.1'; import sys;"
        "sys.argv = ['child', 'worker']; from mockserver.load.child import main; main()"
    )
    started: list[subprocess.Popen[bytes]] = []

    def start(port: int) -> None:
        settings = {"host": "127.0.0.1", "port": port, "wait_seconds": 10, "allowed_hosts": []}
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        process.stdin.flush()
        started.append(process)

    yield start
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)
