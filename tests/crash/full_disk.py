"""Fills the disk of a `serve` at random moments of everything it does, and gives the room back."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import ClockCannotGoBack, LedgerUnusable, PostbacksError
from mockserver.web.shapes import AdvanceRequest, EventRequest
from tests.cli.serving import FREE_PORTS, Served, serve, spawn
from tests.crash.account import Account
from tests.crash.endpoint import Endpoint, listening
from tests.crash.small_disk import SmallDisk, small_disk

_APP = "YOUR_APP_ID"
_SIZE = 16 * 2**20
#: An hour until the first retry is a tenth of a second.
_RATE = "36000"


def full_disk(folder: Path, rounds: int, seed: int) -> Account:
    """Fill and empty the disk so often, on either clock, also during starts and stops.

    Raises:
        AssertionError: Something was said or done that is not promised.
        OSError: This system does not mount a disk for some processes alone.
    """
    chance, account = random.Random(seed), Account()
    place = folder / "disk"
    place.mkdir()
    with small_disk(place, _SIZE) as disk, listening() as endpoint:
        for number in range(rounds):
            _round(folder, disk, endpoint, account, chance, number)
        with serve(folder, *_arguments(disk, number=0), enter=disk.enter) as served:
            while not served.client.advance(AdvanceRequest(until="idle")).complete:
                pass
            account.close(served.client, endpoint.arrived())
    return account


def _round(
    folder: Path,
    disk: SmallDisk,
    endpoint: Endpoint,
    account: Account,
    chance: random.Random,
    number: int,
) -> None:
    arguments = _arguments(disk, number)
    with serve(folder, *arguments, enter=disk.enter) as served:
        if number == 0:
            served.client.add_postback(_APP, endpoint.url)
        happenings = _Happenings(served.client, account, f"r{number}")
        happenings.event()
        filler = threading.Thread(
            target=_fill_in_a_moment,
            args=(disk, chance.uniform(0, 0.05), chance.randrange(300_000)),
        )
        filler.start()
        for _ in range(chance.randrange(4, 12)):
            chance.choice(happenings.kinds)()
        filler.join()
        disk.fill()
        for kind in happenings.kinds:
            kind()
        if chance.random() < 0.5:
            disk.empty()
            _wait_for(lambda: served.client.health().status == "ok")
            happenings.event()
        _end(served, chance)
    if chance.random() < 0.5:
        disk.fill()
        _start_on_a_full_disk(folder, arguments, disk)
    disk.empty()


def _start_on_a_full_disk(folder: Path, arguments: tuple[str, ...], disk: SmallDisk) -> None:
    process = spawn(folder, "--json", *FREE_PORTS, *arguments, enter=disk.enter)
    assert process.stdout is not None
    # Where nothing has to grow for it, it starts.
    is_refused = not process.stdout.readline()
    if not is_refused:
        process.kill()
    _, said = process.communicate(timeout=20)
    if is_refused:
        assert process.returncode == 1, said
        assert len(said.splitlines()) == 1, said
        assert "free some space" in said or "needs room" in said, said


def _arguments(disk: SmallDisk, number: int) -> tuple[str, ...]:
    clock = ("running", "--rate", _RATE) if number % 2 else ("manual",)
    return ("--db", str(disk.place / "ledger.db"), "--clock", *clock)


def _fill_in_a_moment(disk: SmallDisk, real_seconds: float, leave: int) -> None:
    time.sleep(real_seconds)
    disk.fill(leave)


def _end(served: Served, chance: random.Random) -> None:
    if chance.random() < 0.3:
        # Leaving the context kills it.
        return
    code, said = served.stop(signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in said, said
    # Away and back, each said once for each time that it was so; and where the clock stands.
    assert len(said.splitlines()) <= 8, said


class _Happenings:
    """What a client does, and what it must hear if that could not be done."""

    def __init__(self, client: SandboxClient, account: Account, name: str) -> None:
        self._client = client
        self._account = account
        self._name = name
        self._count = 0
        self.kinds: list[Callable[[], None]] = [self.event, self.events, self.advance]

    def event(self) -> None:
        """Let an event happen."""
        self._happen(1)

    def events(self) -> None:
        """Let a list of events happen, all or none."""
        self._happen(40)

    def advance(self) -> None:
        """Turn the clock; where it does not get there it must not have moved beyond its word."""
        before_at = self._client.clock().now
        try:
            self._client.advance(AdvanceRequest(by="1h30m"))
        except LedgerUnusable as error:
            _check(error, "free some space", "The clock stands at")
        except ClockCannotGoBack:
            # A running clock was faster.
            pass
        assert self._client.clock().now >= before_at

    def _happen(self, count: int) -> None:
        users = [f"{self._name}-{self._count + each}" for each in range(count)]
        self._count += count
        try:
            self._client.trigger([EventRequest("push.open", user_id=user) for user in users])
        except LedgerUnusable as error:
            _check(error, "free some space")
            self._account.refused += count
        else:
            self._account.acknowledged.update(users)


def _check(error: LedgerUnusable, *words: str) -> None:
    assert all(each in str(error) for each in words), error


def _wait_for(condition: Callable[[], bool]) -> None:
    gives_up_at = time.monotonic() + 20
    while True:
        with suppress(PostbacksError):
            if condition():
                return
        assert time.monotonic() < gives_up_at, "the store never came back"
        time.sleep(0.05)
