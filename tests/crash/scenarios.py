"""Takes something away from a running `serve`, again and again, for `python -m tests.crash`."""

from __future__ import annotations

import random
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import LedgerUnusable, PostbacksError
from mockserver.web.shapes import AdvanceRequest, EventRequest
from tests.cli.serving import serve
from tests.crash.account import Account
from tests.crash.endpoint import Endpoint, listening

_APP = "YOUR_APP_ID"
_DB = ("--db", "ledger.db")
#: Sandbox seconds a second on a running clock: an hour until the first retry is half a second.
_RATE = "7200"


def kills(folder: Path, count: int, seed: int) -> Account:
    """Kill `serve` so often with SIGKILL, at any moment, on either clock; then let it finish."""
    chance, account = random.Random(seed), Account()
    with listening() as endpoint:
        for number in range(count):
            with serve(folder, *_DB, *_clock(number % 2)) as served:
                if number == 0:
                    served.client.add_postback(_APP, endpoint.url)
                ends_at = time.monotonic() + chance.uniform(0.0, 0.4)
                while time.monotonic() < ends_at:
                    _event(served.client, account, f"k{number}-{chance.randrange(10**9)}")
                    if number % 2 and chance.random() < 0.3:
                        with suppress(PostbacksError):
                            served.client.advance(AdvanceRequest(by="1h"))
                # Leaving the context kills it.
        return _finished(folder, endpoint, account)


def full_disk(folder: Path, rounds: int) -> Account:
    """Leave no room in the file, wait until events are refused, give room again; repeat."""
    account = Account()
    with listening() as endpoint, serve(folder, *_DB, *_clock(running=True)) as served:
        served.client.add_postback(_APP, endpoint.url)
        for number in range(rounds):
            # The largest file of the process is the log; what it has written already stays.
            used = max(path.stat().st_size for path in folder.glob("ledger.db*"))
            _limit(served.process, used + 150_000)
            refused = account.refused
            while account.refused < refused + 5:
                _event(served.client, account, f"d{number}-{len(account.acknowledged)}")
            _limit(served.process, resource.RLIM_INFINITY)
        _wait_until_idle(served.client)
        account.close(served.client, endpoint.arrived())
    return account


def locks(folder: Path, real_seconds: float, rounds: int) -> Account:
    """Hold the lock of the database for some time, from another program; repeat."""
    account = Account()
    with listening() as endpoint, serve(folder, *_DB, *_clock(running=True)) as served:
        served.client.add_postback(_APP, endpoint.url)
        for number in range(rounds):
            for each in range(20):
                _event(served.client, account, f"l{number}-{each}")
            other = sqlite3.connect(folder / "ledger.db", isolation_level=None, timeout=10)
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            with suppress(LedgerUnusable):
                served.client.health()
            assert time.monotonic() - began < 1.5, "health has waited for the lock"
            time.sleep(real_seconds)
            other.execute("ROLLBACK")
            other.close()
        _wait_until_idle(served.client)
        account.close(served.client, endpoint.arrived())
    return account


def damages(folder: Path) -> list[str]:
    """Delete, replace and cut the ledger under a running `serve`; return what went unnoticed."""
    unnoticed = []
    for name, damage in _DAMAGES.items():
        place = folder / name
        place.mkdir()
        with listening() as endpoint, serve(place, *_DB, "--clock", "manual") as served:
            served.client.add_postback(_APP, endpoint.url)
            served.client.trigger(EventRequest("push.open", user_id="a"))
            damage(place / "ledger.db")
            try:
                served.client.trigger(EventRequest("push.open", user_id="b"))
                unnoticed.append(f"{name}: an event was answered 200")
            except LedgerUnusable:
                pass
            try:
                served.client.health()
                unnoticed.append(f"{name}: health says ok")
            except LedgerUnusable:
                pass
    return unnoticed


def _replace(path: Path) -> None:
    path.with_name("other.db").write_bytes(path.read_bytes())
    path.with_name("other.db").replace(path)


_DAMAGES: dict[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "replaced": _replace,
    "cut": lambda path: path.write_bytes(b""),
}


def _clock(running: int | bool) -> tuple[str, ...]:
    return ("--clock", "running", "--rate", _RATE) if running else ("--clock", "manual")


def _event(client: SandboxClient, account: Account, user_id: str) -> None:
    try:
        client.trigger(EventRequest("push.open", user_id=user_id))
    except PostbacksError:
        account.refused += 1
    else:
        account.acknowledged.add(user_id)


def _finished(folder: Path, endpoint: Endpoint, account: Account) -> Account:
    with serve(folder, *_DB, "--clock", "manual") as served:
        while not served.client.advance(AdvanceRequest(until="idle")).complete:
            pass
        account.close(served.client, endpoint.arrived())
        assert served.stop(signal.SIGTERM)[0] == 0
    return account


def _wait_until_idle(client: SandboxClient) -> None:
    gives_up_at = time.monotonic() + 120
    while time.monotonic() < gives_up_at:
        with suppress(PostbacksError):
            if client.clock().pending == 0:
                return
        time.sleep(0.1)


def _limit(process: subprocess.Popen[str], size: int) -> None:
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
