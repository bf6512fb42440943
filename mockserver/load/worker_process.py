"""Takes part in `postbacks load`, in a process of its own that `child` starts.

The first line of its standard input says which master it belongs to. It ends when the master says
so or is gone, and when its input is closed. Exit codes: 0 it has done its part; 2 a package does
not fit; 3 the master cannot be reached, is lost, or has refused it; 130 it was ended from outside.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from typing import Any

import gevent
from locust import runners
from locust.env import Environment
from locust.event import Events

from mockserver.load.lines import LineReader, say
from mockserver.load.locust_process import Sending, quieten
from mockserver.load.locust_worker import WorkerSide

DONE, UNREACHABLE, ENDED = 0, 3, 130
#: A master that has said nothing for so long is gone, in seconds.
MASTER_LOST = 10
_REPORT_EVERY = 0.5
_LOOKED_EVERY = 0.05
_LAST_WORD = 0.5


def main() -> None:
    """Take part in one load."""
    quieten()
    reader = LineReader(sys.stdin.fileno())
    [settings, *_] = gevent.get_hub().threadpool.apply(reader.read)
    host, port = settings["host"], settings["port"]
    _adjust(settings["wait_seconds"])
    environment = Environment(
        user_classes=[Sending], events=Events(), parsed_options=Namespace(web_base_path="")
    )
    ending = Ending()
    gevent.spawn(ending.wait_for, reader)
    try:
        runner: Any = environment.create_worker_runner(host, port)
    except OSError:
        say({"kind": "failed", "why": f"no master of postbacks load answers at {host}:{port}"})
        os._exit(UNREACHABLE)
    ending.is_connected = True
    side = WorkerSide(environment, settings["allowed_hosts"])
    say({"kind": "connected"})
    _take_part(side, runner, ending)


class Ending:
    """Whether the process that has started this one wants it to end.

    Attributes:
        is_wanted: Whether it does.
        is_connected: Whether the master has answered; before that there is nobody to tell.
    """

    def __init__(self) -> None:
        self.is_wanted = False
        self.is_connected = False

    def wait_for(self, reader: LineReader) -> None:
        """Wait until nothing more can be read."""
        while not reader.is_at_end:
            gevent.get_hub().threadpool.apply(reader.read)
        self.is_wanted = True
        if not self.is_connected:
            os._exit(ENDED)


def _adjust(wait_seconds: float) -> None:
    """Set how long Locust waits for what, in this process."""
    runners.CONNECT_TIMEOUT = 1
    runners.CONNECT_RETRY_COUNT = max(1, round(wait_seconds))
    runners.MASTER_HEARTBEAT_TIMEOUT = MASTER_LOST
    runners.WORKER_REPORT_INTERVAL = _REPORT_EVERY


def _take_part(side: WorkerSide, runner: Any, ending: Ending) -> None:
    while len(runner.greenlet) and not (ending.is_wanted or side.refused):
        gevent.sleep(_LOOKED_EVERY)
    if ending.is_wanted:
        side.stop()
        side.wait(_LAST_WORD)
        runner.environment.events.quitting.fire(environment=runner.environment)
        gevent.sleep(_LOOKED_EVERY)
        os._exit(ENDED)
    if side.refused:
        say({"kind": "refused", "why": side.refused})
        os._exit(UNREACHABLE)
    if side.lost_master(MASTER_LOST):
        say({"kind": "failed", "why": "the master is lost, so this worker has ended"})
        os._exit(UNREACHABLE)
    os._exit(DONE)
