"""What the deviants about ids and restarts do otherwise."""

from __future__ import annotations

import pytest

from mockserver.web import shapes

from .acting import NOWHERE, Actor, Probe, name_of, prove


def _after_delete(actor: Actor) -> bool:
    first = actor.add()
    actor.call("deletePostback", postbackId=first)
    return actor.add() == first


def _after_reset(actor: Actor) -> bool:
    first = actor.add()
    actor.control.reset()
    return actor.add() == first


def _after_restart(actor: Actor) -> bool:
    first = actor.add()
    actor.call("deletePostback", postbackId=first)
    actor.fake.restart()
    return actor.add() == first


def _rules(actor: Actor) -> int:
    return len(actor.call("listPostbacks").response["postbacks"])


def _fired(actor: Actor) -> int:
    actor.add(actor.inbox(), channels=["Email"])
    actor.fake.restart()
    return len(actor.fire("push.open"))


def _deleted(actor: Actor) -> int:
    actor.call("deletePostback", postbackId=actor.add())
    actor.fake.restart()
    return _rules(actor)


def _deliveries(actor: Actor) -> list[str]:
    actor.add(actor.inbox("200,503"))
    actor.fire()
    actor.fire()
    actor.fake.restart()
    return [each.state for each in actor.control.deliveries().deliveries]


def _third(actor: Actor) -> int:
    for _ in range(3):
        actor.add()
    actor.fake.restart()
    return _rules(actor)


def _keys(actor: Actor) -> str:
    keys = shapes.KeysJson(data_export="export", production="one", development="two")
    actor.control.put_app("shop", shapes.AppRequest(keys))
    actor.fake.restart()
    return actor.control.app("shop").keys.development


def _attempts(actor: Actor) -> int:
    actor.add(actor.inbox("503"))
    actor.fire()
    actor.fake.restart()
    return len(actor.delivery().attempts)


def _parameters(actor: Actor) -> object:
    actor.add(NOWHERE)
    actor.add(actor.inbox("200"))
    actor.fire("push.open", parameters={"a": 1})
    actor.fake.restart()
    return actor.delivery(2).event.parameters


PROBES = (
    Probe("id-again-after-delete", _after_delete, False, True),
    Probe("id-again-after-reset", _after_reset, False, True),
    Probe("id-again-after-restart", _after_restart, False, True),
    Probe("restart-loses-channels", _fired, 0, 1),
    Probe("restart-brings-back-deleted", _deleted, 0, 1),
    Probe("restart-loses-ended", _deliveries, ["delivered", "pending"], ["pending"]),
    Probe("restart-loses-third-rule", _third, 3, 2),
    Probe("restart-forgets-new-keys", _keys, "two", "one"),
    Probe("restart-loses-attempts", _attempts, 1, 0),
    Probe("restart-loses-parameters", _parameters, {"a": 1}, {}),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
