"""Serves the control API under `/_sandbox/`: everything Leanplum would never let you do.

Each module with a function `routes` is a resource, and is found by looking into this folder: a list
here would be a second file to edit, and a resource that was forgotten in it would be missing
without a word. `ORDER` of a module is its place in the OpenAPI document; one without comes last.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from mockserver.sandbox import Sandbox
from mockserver.web.openapi import document
from mockserver.web.routes import ControlRoute

_LAST = 100


def control_routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return every operation of the control API over `sandbox`."""
    routes = [route for resource in resources() for route in resource.routes(sandbox)]
    described = ControlRoute(
        "GET", "openapi.json", "This document.", lambda: document(routes), dict[str, Any]
    )
    routes.append(described)
    return routes


def resources() -> list[ModuleType]:
    """Return the modules of this folder that serve a resource, in their order."""
    found = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    serving = [module for module in found if hasattr(module, "routes")]
    return sorted(serving, key=lambda module: (getattr(module, "ORDER", _LAST), module.__name__))
