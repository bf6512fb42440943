"""Calls a function as soon as a module gets imported, so that nothing is imported for that."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType


class ImportWatcher(importlib.abc.MetaPathFinder):
    """Waits for modules; imports nothing itself.

    Args:
        then: What to call with each module after it was executed, by its name.
    """

    def __init__(self, then: Mapping[str, Callable[[ModuleType], None]]) -> None:
        self._then = then
        self._looking: set[str] = set()
        self._called: dict[str, ModuleType] = {}

    def start(self, *, again: bool = True) -> None:
        """Call the functions of modules that are there, and wait for the others.

        Args:
            again: Also those that were called with the same module before.
        """
        for name, then in self._then.items():
            module = sys.modules.get(name)
            if module is not None and (again or self._called.get(name) is not module):
                self._called[name] = module
                then(module)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Wait no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module as usual, and let the function be called after it was executed."""
        then = self._then.get(name)
        if then is None or name in self._looking:
            return None
        self._looking.add(name)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking.discard(name)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def run_and_call(module: ModuleType) -> None:
            run(module)
            # What is imported after the end is as it was.
            if self in sys.meta_path:
                self._called[name] = module
                then(module)

        spec.loader.exec_module = run_and_call  # type: ignore[method-assign]
        return spec
