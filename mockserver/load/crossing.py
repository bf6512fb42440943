"""Names the messages between master and workers of a load, and when the two fit each other."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from mockserver.transport.resolved_host import is_loopback_address
from mockserver.version import __version__

#: From a worker: who it is.
HELLO = "postbacks_hello"
#: To a worker: why it gets nothing.
REFUSED = "postbacks_refused"
#: To a worker: its part of a load.
JOB = "postbacks_job"
#: From a worker: why it does not take its part.
UNWILLING = "postbacks_unwilling"
#: To a worker: end now.
STOP = "postbacks_stop"
#: From a worker: what it has counted, the last time.
DONE = "postbacks_done"
#: The key of what it has counted in a report of Locust's.
REPORT = "postbacks"


def hello(locust_version: str) -> dict[str, Any]:
    """Return what a worker says of itself."""
    return {
        "postbacks": __version__,
        "locust": locust_version,
        "pid": os.getpid(),
        "host": socket.gethostname(),
    }


def misfit(said: Mapping[str, Any], own: Mapping[str, Any], addresses: tuple[str, ...]) -> str:
    """Return why a worker cannot take part; an empty text if it can.

    Args:
        said: What it said of itself.
        own: What this process would say.
        addresses: Where the load goes.
    """
    who = f"the worker on {said['host']} (process {said['pid']})"
    if said["postbacks"] != own["postbacks"]:
        return (
            f"{who} has postbacks {said['postbacks']}, the master {own['postbacks']}; install the "
            "same on both"
        )
    if _minor(said["locust"]) != _minor(own["locust"]):
        return (
            f"{who} has Locust {said['locust']}, the master {own['locust']}; install the same on "
            "both"
        )
    if said["host"] != own["host"] and any(map(is_loopback_address, addresses)):
        return (
            f"{who} is another machine, and {addresses[0]} is each machine itself; name the "
            "endpoint by an address that all workers reach"
        )
    return ""


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
