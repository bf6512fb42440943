"""Directs the workers of `postbacks load`, in a process of its own that `child` starts.

The first line of its input says what is to be done. It writes what happens as lines of JSON, and
ends the workers when its load has ended, when it is told to, and when its input is closed.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import gevent
from locust import runners
from locust.env import Environment
from locust.event import Events
from locust.exception import RPCError

from mockserver.load.job import Job
from mockserver.load.lines import LineReader, say
from mockserver.load.locust_master import MasterSide
from mockserver.load.locust_process import Sending, quieten
from mockserver.net.monotonic import real_seconds

#: A worker that has said nothing for so many seconds is lost.
SILENT = 6
#: How long workers may take to say what they had counted, in seconds.
LAST_WORD = 0.5
_LOOKED_EVERY = 0.02
#: What is on its way to the workers must not be lost with this process.
_FLUSH = 0.2


def main() -> None:
    """Run one load."""
    quieten()
    runners.HEARTBEAT_LIVENESS = SILENT
    reader = LineReader(sys.stdin.fileno())
    [settings, *_] = gevent.get_hub().threadpool.apply(reader.read)
    job = Job.from_json(settings["job"])
    environment = Environment(user_classes=[Sending], events=Events())
    try:
        runner: Any = environment.create_master_runner(settings["bind"], settings["port"])
    except RPCError as error:
        say({"kind": "failed", "why": f"no worker can be waited for: {error}"})
        os._exit(3)
    side = MasterSide(environment, lambda: job, say)
    asked = Asked(side)
    gevent.spawn(asked.listen, reader)
    say({"kind": "listening", "port": runner.server.port})
    if _wait_for_workers(side, asked, settings):
        runner.start(settings["workers"], settings["workers"])
        while not (side.is_done or asked.to_stop or side.unwilling):
            gevent.sleep(_LOOKED_EVERY)
    _end(side, runner)


class Asked:
    """What the process that has started this one asks for.

    Args:
        side: Is told of workers that have ended.

    Attributes:
        to_stop: Whether the load is to end now.
    """

    def __init__(self, side: MasterSide) -> None:
        self.to_stop = False
        self._side = side

    def listen(self, reader: LineReader) -> None:
        """Take lines until there are no more."""
        while not self.to_stop:
            for line in gevent.get_hub().threadpool.apply(reader.read):
                if "died" in line:
                    self._side.lose(line["died"])
                self.to_stop = self.to_stop or "stop" in line
            self.to_stop = self.to_stop or reader.is_at_end


def _wait_for_workers(side: MasterSide, asked: Asked, settings: dict[str, Any]) -> bool:
    """Wait until all have come; return whether they have."""
    give_up = real_seconds() + settings["wait_seconds"]
    wanted = settings["workers"]
    while len(side.fitting) < wanted and not asked.to_stop:
        if real_seconds() > give_up:
            came = len(side.fitting)
            why = f"{came} of {wanted} workers came within {settings['wait_seconds']:g} s"
            say({"kind": "failed", "why": f"{why}, so nothing was sent"})
            return False
        gevent.sleep(_LOOKED_EVERY)
    return not asked.to_stop


def _end(side: MasterSide, runner: Any) -> None:
    side.end()
    give_up = real_seconds() + LAST_WORD
    while side.was_handed_out and not side.is_done and real_seconds() < give_up:
        gevent.sleep(_LOOKED_EVERY)
    runner.send_message("quit")
    say({"kind": "over"})
    gevent.sleep(_FLUSH)
    # Threads wait for input that will not come.
    os._exit(0)
