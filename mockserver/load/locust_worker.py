"""Sends a worker's part of a load in a process of Locust, and reports what came of it.

The part is sent in a thread of the system. What it counts crosses to Locust's greenlets by a queue,
and to the master in Locust's own reports; the master adds it up.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from typing import Any

import gevent
from gevent import monkey
from locust import __version__ as locust_version
from locust.env import Environment
from locust.stats import RequestStats, StatsEntry, StatsError

from mockserver.core.errors import PostbacksError
from mockserver.core.outcome import Outcome
from mockserver.load.crossing import DONE, HELLO, JOB, REFUSED, REPORT, STOP, UNWILLING, hello
from mockserver.load.job import Job
from mockserver.load.outcomes import DELIVERED, Totals
from mockserver.load.sending import PartSender
from mockserver.load.target import target_of
from mockserver.net.monotonic import real_seconds

#: What Locust calls the postbacks in its own statistics.
NAME, METHOD = "postback", "POST"
#: How often what was counted is taken from the thread, in seconds.
TAKEN_EVERY = 0.1
_ATTRIBUTE = "postbacks_worker_side"


class WorkerSide:
    """What a worker of Locust keeps of a load.

    Args:
        environment: Locust's; it holds this from now on.
        allowed_hosts: The hosts beyond this machine that this worker may be told to send to.
    """

    def __init__(self, environment: Environment, allowed_hosts: Collection[str]) -> None:
        self.refused: str | None = None
        self._environment = environment
        self._runner: Any = environment.runner
        self._allowed_hosts = allowed_hosts
        self._part: tuple[Job, int, int] | None = None
        self._sender: PartSender | None = None
        self._watching: gevent.Greenlet | None = None
        self._counted: deque[Totals] = deque()
        self._outcomes: deque[tuple[Outcome, int]] = deque()
        self._unreported = Totals()
        setattr(environment, _ATTRIBUTE, self)
        self._is_distributed = hasattr(self._runner, "client")
        environment.events.test_stopping.add_listener(lambda **_: self.stop())
        if self._is_distributed:
            self._runner.register_message(JOB, self._take)
            self._runner.register_message(STOP, lambda **_: self.stop())
            self._runner.register_message(REFUSED, self._refuse)
            environment.events.report_to_master.add_listener(self._report)
            self._runner.send_message(HELLO, hello(locust_version))

    def take(self, job: Job, part: int, parts: int) -> None:
        """Take a part of a load; it is sent when a user of Locust's begins."""
        self.stop()
        self._part, self._sender = (job, part, parts), None

    def send(self) -> None:
        """Begin to send the part, unless there is none, or it has begun."""
        if self._part is None or self._sender is not None:
            return
        try:
            sender = self._sender = self._sender_of(*self._part)
        except Exception as error:
            # Locust would log it and begin again, for as long as the load lasts.
            self._part, part = None, self._part[1]  # type: ignore[index]
            told = {"part": part, "totals": Totals().as_json(), "trouble": f"{error!r}"}
            self._tell_master(DONE, told | {"complete": False})
            return
        running = gevent.get_hub().threadpool.spawn(sender.run)
        self._watching = gevent.spawn(self._watch, running)

    def _sender_of(self, job: Job, part: int, parts: int) -> PartSender:
        # Locust itself listens always, and is told what was counted.
        is_heard = len(self._environment.events.request._handlers) > 1  # noqa: SLF001
        return PartSender(
            job.part(part, parts),
            job.template(),
            job.transport(),
            job.share(part, parts),
            job.patience,
            self._counted.append,
            real_seconds,
            # Locust's would make an event loop in that thread.
            monkey.get_original("time", "sleep"),
            (lambda *told: self._outcomes.append(told)) if is_heard else None,
            job.parameters_encoding,
        )

    def stop(self) -> None:
        """End what is being sent now; what is under way is cut."""
        if self._sender is not None:
            self._sender.stopped = True

    def wait(self, seconds: float) -> None:
        """Wait until what was counted is on its way to the master, so many seconds at most."""
        if self._watching is not None:
            self._watching.join(seconds)

    def lost_master(self, seconds: float) -> bool:
        """Return whether the master has said nothing for so many seconds."""
        last = self._runner.last_heartbeat_timestamp
        return last is not None and time.time() - last > seconds

    def _watch(self, running: Any) -> None:
        while not running.ready():
            running.wait(TAKEN_EVERY)
            self._collect()
        self._collect()
        trouble = "" if running.successful() else f"{running.exception!r}"
        is_complete = self._sender is not None and self._sender.is_complete
        self._tell_master(DONE, self._taken() | {"trouble": trouble, "complete": is_complete})

    def _collect(self) -> None:
        while self._outcomes:
            self._fire(*self._outcomes.popleft())
        while self._counted:
            totals = self._counted.popleft()
            if len(self._environment.events.request._handlers) == 1:  # noqa: SLF001
                tell_locust(self._environment.stats, totals)
            self._unreported.add(totals)
        if not self._is_distributed:
            self._tell_master(REPORT, self._taken())

    def _taken(self) -> dict[str, Any]:
        """Return what was counted since the last time."""
        taken, self._unreported = self._unreported, Totals()
        return {"part": self._part[1] if self._part else -1, "totals": taken.as_json()}

    def _tell_master(self, kind: str, data: dict[str, Any]) -> None:
        if self._is_distributed:
            self._runner.send_message(kind, data)
        else:
            # Without workers the master is in this process.
            self._environment.postbacks_master_side.take(kind, data)

    def _report(self, client_id: str, data: dict[str, Any]) -> None:
        if self._sender is not None:
            data[REPORT] = self._taken()

    def _take(self, msg: Any, **_: object) -> None:
        job = Job.from_json(msg.data["job"])
        try:
            # A master may be anybody's: a worker sends only to what it was allowed itself.
            found = target_of(job.url, allowed_hosts=self._allowed_hosts)
            strange = set(job.addresses) - set(found.addresses)
            if strange and not found.is_loopback:
                self._runner.send_message(UNWILLING, {"why": _strange(job, sorted(strange))})
                return
        except PostbacksError as error:
            self._runner.send_message(UNWILLING, {"why": str(error)})
            return
        self.take(job, msg.data["part"], msg.data["parts"])

    def _refuse(self, msg: Any, **_: object) -> None:
        self.refused = str(msg.data["why"])

    def _fire(self, outcome: Outcome, latency: int) -> None:
        is_delivered = outcome.status is not None and 200 <= outcome.status < 300
        self._environment.events.request.fire(
            request_type=METHOD,
            name=NAME,
            response_time=latency / 1000,
            response_length=len(outcome.body),
            exception=None if is_delivered else PostbackFailed(outcome.error or outcome.summary),
            context={},
        )


