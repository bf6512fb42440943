"""Keeps in the ledger where the clock stands, so that a restarted sandbox goes on from there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from mockserver.core.clock import (
    DEFAULT_START_AT,
    LATEST_AT,
    ManualClock,
    MovableClock,
    check_room,
    later,
)
from mockserver.core.durations import format_duration
from mockserver.core.errors import InvalidConfig, InvalidValue
from mockserver.core.instants import Instant, plain, written
from mockserver.ledger.protocol import Ledger
from mockserver.net.monotonic import boot_seconds, this_boot
from mockserver.time.clocks import RunningClock

SETTING = "clock"

ClockMode = Literal["running", "manual"]


#: How far the machine's clock and its count of seconds may differ without a word.
_SET = timedelta(seconds=2)


class SavedClock(msgspec.Struct):
    """Where a clock stood, and at which real instant; both aware UTC.

    Attributes:
        boot: Which start of the machine that was, see `net.monotonic`; empty if that is not known.
        boot_seconds: How many seconds after that start.
    """

    mode: ClockMode
    sandbox_at: Instant
    real_at: Instant
    rate: float = 1.0
    boot: str = ""
    boot_seconds: float = 0.0


def save_clock(
    ledger: Ledger,
    clock: MovableClock,
    real_now_at: datetime | None = None,
    *,
    stands_at: datetime | None = None,
) -> None:
    """Write down where `clock` stands.

    Args:
        ledger: Where to.
        clock: Which clock.
        real_now_at: The real present, aware UTC; for tests.
        stands_at: Where it is about to be put, aware UTC; where it stands unless given.

    Raises:
        LedgerUnusable: The ledger does not take it now.
    """
    saved = SavedClock(
        mode="running" if clock.is_running else "manual",
        sandbox_at=clock.now() if stands_at is None else stands_at,
        real_at=plain(real_now_at or datetime.now(UTC)),
        rate=clock.rate if isinstance(clock, RunningClock) else 1.0,
        # A present that was made up belongs to no start of the machine.
        boot=this_boot() if real_now_at is None else "",
        boot_seconds=boot_seconds(),
    )
    ledger.save_setting(SETTING, msgspec.json.encode(saved, enc_hook=written).decode())


def restore_clock(
    ledger: Ledger,
    *,
    mode: ClockMode = "running",
    start_at: datetime | None = None,
    rate: float = 1.0,
    real_now_at: datetime | None = None,
    remark: Callable[[str], object] = lambda text: None,
) -> RunningClock | ManualClock:
    """Return the clock of a sandbox that is about to be started on `ledger`.

    It never stands before anything the ledger knows, unless that is later than a clock can stand: a
    ledger of an earlier version may hold such a clock, and would never be of use again. A manual
    clock stands where it stood; a running one that was running goes on as if it had not been
    stopped, by the machine's own count of seconds. Only if the machine itself was started again,
    its clock has to be believed.

    Args:
        ledger: Its attempts and its saved clock count.
        mode: Which clock to make.
        start_at: Begin there, aware UTC, whatever was saved.
        rate: Sandbox seconds in one real second, of a running clock.
        real_now_at: The real present, aware UTC; for tests.
        remark: Called with a line for the user if the clock could not go on where it stood.

    Raises:
        InvalidConfig: `start_at` is later than a clock can stand, or lies before
            something the ledger knows.
    """
    _check_start(start_at)
    latest_at = ledger.latest_at()
    if latest_at is not None and latest_at > LATEST_AT:
        latest_at = None
    if start_at is not None and latest_at is not None and start_at < latest_at:
        raise InvalidConfig(
            f"the clock cannot start at {start_at.isoformat()}: the ledger has attempts up to "
            f"{latest_at.isoformat()}; start there or later, or choose another --db"
        )
    real_now_at = plain(real_now_at or datetime.now(UTC))
    stood_at = _continued(_saved(ledger), mode, real_now_at, remark)
    begins_at = start_at or stood_at
    is_mended = begins_at is not None and begins_at > LATEST_AT
    if begins_at is None or is_mended:
        begins_at = real_now_at if mode == "running" else DEFAULT_START_AT
    if latest_at is not None:
        begins_at = max(begins_at, latest_at)
    if is_mended and stood_at is not None:
        remark(
            f"the clock stood at {stood_at.isoformat()}, later than a clock can "
            f"({LATEST_AT.isoformat()}); it begins again at {begins_at.isoformat()}. What was due "
            "later stays pending; `postbacks reset` forgets it"
        )
    # Where it starts over is where it would start with nothing in the ledger.
    if mode == "manual":
        manual = ManualClock(begins_at)
        manual.first_at = start_at or DEFAULT_START_AT
        return manual
    running = RunningClock(begins_at, rate)
    running.first_at = start_at
    return running


def is_saved_clock(text: str) -> bool:
    """Return whether a clock can be read from what stands in the ledger."""
    return _decoded(text) is not None


def _saved(ledger: Ledger) -> SavedClock | None:
    text = ledger.load_setting(SETTING)
    return None if text is None else _decoded(text)


def _decoded(text: str) -> SavedClock | None:
    try:
        return msgspec.json.decode(text, type=SavedClock)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Written by a version that knew more; the latest attempt still bounds the clock.
        return None


def _continued(
    saved: SavedClock | None,
    mode: ClockMode,
    real_now_at: datetime,
    remark: Callable[[str], object],
) -> datetime | None:
    if saved is None:
        return None
    if mode == "manual" or saved.mode == "manual":
        return saved.sandbox_at
    gone = _gone(saved, real_now_at, remark)
    try:
        gone *= saved.rate
    except (OverflowError, ValueError):
        return LATEST_AT
    # One that ran up to the end stands there, as it would have done without a stop.
    stands_at = later(saved.sandbox_at, gone)
    return stands_at if saved.sandbox_at > LATEST_AT else min(stands_at, LATEST_AT)


def _gone(saved: SavedClock, real_now_at: datetime, remark: Callable[[str], object]) -> timedelta:
    """Return how much real time has passed; the machine's clock may have been set meanwhile."""
    by_clock = real_now_at - saved.real_at
    counted = _counted(saved)
    if counted is None:
        if by_clock < -_SET:
            remark(
                f"the machine's clock was set back by {_rounded(-by_clock)} or more since the "
                "sandbox last wrote down its own, which goes on where it stood"
            )
        return max(timedelta(0), by_clock)
    by = by_clock - counted
    if abs(by) > _SET:
        way = "back" if by < timedelta(0) else "forwards"
        remark(
            f"the machine's clock was set {way} by {_rounded(abs(by))} since the sandbox last "
            f"wrote down its own, which goes on by the {_rounded(counted)} that have passed"
        )
    return counted


def _counted(saved: SavedClock) -> timedelta | None:
    """Return how much time has passed by the machine's count; None if that is not known."""
    if not saved.boot or saved.boot != this_boot():
        return None
    now = boot_seconds()
    # In a container the count may begin elsewhere.
    is_possible = 0 <= saved.boot_seconds <= now
    return timedelta(seconds=now - saved.boot_seconds) if is_possible else None


def _rounded(duration: timedelta) -> str:
    return format_duration(timedelta(seconds=round(duration.total_seconds())))


def _check_start(start_at: datetime | None) -> None:
    if start_at is None:
        return
    try:
        check_room(start_at)
    except InvalidValue as error:
        raise InvalidConfig(str(error)) from None
