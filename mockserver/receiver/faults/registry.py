"""Finds every fault in this folder, for scripts, the control API, the docs and `doctor`.

They are found by looking into the folder, because a list here would be a second file to edit
for each new fault, and one that was forgotten in it would be silently missing.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Union

from mockserver.receiver import faults
from mockserver.receiver.faults.base import Fault


def _found() -> Iterator[type[Fault]]:
    for module in pkgutil.iter_modules(faults.__path__, f"{faults.__name__}."):
        if module.name != __name__:
            for value in vars(import_module(module.name)).values():
                is_fault = isinstance(value, type) and issubclass(value, Fault)
                if is_fault and value.__module__ == module.name and value is not Fault:
                    yield value


#: Every fault by its tag, in the order of what is written for it: `200`, `close`, `drip`.
FAULTS: dict[str, type[Fault]] = {
    fault.tag(): fault for fault in sorted(_found(), key=lambda fault: fault.DOCS[0].shorthand)
}

#: How a behaviour can be written, for those who wrote something else.
ALLOWED = (
    ", ".join(form for fault in FAULTS.values() for form in fault.FORMS)
    + "; each with @DELAY (200@31s) and *TIMES (503*9)"
)

if TYPE_CHECKING:
    Behaviour = Fault
else:
    #: The same as a type that JSON is validated against and described by.
    Behaviour = Union[tuple(FAULTS.values())]  # noqa: UP007
