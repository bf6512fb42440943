"""Tests what `serve` says and does while its store is away: locked, full, deleted."""

from __future__ import annotations

import json
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.web.shapes import AdvanceRequest, DeliveryJson, EventRequest
from tests.cli.serving import Served, environment, serve


def health(served: Served) -> str:
    """Return what `health` says is wrong; it must say so at once."""
    began = time.monotonic()
    try:
        served.client.health()
    except LedgerUnusable as problem:
        return str(problem)
    finally:
        assert time.monotonic() - began < 1.5
    return ""


def test_health_says_at_once_that_another_program_has_locked_the_store(tmp_path: Path) -> None:
    with serve(tmp_path, "--db", "ledger.db") as served:
        assert health(served) == ""
        other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert "store unavailable" in health(served)
        assert "locked" in health(served)
        other.execute("ROLLBACK")
        other.close()
        assert health(served) == ""


def test_a_deleted_ledger_takes_no_event(tmp_path: Path) -> None:
    with serve(tmp_path, "--db", "ledger.db", "--clock", "manual") as served:
        served.client.add_postback("YOUR_APP_ID", "http://127.0.0.1:9/?u={{User ID}}")
        trigger(served, "u")
        (tmp_path / "ledger.db").unlink()
        assert "was deleted while the sandbox had it open" in health(served)
        with pytest.raises(LedgerUnusable, match="was deleted"):
            trigger(served, "u")
        with pytest.raises(LedgerUnusable, match=r"was deleted.*The clock stands at 20.*Z; what"):
            served.client.advance(AdvanceRequest(by="1h"))
        code, said = served.stop(signal.SIGTERM)
        assert code == 0
        (line,) = said.splitlines()
        assert line.startswith("postbacks: warning: where the clock stands cannot be written")


@pytest.mark.parametrize("clock", ["manual", "running"])
@pytest.mark.parametrize("table", ["attempts", "progress"])
def test_health_says_what_another_program_has_taken_away(
    tmp_path: Path, clock: str, table: str
) -> None:
    with serve(tmp_path, "--db", "ledger.db", "--clock", clock) as served:
        served.client.add_postback("YOUR_APP_ID", f"{served.facts['receiver_url']}/inbox/a")
        trigger(served, "u")
        finished_deliveries(served)
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as other, other:
            other.execute(f"ALTER TABLE {table} RENAME TO away")
        with suppress(LedgerUnusable):
            trigger(served, "v")
        if clock == "running" or table == "attempts":
            wait_for(lambda: f"no such table: {table}" in health(served))
        if clock == "running" and table == "attempts":
            # It does not come and go with each try.
            assert all("no such table: attempts" in health(served) for _ in range(30))
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as other, other:
            other.execute(f"ALTER TABLE away RENAME TO {table}")
        wait_for(lambda: health(served) == "")
        trigger(served, "w")
        users = [each.event.user_id for each in finished_deliveries(served)]
        assert set(users) >= {"u", "w"}


def wait_for(condition: Callable[[], bool]) -> None:
    gives_up_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < gives_up_at
        time.sleep(0.02)


@pytest.mark.parametrize("by", ["5m", "90m"])
def test_a_clock_whose_place_cannot_be_kept_is_not_moved(tmp_path: Path, by: str) -> None:
    with serve(tmp_path, "--db", "ledger.db", "--clock", "manual") as served:
        stood_at = served.client.clock().now
        (tmp_path / "ledger.db").unlink()
        for _ in range(2):
            with pytest.raises(LedgerUnusable, match="was deleted"):
                served.client.advance(AdvanceRequest(by=by))
            assert served.client.clock().now == stood_at


def trigger(served: Served, user_id: str) -> None:
    served.client.trigger(EventRequest("push.open", user_id=user_id))


def finished_deliveries(served: Served) -> list[DeliveryJson]:
    gives_up_at = time.monotonic() + 10
    while time.monotonic() < gives_up_at:
        found = served.client.deliveries(limit=1000).deliveries
        if all(delivery.state == "delivered" for delivery in found):
            return found
        time.sleep(0.02)
    raise AssertionError("an attempt is never made")


#: Serves with room for files up to so many bytes, as on a disk that gets full.
_LITTLE_ROOM = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from mockserver.cli.root import root
root.main(["serve", "--json", "--port", "0", "--receiver-port", "0", "--db", "ledger.db",
           "--clock", sys.argv[2]])
"""


@contextmanager
def little_room(home: Path, clock: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, "-c", _LITTLE_ROOM, "400000", clock],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home),
        cwd=home,
    )
    try:
        assert process.stdout is not None
        yield Served(process, json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux changes limits of others")
@pytest.mark.parametrize("clock", ["manual", "running"])
def test_a_full_disk_loses_and_doubles_nothing(tmp_path: Path, clock: str) -> None:
    with little_room(tmp_path, clock) as served:
        url = f"{served.facts['receiver_url']}/inbox/a?u={{{{User ID}}}}"
        served.client.add_postback("YOUR_APP_ID", url)
        acknowledged: list[str] = []
        refused = 0
        for number in range(400):
            try:
                trigger(served, f"u{number}")
            except LedgerUnusable:
                refused += 1
                if refused == 5:
                    break
            else:
                acknowledged.append(f"u{number}")
        assert refused == 5
        assert "store unavailable" in health(served)
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        trigger(served, "last")
        acknowledged.append("last")
        written: list[str] = []
        for delivery in finished_deliveries(served):
            written += [delivery.url.partition("u=")[2]] * len(delivery.attempts)
        requests = served.client.requests("a").requests
        received = [each.target.partition("u=")[2] for each in requests]
        assert sorted(received) == sorted(written), "what was sent is what is written down"
        assert set(acknowledged) <= set(written)
        assert health(served) == ""
        code, said = served.stop(signal.SIGTERM)
        assert code == 0
        assert "Traceback" not in said
        assert len(said.splitlines()) <= 4, "each is said once"
