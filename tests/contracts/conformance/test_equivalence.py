"""One table of verdicts, however the fake is reached, whatever keeps its data, on either clock.

What a place cannot show is skipped there, with a reason that is written down here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from contracts.conformance.deviants.deviant_server import DeviantServer
from contracts.conformance.embedded import EmbeddedServer
from contracts.conformance.running import RunningServer
from contracts.conformance.subject import ServerSubject
from contracts.suite.generated import Effort
from contracts.suite.registry import provider_cases
from contracts.suite.results import CaseResult
from contracts.suite.run import run_suite
from contracts.suite.vocabulary import Need, Status
from mockserver.core.clock import DEFAULT_START_AT, ManualClock, MovableClock
from mockserver.core.models import App
from mockserver.delivery.wiring import SocketOptions
from mockserver.ledger.opening import IN_MEMORY, open_ledger
from mockserver.sandbox import Sandbox
from mockserver.time.clocks import RunningClock
from mockserver.web.app import create_app
from tests.contracts.samples import serving

#: A tenth of the generated examples: what differs between places is not the values.
EFFORT = Effort(shrink=False, share=0.1)

_NO_PORT = "the receiver has no port of its own"
_RUNS = "the clock runs by itself; start the sandbox with --clock manual"
_NOT_OURS = "the suite cannot restart this server; run with --embedded"

#: What each place cannot show, by the need of a case and the reason that is given.
CANNOT: dict[str, dict[Need, str]] = {
    "embedded": {},
    "in process": {Need.SOCKETS: _NO_PORT},
    "url, manual, memory": {Need.RESTART: _NOT_OURS},
    "url, manual, SQLite": {Need.RESTART: _NOT_OURS},
    "url, running, memory": {Need.MANUAL_CLOCK: _RUNS, Need.RESTART: _NOT_OURS},
    "url, running, SQLite": {Need.MANUAL_CLOCK: _RUNS, Need.RESTART: _NOT_OURS},
}


@contextmanager
def _shared(clock: MovableClock, ledger: str) -> Iterator[ServerSubject]:
    """Serve a sandbox in which another app has deliveries that are tried again and again."""
    with TemporaryDirectory(prefix="postbacks-") as folder:
        place = IN_MEMORY if ledger == "memory" else Path(folder) / "sandbox.db"
        with Sandbox(sockets=SocketOptions(), clock=clock, ledger=open_ledger(place)) as sandbox:
            sandbox.put_app(App("theirs"))
            sandbox.inbox("theirs").behave("503")
            sandbox.add_postback(sandbox.inbox("theirs").url, app_id="theirs")
            for _ in range(5):
                sandbox.trigger("push.open", app_id="theirs")
            with serving(create_app(sandbox)) as url:
                yield RunningServer(url)


def _place(name: str) -> AbstractContextManager[ServerSubject]:
    if name == "embedded":
        return EmbeddedServer()
    if name == "in process":
        return DeviantServer()
    _, clock, ledger = name.split(", ")
    return _shared(ManualClock() if clock == "manual" else RunningClock(DEFAULT_START_AT), ledger)


@cache
def results_at(name: str) -> dict[str, CaseResult]:
    with _place(name) as server:
        run = run_suite(provider_cases(), server, effort=EFFORT)
    return {result.id: result for result in run.report.cases}


@pytest.mark.parametrize("name", CANNOT)
def test_every_case_says_the_same_or_names_why_it_cannot(name: str) -> None:
    expected = {}
    for case in provider_cases():
        missing = [need for need in Need if need in case.needs and need in CANNOT[name]]
        reason = CANNOT[name][missing[0]] if missing else ""
        usual = results_at("embedded")[case.id]
        said = (Status.SKIP, "", reason) if reason else (Status.PASS, usual.verdict, "")
        expected[case.id] = said
    seen = {
        id: (result.status, result.verdict, result.reason)
        for id, result in results_at(name).items()
    }
    assert {id: found for id, found in seen.items() if found != expected[id]} == {}
    assert list(seen) == list(expected)
