"""Measures the ways in which users let events happen, with a ledger in memory and one in a file.

What is measured: events posted to `postbacks serve` that fire one rule each, delivered to its own
inbox and recorded, lists of a thousand and one a call; the same in a `Sandbox` without sockets; and
addPostback on the served API. `serve` keeps its ledger in a SQLite file unless told, so its ratio
to memory is what durability costs a user. The clock of `serve` runs: deliveries are made while
events come in, and the time ends when none is pending.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.api import ADD_AND_DELETE, CONNECTIONS, WRK_SECONDS
from benchmarks.measure import Case, Comparison, Plan
from benchmarks.peers import without_wrk, wrk
from benchmarks.processes import ROOT, figures_of, missing, on_core, serving, stopping
from benchmarks.stream import POSTBACK_URL

KINDS = ("memory", "sqlite")
#: How many events of each kind of load, and how many make a list.
SERVED = {"lists of 1,000": (40_000, 1000), "one a call": (3_000, 1)}
IN_PROCESS = {"lists of 1,000": ("list", 40_000), "one a call": ("one", 5_000)}
#: The least ratio to memory that is the aim, by load.
SERVED_AIMS = {"lists of 1,000": 0.6, "one a call": 0.7}
IN_PROCESS_AIMS = {"lists of 1,000": 0.4, "one a call": None}
ADD_AIM = 0.7

_JSON = {"Content-Type": "application/json"}
_KEYS = {"appId": "YOUR_APP_ID", "clientKey": "YOUR_DATA_EXPORT_KEY", "apiVersion": "1.0.6"}


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan; every case but those of addPostback starts a process of its own."""
    cases, comparisons = [], []
    for load, (count, together) in SERVED.items():
        count = max(together, round(count * scale) // together * together)
        for kind in KINDS:
            run = partial(_served, kind, count, together)
            cases.append(Case(f"serve, {load}, {kind}", run))
        comparisons.append(_to_memory(f"serve, {load}", SERVED_AIMS[load]))
    for load, (word, count) in IN_PROCESS.items():
        count = max(10, round(count * scale))
        for kind in KINDS:
            run = partial(figures_of, "in_process", kind, word, count)
            cases.append(Case(f"Sandbox, {load}, {kind}", run))
        comparisons.append(_to_memory(f"Sandbox, {load}", IN_PROCESS_AIMS[load]))
    reason, serves = without_wrk(), missing("mockserver.__main__")
    skipped = {case.name: serves for case in cases if serves and case.name.startswith("serve")}
    with ExitStack() as servers:
        for kind in KINDS:
            name = f"addPostback, {CONNECTIONS} connections, {kind}"
            port = servers.enter_context(serving("api_server", kind))[0]
            cases.append(Case(name, partial(_added, port, WRK_SECONDS * scale)))
            if reason:
                skipped[name] = reason
        comparisons.append(_to_memory(f"addPostback, {CONNECTIONS} connections", ADD_AIM))
        yield Plan("The default: SQLite against memory", cases, comparisons, skipped)


def _to_memory(load: str, at_least: float | None) -> Comparison:
    return Comparison("per second", f"{load}, sqlite", f"{load}, memory", at_least=at_least)


def _added(port: int, seconds: float) -> Mapping[str, float]:
    return wrk(port, "/api", connections=CONNECTIONS, seconds=seconds, script=ADD_AND_DELETE)


def _served(kind: str, count: int, together: int) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory(prefix="postbacks-served-") as folder:
        place = ["--ephemeral"] if kind == "memory" else ["--db", str(Path(folder, "ledger.db"))]
        with _serve(place) as info, closing(_Client(info["api_url"])) as client:
            url = f"{info['receiver_url']}/inbox/a{POSTBACK_URL.removeprefix('in')}"
            client.call("/api", {"action": "addPostback", "postbackUrl": url, **_RULE})
            bodies = [
                json.dumps([_event(begin + place) for place in range(together)])
                for begin in range(0, count, together)
            ]
            started = time.perf_counter()
            for body in bodies:
                client.send("POST", "/_sandbox/events", body)
            while client.call("/_sandbox/clock")["pending"]:
                time.sleep(0.005)
            return {"per second": count / (time.perf_counter() - started)}


_RULE = {"type": "messageEvents", **_KEYS}


@contextmanager
def _serve(place: Sequence[str]) -> Iterator[dict[str, Any]]:
    ports = ["--port", "0", "--receiver-port", "0"]
    command = [sys.executable, "-m", "mockserver", "serve", "--json", *ports, *place]
    with on_core("server"):
        process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)
    with stopping(process):
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            try:
                yield json.loads(said)
            except json.JSONDecodeError:
                continue
            return
        raise RuntimeError("postbacks serve ended before it served")


def _event(number: int) -> dict[str, Any]:
    parameters = {"index": number % 9, "url": f"https://example.com/p/{number}?from=newsletter"}
    return {
        "name": "email.click",
        "user_id": f"user+{number}@example.com",
        "parameters": parameters,
    }


class _Client:
    """One kept connection, from the core of the loads."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.partition("//")[2], timeout=60)

    def close(self) -> None:
        self._connection.close()

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        if body is None:
            return json.loads(self.send("GET", path))
        return json.loads(self.send("POST", path, json.dumps(body)))

    def send(self, method: str, path: str, body: str | None = None) -> bytes:
        with on_core("load"):
            self._connection.request(method, path, body, _JSON if body else {})
            answer = self._connection.getresponse()
            content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {content[:200]!r}")
        return content
