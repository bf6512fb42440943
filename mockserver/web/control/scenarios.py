"""Serves the check of a scenario; whoever has asked plays it, with the calls there are."""

from __future__ import annotations

from mockserver.core.errors import InvalidScenario
from mockserver.core.scenario import parse_scenario
from mockserver.sandbox import Sandbox
from mockserver.web import shapes
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 2


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operation on scenarios."""

    def check(body: shapes.ScenarioRequest) -> shapes.ScenarioAnswer:
        try:
            steps = parse_scenario(body.text)
        except InvalidScenario as error:
            return shapes.ScenarioAnswer([], str(error))
        return shapes.ScenarioAnswer(
            [
                shapes.StepJson(
                    step.line,
                    None if step.at is None else step.at.total_seconds(),
                    step.event,
                    dict(step.values),
                    step.expect,
                )
                for step in steps
            ],
            None,
        )

    return [
        ControlRoute(
            "POST",
            "scenarios/check",
            "Read a scenario, and say what is wrong with it; nothing happens.",
            check,
            shapes.ScenarioAnswer,
            body=shapes.ScenarioRequest,
        ),
    ]
