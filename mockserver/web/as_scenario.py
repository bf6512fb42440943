"""Writes the scenario in which the event of a delivery happens again, and comes to the same end."""

from __future__ import annotations

from datetime import timedelta

from mockserver.core.retry import DeliveryState
from mockserver.core.scenario import Step, format_scenario, told
from mockserver.delivery.history import DeliveryHistory


def as_scenario(delivery: DeliveryHistory) -> str:
    """Return the lines: the event with all its values, and the way to the state that it has.

    What the endpoint answers is not in it: a scenario has the sender's side only.
    """
    name, values = told(delivery.event, delivery.created_at)
    steps = [Step(1, timedelta(0), name, values, delivery.state.value)]
    if delivery.state is not DeliveryState.PENDING and len(delivery.attempts) > 1:
        steps.append(Step(2, None))
    return format_scenario(steps)
