"""Checks which of two values counts, where query and body both have an argument.

`api` tries the key with a JSON body; here it is each argument of each method, with each body.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from contracts.conformance.api import ApiAnswer, answer_of, multipart
from contracts.conformance.cases.api import NOWHERE
from contracts.conformance.cases.arguments import BODY_TYPES
from contracts.conformance.target import AppUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 13

_ELSEWHERE = "https://postbacks-contracts.invalid/elsewhere"


@case(
    "PB-API-BODY-WINS-EVERYWHERE",
    "Each argument's value in the body counts, whatever the method and the sort of body",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Only who mixes both places by mistake ever sees it.",
    fix="Let the arguments of the body replace those of the query, before looking at any.",
    catches=[
        "query-wins",
        "query-wins-over-form-data",
        "query-wins-over-urlencoded",
        "url-in-query-wins",
        "channels-in-query-win",
    ],
)
def everywhere(target: Target, rec: Recorder) -> None:
    """Calls each method with a right and a wrong value of one argument, in either place."""
    app = target.app
    seen: dict[str, set[str]] = {}
    for action, name, right, wrong in _pairs(app):
        for body_type in BODY_TYPES:
            first = _is_done(app, action, name, right, right, wrong, body_type)
            other = _is_done(app, action, name, right, wrong, right, body_type)
            place = {(False, True): "body", (True, False): "query"}.get((first, other), "neither")
            seen.setdefault(place, set()).add(f"{name} of {action} beside {body_type}")
    others = sorted(what for place, each in seen.items() if place != "body" for what in each)
    places = ", ".join(sorted(seen))
    rec.expect_verdict(
        places,
        "body",
        {"body": "the body's value counts", "query": "the query's value counts"},
        f"not so: {'; '.join(others[:3])}" if others else "the value that counts is in this place",
    )


def _pairs(app: AppUnderTest) -> Iterator[tuple[str, str, Any, Any]]:
    """Yield each argument of each method, with a right value and a wrong one."""
    wrong: dict[str, Any] = {
        "action": "listRules",
        "appId": "no-such-app",
        "clientKey": "wrong",
        "apiVersion": "1.0.5",
    }
    for action in ("addPostback", "listPostbacks", "deletePostback"):
        right = app.arguments(action)
        for name, other in wrong.items():
            yield action, name, right[name], other
    yield "addPostback", "type", "messageEvents", "messageEvent"
    yield "addPostback", "postbackUrl", NOWHERE, _ELSEWHERE
    yield "addPostback", "channels", "[Email]", "[Fax]"
    yield "deletePostback", "postbackId", None, 1


def _is_done(
    app: AppUnderTest,
    action: str,
    name: str,
    right: Any,
    in_query: Any,
    in_body: Any,
    body_type: str,
) -> bool:
    """Make a call with an argument in both places; return whether the right value counted."""
    rest: dict[str, Any] = {}
    postback_id = app.add(NOWHERE) if action == "deletePostback" else None
    if action == "addPostback":
        rest = {"type": "messageEvents", "postbackUrl": NOWHERE}
    if action == "deletePostback":
        rest = {"postbackId": postback_id}
    values = [postback_id if each is None else each for each in (in_query, in_body)]
    before = [rule["postbackId"] for rule in app.rules()]
    answer = _call(
        app, app.arguments(action, **rest) | {name: values[1]}, name, values[0], body_type
    )
    if name == "postbackUrl":
        urls = [rule["postbackUrl"] for rule in app.rules() if rule["postbackId"] not in before]
        done = urls == [right]
    else:
        done = answer.accepted
    for rule in app.rules():
        app.delete(rule["postbackId"])
    return done


def _call(
    app: AppUnderTest, arguments: Mapping[str, Any], name: str, in_query: Any, body_type: str
) -> ApiAnswer:
    body = json.dumps(arguments).encode()
    if body_type.startswith("multipart"):
        body = multipart(arguments)
    elif body_type.endswith("urlencoded"):
        body = urlencode(arguments, quote_via=quote).encode()
    target = f"/api?{urlencode({name: in_query}, quote_via=quote)}"
    return answer_of(app.target.wire.send("POST", target, {"Content-Type": body_type}, body))
