"""Sends recorded postbacks instead of generated ones."""

from __future__ import annotations

from contracts.suite.recorder import Recorder
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Need
from contracts.verify.recording import led_to
from contracts.verify.target import EndpointTarget

ORDER = 290


@endpoint_case(
    "PB-RECORDING-ANSWERED",
    "Each recorded postback is answered 2xx",
    why="What was really sent is the best example of what will be sent.",
    fix="Look at the exchange: it was sent before, to this endpoint or to another.",
    follows_from=["deliver-success"],
    catches=["refuses-unknown-events"],
    needs=[Need.RECORDING],
    most_requests=500,
)
def answered(target: EndpointTarget, rec: Recorder) -> None:
    """Sends each recorded postback once, in their order, as far as the budget goes."""
    url = target.subscription.template.url
    # Two requests are left for the next case, which sends one postback twice.
    most = max(1, target.endpoint.budget.left - 2)
    chosen = target.endpoint.recording[:most]
    if len(chosen) < len(target.endpoint.recording):
        rec.step(f"the first {most} of {len(target.endpoint.recording)}; see --max-requests")
    recorded = [target.composer.written(led_to(url, each)) for each in chosen]
    target.accept_all(recorded, "a recorded postback")


@endpoint_case(
    "PB-RECORDING-AGAIN",
    "A recorded postback is answered 2xx again",
    why="It may have been stored when it was recorded, or a moment ago.",
    fix="Recognise the duplicate, ignore it, and answer as the first time.",
    follows_from=["retry-same-request"],
    catches=["conflict-on-duplicate"],
    needs=[Need.RECORDING],
    most_requests=2,
)
def again(target: EndpointTarget, rec: Recorder) -> None:
    """Sends the first recorded postback twice."""
    recorded = target.composer.written(
        led_to(target.subscription.template.url, target.endpoint.recording[0])
    )
    target.accept_all([recorded] * 2, "a recorded postback, twice")
