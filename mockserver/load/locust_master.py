"""Hands out a load to the workers of Locust, and adds up what they report.

Every worker that is there when the load begins gets one part; nobody gets the part of another. What
a worker that is lost had not reported is told as that, and is not sent by anybody else: a second
load would not be the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import gevent
from locust import __version__ as locust_version
from locust.env import Environment

from mockserver.load.crossing import (
    DONE,
    HELLO,
    JOB,
    REFUSED,
    REPORT,
    STOP,
    UNWILLING,
    hello,
    misfit,
)
from mockserver.load.job import Job
from mockserver.load.locust_worker import worker_side
from mockserver.load.outcomes import Totals
from mockserver.time.clocks import RunningClock

#: How often it is looked whether a worker is lost, in seconds.
LOOKED_EVERY = 0.25
_ATTRIBUTE = "postbacks_master_side"
_LATE = "the load has begun, so this worker has no part in it"

#: Is told what happens: a kind, and what belongs to it.
Announce = Callable[[Mapping[str, Any]], None]


class MasterSide:
    """What a master of Locust keeps of a load.

    Args:
        environment: Locust's; it holds this from now on.
        job: Returns the load, when it begins.
        announce: Is told of workers, and of what they report.

    Attributes:
        totals: What came of the load so far.
        fitting: What each worker said of itself that may take part, by Locust's name of it.
        began_at: When the load began, aware UTC; None before that.
        is_ending: Whether the workers were told to end.
        unwilling: Why a worker does not take its part; empty if none refused.
    """

    def __init__(
        self, environment: Environment, job: Callable[[], Job], announce: Announce | None = None
    ) -> None:
        self.totals = Totals()
        self.fitting: dict[str, Mapping[str, Any]] = {}
        self.is_ending = False
        self.unwilling = ""
        self.began_at: datetime | None = None
        self._environment = environment
        self._runner: Any = environment.runner
        self._make_job = job
        self._announce = announce or _log
        self._parts: dict[str, int] = {}
        self._ended: set[int] = set()
        self._lost: set[int] = set()
        setattr(environment, _ATTRIBUTE, self)
        environment.events.test_start.add_listener(self._hand_out)
        environment.events.test_stopping.add_listener(lambda **_: self.end())
        if hasattr(self._runner, "clients"):
            environment.events.worker_report.add_listener(self._take_report)
            self._runner.register_message(HELLO, self._meet)
            self._runner.register_message(UNWILLING, self._take_refusal)
            self._runner.register_message(DONE, self._take_end)
            gevent.spawn(self._look_for_the_lost)

    @property
    def was_handed_out(self) -> bool:
        """Return whether the load has begun."""
        return bool(self._parts)

    @property
    def is_done(self) -> bool:
        """Return whether the load was handed out, and every part has ended or is lost."""
        return bool(self._parts) and len(self._ended | self._lost) == len(self._parts)

    def forget(self) -> None:
        """Forget who had which part: the load has ended, and another will begin."""
        self._parts = {}

    def end(self) -> None:
        """Have all workers end now."""
        self.is_ending = True
        if hasattr(self._runner, "clients"):
            self._runner.send_message(STOP)

    def lose(self, pid: int) -> None:
        """Take note that a worker's process on this machine has ended."""
        for client, said in self.fitting.items():
            if said["pid"] == pid and said["host"] == hello(locust_version)["host"]:
                self._lose(client)

    def take(self, kind: str, data: Mapping[str, Any]) -> None:
        """Add up what was reported of a part."""
        part = data["part"]
        if part in self._ended or part < 0:
            return
        self.totals.add(Totals.from_json(data["totals"]))
        self._announce({"kind": "report", "part": part, "totals": data["totals"]})
        if kind == DONE:
            self._ended.add(part)
            is_left = not (data["complete"] or data["trouble"] or self.is_ending)
            told = {"kind": "lost", **self._said(part)} if is_left else {"kind": "ended"}
            self._announce({**told, "part": part, "trouble": data["trouble"]})

    def _hand_out(self, **_: object) -> None:
        job = self._make_job()
        self.totals = Totals()
        self._ended.clear()
        self._lost.clear()
        self.is_ending = False
        self.began_at = RunningClock().now()
        self._announce({"kind": "began"})
        own = worker_side(self._environment)
        if own is not None:
            self._parts = {"": 0}
            own.take(job, 0, 1)
            return
        self._parts = {client: part for part, client in enumerate(self.fitting)}
        for client, part in self._parts.items():
            told = {"job": job.as_json(), "part": part, "parts": len(self._parts)}
            self._runner.send_message(JOB, told, client)

    def _meet(self, msg: Any, **_: object) -> None:
        client, said = msg.node_id, msg.data
        why = _LATE if self._parts and not self.is_done else ""
        why = why or misfit(said, hello(locust_version), self._make_job().addresses)
        if why:
            self._runner.send_message(REFUSED, {"why": why}, client)
            self._announce({"kind": "refused", "why": why, **said})
            return
        self.fitting[client] = said
        self._announce({"kind": "came", "part": len(self.fitting) - 1, **said})

    def _take_report(self, client_id: str, data: Mapping[str, Any]) -> None:
        if REPORT in data:
            self.take(REPORT, data[REPORT])

    def _take_end(self, msg: Any, **_: object) -> None:
        self.take(DONE, msg.data)

    def _take_refusal(self, msg: Any, **_: object) -> None:
        said = self.fitting.get(msg.node_id, {"host": "?"})
        self.unwilling = f"the worker on {said['host']} does not send this: {msg.data['why']}"
        self._announce({"kind": "unwilling", "why": self.unwilling})

    def _look_for_the_lost(self) -> None:
        while True:
            gevent.sleep(LOOKED_EVERY)
            for client in list(self.fitting):
                known = self._runner.clients.get(client)
                if known is None or known.state == "missing":
                    self._lose(client)
                elif self._parts.get(client) in self._lost:
                    self._find(client)

    def _lose(self, client: str) -> None:
        part = self._parts.get(client)
        if part is None:
            # Before the load has begun it can be replaced.
            said = self.fitting.pop(client)
            self._announce({"kind": "left", **said})
        elif part not in self._ended | self._lost:
            self._lost.add(part)
            self._announce({"kind": "lost", "part": part, **self.fitting[client]})

    def _find(self, client: str) -> None:
        """Take note that a worker that was lost is there again: it was only silent."""
        part = self._parts[client]
        self._lost.remove(part)
        self._announce({"kind": "back", "part": part, **self.fitting[client]})

    def _said(self, part: int) -> Mapping[str, Any]:
        """Return what the worker that has a part said of itself."""
        client = next(client for client, each in self._parts.items() if each == part)
        return self.fitting.get(client, {"host": "this machine", "pid": 0})


def master_side(environment: Environment) -> MasterSide | None:
    """Return what a process of Locust keeps of a load as a master; None if it keeps nothing."""
    found: MasterSide | None = getattr(environment, _ATTRIBUTE, None)
    return found


def _log(told: Mapping[str, Any]) -> None:
    """Write to Locust's log what a user should know."""
    kind = told["kind"]
    if kind in ("refused", "unwilling"):
        logging.getLogger(__name__).error("postbacks: %s", told["why"])
    elif kind == "lost":
        logging.getLogger(__name__).error(
            "postbacks: the worker on %s (process %s) is lost; what it has not reported counts "
            "as not sent",
            told["host"],
            told["pid"],
        )
