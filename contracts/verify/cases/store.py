"""Tries what a 2xx promises: each event is stored, once."""

from __future__ import annotations

from contracts.suite.recorder import Recorder
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Need
from contracts.verify.target import EndpointTarget

ORDER = 260

#: How many events are counted.
SEVERAL = 12


@endpoint_case(
    "PB-STORE-ONCE",
    "Each event that is answered 2xx is stored, once",
    why="A 2xx is the end: what is not stored by then never comes again.",
    fix="Answer when the event is stored, or is in a queue that survives a crash.",
    follows_from=["retry-success-ends", "deliver-one-each"],
    catches=["answers-before-it-stores", "stores-every-third-twice", "reads-body-for-values"],
    needs=[Need.PROBE],
    most_requests=SEVERAL,
)
def once(target: EndpointTarget, rec: Recorder) -> None:
    """Sends twelve events that the endpoint keeps and asks for each whether it is stored."""
    kinds = target.subscription.kept
    before = target.stored_at_rest()
    postbacks = [target.postback(kinds[number % len(kinds)]) for number in range(SEVERAL)]
    target.accept_all(postbacks, f"{SEVERAL} events")
    target.expect_stored_once(postbacks, before, "it was answered 2xx", exact=True)


@endpoint_case(
    "PB-STORE-RESTART",
    "What was answered 2xx is still stored after a restart",
    why="A 2xx is the end: an event that was only in memory never comes again.",
    fix="Answer when the event is on disk, or in a queue that survives a restart.",
    follows_from=["retry-success-ends"],
    catches=["loses-the-last-at-restart", "keeps-all-in-memory"],
    needs=[Need.PROBE, Need.OPERATOR],
    most_requests=3,
)
def restart(target: EndpointTarget, rec: Recorder) -> None:
    """Sends three events, has the endpoint taken down and up again, and asks."""
    before = target.stored_at_rest()
    postbacks = [target.postback() for _ in range(3)]
    target.accept_all(postbacks, "events before a restart")
    rec.step("3 events were answered 2xx; the endpoint is taken down and up again")
    with target.down():
        pass
    target.expect_stored_once(postbacks, before, "it was answered 2xx before the restart")


@endpoint_case(
    "PB-REPEAT-RESTART",
    "A postback that comes again after a restart counts once",
    why="Retries are spread over 65 hours; what was deployed or restarted meanwhile knows nothing "
    "that was only in memory.",
    fix="Let a unique constraint of the database decide, not what a process remembers.",
    follows_from=["retry-same-request", "retry-schedule"],
    catches=["knows-nothing-after-a-restart"],
    needs=[Need.PROBE, Need.OPERATOR],
    most_requests=4,
)
def repeated_after_restart(target: EndpointTarget, rec: Recorder) -> None:
    """Sends two events, one without a device, restarts the endpoint, sends them again, and asks."""
    before = target.stored_at_rest()
    postbacks = [target.postback()]
    if target.subscription.carries("User ID", "Device ID"):
        postbacks.append(target.postback(device_id=""))
    target.accept_all(postbacks, "events before a restart")
    rec.step("events were answered 2xx; the endpoint is taken down and up again")
    with target.down():
        pass
    target.accept_all(postbacks, "the same after the restart")
    target.expect_stored_once(postbacks, before, "it was sent before a restart and after it")