class PostbackFailed(Exception):
    """A postback was not answered 2xx; what Locust lists as a failure."""


def worker_side(environment: Environment) -> WorkerSide | None:
    """Return what a process of Locust keeps of a load as a worker; None if it keeps nothing."""
    found: WorkerSide | None = getattr(environment, _ATTRIBUTE, None)
    return found


def tell_locust(stats: RequestStats, totals: Totals) -> None:
    """Add what was counted to Locust's own statistics, many postbacks at a time."""
    ends: dict[str, int] = {}
    for second in totals.seconds.values():
        for end, times in second.ends.items():
            ends[end] = ends.get(end, 0) + times
    failures = {end: times for end, times in ends.items() if end != DELIVERED}
    for entry in (stats.total, stats.get(NAME, METHOD)):
        _tell(entry, totals, sum(failures.values()))
    for end, times in failures.items():
        key = StatsError.create_key(METHOD, NAME, end)
        known = stats.errors.setdefault(key, StatsError(METHOD, NAME, end))
        known.occurrences += times


def _tell(entry: StatsEntry, totals: Totals, failures: int) -> None:
    if not totals.ended:
        return
    now = time.time()
    entry.num_requests += totals.ended
    entry.num_reqs_per_sec[int(now)] += totals.ended
    entry.last_request_timestamp = now
    entry.num_failures += failures
    if failures:
        entry.num_fail_per_sec[int(now)] += failures
    for lowest, times in totals.latency.counts.items():
        milliseconds = lowest / 1000
        entry.total_response_time += milliseconds * times
        entry.response_times[_two_digits(milliseconds)] += times
    shortest, longest = min(totals.latency.counts) / 1000, totals.latency.longest / 1000
    least = entry.min_response_time
    entry.min_response_time = shortest if least is None else min(least, shortest)
    entry.max_response_time = max(entry.max_response_time, longest)


def _two_digits(milliseconds: float) -> int:
    """Return a time as Locust keeps it: two digits of it."""
    whole = round(milliseconds)
    return whole if whole < 100 else round(whole, 2 - len(str(whole)))


def _strange(job: Job, addresses: Collection[str]) -> str:
    return (
        f"the master names {', '.join(addresses)} for {job.url[:200]!r}, which this worker does "
        "not find for it"
    )
