"""Plays a scenario in a test, and fails it where something else became of its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mockserver.core.errors import InvalidScenario
from mockserver.core.retry import DeliveryState
from mockserver.delivery.history import DeliveryHistory, Triggered

if TYPE_CHECKING:
    from mockserver.core.playing import Became, Happening, Played
    from mockserver.sandbox import Sandbox


class Playable(Protocol):
    """What a scenario is played on: a `Leanplum`."""

    sandbox: Sandbox

    @property
    def trigger(self) -> Callable[..., Triggered]:
        """Return what lets an event happen."""

    def now(self) -> datetime:
        """Return the present."""

    @property
    def advance(self) -> Callable[..., Any]:
        """Return what moves the clock."""

    @property
    def run_until_idle(self) -> Callable[[], Any]:
        """Return what moves the clock until nothing is pending."""

    def said(self, deliveries: Iterable[DeliveryHistory]) -> None:
        """Take note that the test knows that these were lost or rejected."""


def play_in(leanplum: Playable, path: str | Path, times: int = 1) -> Played:
    """Play the scenario in a file; see `Leanplum.play`.

    Raises:
        AssertionError: Something else became of its events than it expects.
        InvalidScenario: The file cannot be read, or a line of it is wrong; nothing has happened.
    """
    __tracebackhide__ = True
    # Most tests play none.
    from mockserver.core.playing import play

    played = play(_steps_in(Path(path)), _Stage(leanplum), times=times)
    known = [
        leanplum.sandbox.delivery(became.delivery_id)
        for checked in played.checked
        if checked.is_met
        for became in checked.deliveries
    ]
    leanplum.said(known)
    if played.unmet:
        lines = "\n".join(f"  {checked.difference}" for checked in played.unmet)
        raise AssertionError(
            f"{path}: {len(played.unmet)} of {len(played.checked)} expectations not met\n{lines}"
        )
    return played


def _steps_in(path: Path) -> Any:
    from mockserver.core.scenario import parse_scenario
    from mockserver.net.user_file import read_user_file

    try:
        return parse_scenario(read_user_file(path).decode(), str(path))
    except OSError as error:
        raise InvalidScenario(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InvalidScenario(
            f"{path} is not UTF-8: {error.reason} at byte {error.start}"
        ) from None


class _Stage:
    """A test's Leanplum, as a stage."""

    def __init__(self, leanplum: Playable) -> None:
        self._leanplum = leanplum

    def now(self) -> datetime:
        return self._leanplum.now()

    def advance_to(self, at: datetime) -> None:
        if at > self.now():
            self._leanplum.advance(to=at)

    def run_until_idle(self) -> None:
        self._leanplum.run_until_idle()

    def trigger(self, events: Sequence[Happening]) -> list[list[int]]:
        return [
            [delivery.id for delivery in self._leanplum.trigger(name, **values).deliveries]
            for name, values in events
        ]

    def became(self, delivery_ids: Sequence[int]) -> list[Became]:
        from mockserver.core.playing import Became

        return [
            Became(found.id, found.state.value, _why(found))
            for found in map(self._leanplum.sandbox.delivery, delivery_ids)
        ]


def _why(delivery: DeliveryHistory) -> str:
    if delivery.state is DeliveryState.DELIVERED or not delivery.attempts:
        return ""
    number = len(delivery.attempts)
    last = delivery.attempts[-1].outcome.summary
    return f"the last of {number} attempts: {last}" if number > 1 else f"its attempt: {last}"
