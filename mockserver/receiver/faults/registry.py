"""Finds every fault in this folder, for scripts, the control API, the docs and `doctor`.

They are found by looking into the folder, because a list here would be a second file to edit
for each new fault, and one that was forgotten in it would be silently missing. That is done when
somebody asks: a sandbox whose inboxes only answer 200 needs one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Union

from mockserver.receiver import faults
from mockserver.receiver.faults.base import Fault

if TYPE_CHECKING:
    Behaviour = Fault


@cache
def all_faults() -> dict[str, type[Fault]]:
    """Return every fault by its tag, in the order of what is written for it: `200`, `close`."""
    found = sorted(_found(), key=lambda fault: fault.DOCS[0].shorthand)
    return {fault.tag(): fault for fault in found}


@cache
def allowed() -> str:
    """Return how a behaviour can be written, for those who wrote something else."""
    forms = ", ".join(form for fault in all_faults().values() for form in fault.FORMS)
    return f"{forms}; each with @DELAY (200@31s) and *TIMES (503*9)"


@cache
def behaviour_type() -> Any:
    """Return the type that the JSON of any behaviour is validated against and described by."""
    return Union[tuple(all_faults().values())]  # noqa: UP007


def __getattr__(name: str) -> Any:
    if name == "Behaviour":
        return behaviour_type()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _found() -> Iterator[type[Fault]]:
    # Not needed by a sandbox whose inboxes only answer 200.
    from pkgutil import iter_modules

    for module in iter_modules(faults.__path__, f"{faults.__name__}."):
        if module.name != __name__:
            for value in vars(import_module(module.name)).values():
                is_fault = isinstance(value, type) and issubclass(value, Fault)
                if is_fault and value.__module__ == module.name and value is not Fault:
                    yield value
