"""Holds what the processes of `postbacks load` share beside a load: Locust's user, and its log."""

from __future__ import annotations

import logging

from locust import runners

from mockserver.load.locust_user import PostbackUser

#: Locust looks so often how busy the processor is, in seconds.
_CPU_LOOKED_EVERY = 2.0


class Sending(PostbackUser):
    """The one user of a worker; what it sends comes from the master."""


def quieten() -> None:
    """Leave Locust's log unwritten: what a user should know is said in other words."""
    logging.getLogger("locust").setLevel(logging.CRITICAL)
    logging.getLogger().addHandler(logging.NullHandler())
    runners.CPU_MONITOR_INTERVAL = _CPU_LOOKED_EVERY
