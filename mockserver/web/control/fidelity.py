"""Serves what the fake imitates, and how each behaviour is known."""

from __future__ import annotations

from mockserver.sandbox import Sandbox
from mockserver.web import shapes
from mockserver.web.facts import FACTS
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 7


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the list of facts, at its path of today and at its first one."""

    def fidelity() -> shapes.FidelityAnswer:
        return shapes.FidelityAnswer(list(FACTS))

    summary = "What the fake imitates, and how each behaviour is known."
    answer = shapes.FidelityAnswer
    return [
        ControlRoute("GET", "fidelity", summary, fidelity, answer),
        ControlRoute("GET", "contract", summary, fidelity, answer, deprecated=True),
    ]
