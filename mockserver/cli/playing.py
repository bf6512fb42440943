"""Plays scenarios for `postbacks trigger --file`, and lets many events happen."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver.core.errors import ClockCannotGoBack, InvalidScenario, UnknownDelivery
from mockserver.core.playing import AT_ONCE, Became, Happening, Played, play
from mockserver.core.scenario import Step, parse_scenario
from mockserver.core.wording import count
from mockserver.net.user_file import read_user_file
from mockserver.web.shapes import AdvanceRequest, DeliveryJson, EventRequest

if TYPE_CHECKING:
    from mockserver.cli.output import Output
    from mockserver.cli.session import Session
    from mockserver.client.sandbox_client import SandboxClient

#: What is written for the standard input.
STDIN = "-"
#: How long attempts that a running clock makes are waited for at the end: longer than one may take.
_PATIENCE_REAL_SECONDS = 35.0
#: As for `postbacks advance`.
_BUDGET = 1_000_000
_REAL_SECONDS = 86_400.0


def read_scenario(name: str) -> tuple[Step, ...]:
    """Return the steps in a file; `-` is the standard input.

    Raises:
        InvalidScenario: It cannot be read, or a line of it is wrong.
    """
    place = "standard input" if name == STDIN else name
    try:
        content = sys.stdin.buffer.read() if name == STDIN else read_user_file(Path(name))
        return parse_scenario(content.decode(), place)
    except OSError as error:
        raise InvalidScenario(f"{place} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InvalidScenario(
            f"{place} is not UTF-8: {error.reason} at byte {error.start}"
        ) from None


def play_all(
    session: Session,
    client: SandboxClient,
    app_id: str,
    steps: Sequence[Step],
    *,
    times: int,
    own_users: bool,
) -> None:
    """Play a scenario and say what came of it.

    Raises:
        Refused: An expectation is not met.
    """
    output = session.output
    stage = _Sandbox(client, app_id, output)
    played = play(steps, stage, times=times, own_users=own_users)
    if session.json:
        output.document(_document(played))
    else:
        _write(output, played)
    if played.unmet:
        from mockserver.client.sandbox_client import Refused

        expectations = count(len(played.checked), "expectation")
        raise Refused(f"{len(played.unmet)} of {expectations} not met")


def trigger_many(
    session: Session,
    client: SandboxClient,
    app_id: str,
    events: Iterator[Happening],
) -> None:
    """Let events happen, some hundred at a time, and say in numbers what came of them."""
    stage = _Sandbox(client, app_id, session.output)
    happened, silent = 0, 0
    states: Counter[str] = Counter()
    part: list[Happening] = []

    def send() -> None:
        nonlocal happened, silent
        answers = stage.send(part)
        happened += len(answers)
        silent += sum(1 for deliveries in answers if not deliveries)
        states.update(delivery.state for deliveries in answers for delivery in deliveries)
        part.clear()

    for event in events:
        part.append(event)
        if len(part) == AT_ONCE:
            send()
    if part:
        send()
    output = session.output
    if session.json:
        output.document(
            {
                "events": happened,
                "deliveries": states.total(),
                "states": dict(states),
                "fired_no_rule": silent,
            }
        )
        return
    made = count(states.total(), "delivery", "deliveries")
    output.line(f"{count(happened, 'event')} happened, {made} came of it", "bold")
    for state, number in states.most_common():
        output.line(f"  {state} after the first attempt, or before it: {number:,}")
    if silent:
        output.line(f"  {count(silent, 'event')} fired no rule", "yellow")


class _Sandbox:
    """A sandbox that answers over HTTP, as a stage."""

    def __init__(self, client: SandboxClient, app_id: str, output: Output) -> None:
        self._client = client
        self._app_id = app_id
        self._output = output

    def now(self) -> datetime:
        return self._client.clock().now

    def advance_to(self, at: datetime) -> None:
        if at > self.now():
            self._advance(AdvanceRequest(to=at.isoformat()))

    def run_until_idle(self) -> None:
        self._advance(AdvanceRequest(until="idle"))

    def trigger(self, events: Sequence[Happening]) -> list[list[int]]:
        return [[each.id for each in deliveries] for deliveries in self.send(events)]

    def send(self, events: Sequence[Happening]) -> list[list[DeliveryJson]]:
        requests = [
            EventRequest(name=name, app_id=self._app_id, **values) for name, values in events
        ]
        return [each.deliveries for each in self._client.trigger(requests).events]

    def became(self, delivery_ids: Sequence[int]) -> list[Became]:
        until = time.monotonic() + _PATIENCE_REAL_SECONDS
        return [became for each in delivery_ids if (became := self._became(each, until))]

    def _became(self, delivery_id: int, until: float) -> Became | None:
        """Return what became of a delivery once an attempt was made; None if it is forgotten."""
        from mockserver.cli.timeline import verdict

        while True:
            try:
                delivery = self._client.delivery(delivery_id)
            except UnknownDelivery:
                return None
            is_begun = delivery.attempts_made > 0 and delivery.under_way is None
            if delivery.state != "pending" or is_begun or time.monotonic() > until:
                why = "" if delivery.state == "delivered" else verdict(delivery)
                return Became(
                    delivery.id, delivery.state, why.removeprefix(delivery.state).lstrip(": ")
                )
            time.sleep(0.02)

    def _advance(self, request: AdvanceRequest) -> None:
        from mockserver.cli.advancing import Interrupted, advance_all_the_way
        from mockserver.client.sandbox_client import Refused

        request.budget, request.real_seconds, request.listed = _BUDGET, _REAL_SECONDS, 0
        try:
            answer = advance_all_the_way(self._client, request, self._output)
        except ClockCannotGoBack:
            # A running clock has come there by itself meanwhile.
            return
        except Interrupted:
            raise KeyboardInterrupt from None
        if answer.cancelled:
            raise Refused("somebody cancelled the advance, so the scenario ends here")


def _document(played: Played) -> dict[str, Any]:
    return {
        "events": played.events,
        "deliveries": played.deliveries,
        "took_seconds": played.took.total_seconds(),
        "met": not played.unmet,
        "expectations": [
            {
                "line": each.line,
                "repeat": each.repeat,
                "event": each.event,
                "user_id": each.user_id,
                "expected": each.expected,
                "met": each.is_met,
                "deliveries": [became._asdict() for became in each.deliveries],
            }
            for each in played.checked
        ],
    }


def _write(output: Output, played: Played) -> None:
    from mockserver.cli.output import offset
    from mockserver.cli.shortening import bounded

    made = count(played.deliveries, "delivery", "deliveries")
    events = count(played.events, "event")
    output.line(f"{events} happened, {made} came of it ({offset(played.took)})", "bold")
    for each in played.unmet[:_MOST_SHOWN]:
        output.line(f"  {bounded(each.difference)}", "red")
    more = len(played.unmet) - _MOST_SHOWN
    if more > 0:
        output.line(f"  ... and {more:,} more; --json has all")
    met = len(played.checked) - len(played.unmet)
    if met:
        output.line(f"  {count(met, 'expectation')} met", "green")


_MOST_SHOWN = 20
