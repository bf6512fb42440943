"""Serves the control API under `/_sandbox/`: everything Leanplum would never let you do.

Each module is a resource and has a function `routes`. A new resource is a new module here.
"""

from __future__ import annotations

from typing import Any

from mockserver.sandbox import Sandbox
from mockserver.web.control import apps, clock, deliveries, events, fidelity, inboxes, watching
from mockserver.web.openapi import document
from mockserver.web.routes import ControlRoute

#: In the order in which the OpenAPI document describes them.
_RESOURCES = (clock, events, deliveries, apps, inboxes, watching, fidelity)


def control_routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return every operation of the control API over `sandbox`."""
    routes = [route for resource in _RESOURCES for route in resource.routes(sandbox)]
    described = ControlRoute(
        "GET", "openapi.json", "This document.", lambda: document(routes), dict[str, Any]
    )
    routes.append(described)
    return routes
