"""Sends postbacks from workers of Locust: a `User` and a `LoadTestShape` for any locustfile.

Import it after Locust, and in no process that has loaded gevent for something else: Locust replaces
sockets and threads by gevent's as soon as it is imported. A worker has one user that sends; more
of them only wait. What is sent is the worker's part of a stream, in a thread of the system, so
that libcurl keeps no greenlet waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import gevent
from locust import LoadTestShape, User, events, task
from locust.env import Environment
from locust.exception import StopUser

from mockserver.core.errors import InvalidConfig
from mockserver.load.aftermath import calendar_of
from mockserver.load.capacity import capacity_of
from mockserver.load.hidden import hidden_in
from mockserver.load.job import Job
from mockserver.load.locust_master import MasterSide, master_side
from mockserver.load.locust_worker import WorkerSide, worker_side
from mockserver.load.planned import steps_of
from mockserver.load.result import LoadResult
from mockserver.load.streams import stream_from
from mockserver.load.target import target_of


class PostbackUser(User):
    """Sends this worker's part of a stream of postbacks.

    Attributes:
        url: The postbackUrl, as it would be registered.
        stream: What is sent when; what `postbacks load --dry-run --json` shows as `stream`.
        most: How many postbacks may be sent by all workers together.
        allowed_hosts: Hosts beyond this machine that may be sent to.
        reports: Files that the master writes in the end, e.g. `("html=load.html",)`.
    """

    abstract = True
    url: str = ""
    stream: ClassVar[Mapping[str, Any]] = {}
    most: int = 1_000_000
    allowed_hosts: ClassVar[tuple[str, ...]] = ()
    reports: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def job(cls) -> Job:
        """Return what the workers are told.

        Raises:
            PostbacksError: The URL is no postbackUrl, or its host is not allowed.
        """
        target = target_of(cls.url, allowed_hosts=cls.allowed_hosts)
        return Job(
            cls.url, cls.stream, cls.most, target.addresses, target.resolved(target.addresses)
        )

    @task
    def send_part(self) -> None:
        """Send the part, if this is the first user of its worker, and wait."""
        side = worker_side(self.environment)
        if side is None:
            raise StopUser
        side.send()
        while True:
            gevent.sleep(_LONG)


class PostbackShape(LoadTestShape):
    """Keeps one user on each worker until the whole stream is sent and answered."""

    abstract = True

    def reset_time(self) -> None:
        """Begin again, when Locust does: what has ended is of the load before."""
        super().reset_time()
        side = None if self.runner is None else master_side(self.runner.environment)
        if side is not None and side.is_done:
            side.forget()

    def tick(self) -> tuple[int, float] | None:
        """Return how many users there should be, or None at the end."""
        assert self.runner is not None
        side = master_side(self.runner.environment)
        if side is None or side.is_done:
            return None
        workers = max(1, getattr(self.runner, "worker_count", 1))
        return workers, workers


def prepare(environment: Environment, **_: Any) -> None:
    """Let a process of Locust take part in a load, if its locustfile has a `PostbackUser`."""
    user = next((each for each in environment.user_classes if issubclass(each, PostbackUser)), None)
    if user is None:
        return
    runner = environment.runner
    is_local = not hasattr(runner, "clients") and not hasattr(runner, "client")
    if is_local or hasattr(runner, "clients"):
        side = MasterSide(environment, user.job)
        environment.events.quitting.add_listener(lambda **_: _write_reports(side, user))
    if is_local or hasattr(runner, "client"):
        WorkerSide(environment, user.allowed_hosts)


events.init.add_listener(prepare)


def _write_reports(side: MasterSide, user: type[PostbackUser]) -> None:
    """Write what a locustfile asks for, when Locust ends."""
    if not user.reports:
        return
    from mockserver.load.report.document import Facts, document
    from mockserver.load.report.formats import WRITERS

    job = user.job()
    result = LoadResult(stream_from(job.stream).total, side.began_at, totals=side.totals)
    result.real_seconds = max(side.totals.seconds, default=-1) + 1
    steps = steps_of(job.stream)
    capacity = capacity_of(steps, side.totals.seconds) if steps else None
    facts = Facts(job.url, job.stream, capacity=capacity, calendar=calendar_of(result))
    found = hidden_in(document(result, facts), job.url)
    for report in user.reports:
        name, _, path = report.partition("=")
        if name not in WRITERS:
            raise InvalidConfig(
                f"reports take FORMAT=FILE with one of {', '.join(WRITERS)}, got {report!r}"
            )
        Path(path).write_text(WRITERS[name](found), encoding="utf-8", newline="\n")


#: A user that has nothing to send is woken so often, in seconds.
_LONG = 3600
