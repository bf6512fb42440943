"""What the deviants about the types of answers, and about other apps' rules, do otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.web import shapes

from .acting import NOWHERE, Actor, Probe, name_of, prove


def _listed(actor: Actor) -> Any:
    return actor.call("listPostbacks").response


def _refused(actor: Actor) -> Any:
    return actor.call("addPostback").response


def _type(look: Callable[[Actor], Any], *path: str | int) -> Callable[[Actor], str]:
    """Look at the type of a member of an answer."""

    def found(actor: Actor) -> str:
        part = look(actor)
        for step in path:
            part = part[step]
        return type(part).__name__

    return found


def _one_rule(actor: Actor) -> Any:
    actor.add()
    return _listed(actor)


def _warned(actor: Actor) -> Any:
    return actor.call("deletePostback", postbackId=1).response


def _elements(actor: Actor) -> int:
    return len(actor.try_add().document["response"])


def _label(action: str) -> Callable[[Actor], str]:
    return lambda actor: dict(actor.call(action).headers)["Content-Type"].partition(";")[0]


def _other_app(actor: Actor) -> int:
    """Fill the app `shop`, and return the id of one of its rules."""
    actor.put_app("zoo")
    first, *_ = [actor.add(actor.inbox()) for _ in range(3)]
    return first


def _deleted_by_another(actor: Actor) -> int:
    postback_id = _other_app(actor)
    actor.call("deletePostback", appId="zoo", postbackId=postback_id)
    return len(_listed(actor)["postbacks"])


def _fired_in(app_id: str) -> Callable[[Actor], int]:
    def look(actor: Actor) -> int:
        _other_app(actor)
        event = shapes.EventRequest(name="push.open", app_id=app_id)
        return len(actor.control.trigger(event).deliveries)

    return look


def _places_of_another(actor: Actor) -> int:
    _other_app(actor)
    arguments = {"appId": "zoo", "type": "messageEvents", "postbackUrl": NOWHERE}
    return sum(actor.call("addPostback", **arguments).accepted for _ in range(4))


PROBES = (
    Probe("success-as-text", _type(_listed, "success"), "bool", "str"),
    Probe("success-as-number", _type(_listed, "success"), "bool", "int"),
    Probe("list-ids-as-text", _type(_one_rule, "postbacks", 0, "postbackId"), "int", "str"),
    Probe("empty-list-as-null", _type(_listed, "postbacks"), "list", "NoneType"),
    Probe("error-as-text", _type(_refused, "error"), "dict", "str"),
    Probe("error-message-as-list", _type(_refused, "error", "message"), "str", "list"),
    Probe("warning-as-text", _type(_warned, "warning"), "dict", "str"),
    Probe("two-responses", _elements, 1, 2),
    Probe("refusal-with-success-null", _type(_refused, "success"), "bool", "NoneType"),
    Probe("refusals-as-html", _label("addPostback"), "application/json", "text/html"),
    Probe("list-as-javascript", _label("listPostbacks"), "application/json", "text/javascript"),
    Probe("deletes-in-any-app", _deleted_by_another, 3, 2),
    Probe("fires-rules-of-any-app", _fired_in("zoo"), 0, 3),
    Probe("counts-the-other-app-first", _places_of_another, 3, 2),
    Probe("fires-rules-of-the-next-app", _fired_in("YOUR_APP_ID"), 0, 3),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
