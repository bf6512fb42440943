"""Finds the modules of a package, so that no registry needs a list of them."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def modules_in(package: str) -> list[ModuleType]:
    """Return the modules directly in a package, which is given by its dotted name."""
    path = import_module(package).__path__
    return [import_module(f"{package}.{each.name}") for each in iter_modules(path)]


def packages_in(package: str) -> list[str]:
    """Return the dotted names of the packages directly in a package."""
    path = import_module(package).__path__
    return [f"{package}.{each.name}" for each in iter_modules(path) if each.ispkg]
