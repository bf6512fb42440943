"""Finds what gevent has replaced in the standard library, for calls that never wait."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def unpatched(module: str, name: str) -> Any:
    """Return what a module of the standard library had under a name before gevent replaced it.

    gevent's own makes other greenlets run while it waits. What does not wait gains nothing by
    that, and in a thread of its own it would cost an event loop. Nothing is imported: where gevent
    is not loaded, nothing was replaced.
    """
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None:
        return getattr(import_module(module), name)
    return monkey.get_original(module, name)
