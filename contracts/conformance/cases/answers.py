"""Checks the types of all that is answered, and that no app meets another one's rules."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

from contracts.conformance.api import ApiAnswer, answer_of, expect_accepted, expect_not_done
from contracts.conformance.cases.api import NOWHERE
from contracts.conformance.cases.rules import CAP, UNKNOWN_ID
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 35


def _of_every_sort(target: Target) -> Iterator[tuple[str, ApiAnswer]]:
    """Make a call of every sort, and yield what it is about and its answer."""
    app = target.app
    yield "an empty list", app.call("listPostbacks")
    added = app.call("addPostback", type="messageEvents", postbackUrl=NOWHERE)
    yield "addPostback", added
    yield "addPostback", app.call("addPostback", type="abTestEvents", postbackUrl=NOWHERE)
    yield "a list of rules", app.call("listPostbacks")
    yield "deletePostback", app.call("deletePostback", postbackId=added.response.get("postbackId"))
    yield "deletePostback of nothing", app.call("deletePostback", postbackId=UNKNOWN_ID)
    for number in range(CAP):
        yield (
            f"rule {number + 2}",
            app.call("addPostback", type="messageEvents", postbackUrl=NOWHERE),
        )
    yield "a wrong key", app.call("listPostbacks", clientKey="no-such-key")
    yield "no version", app.call("listPostbacks", apiVersion=None)
    yield "no type", app.call("addPostback", postbackUrl=NOWHERE)
    yield "no id", app.call("deletePostback")
    yield "no action", answer_of(target.wire.send("POST", "/api", {}, None))


@case(
    "PB-API-ANSWER-TYPES",
    'Every member of every answer has its type: true and not "true", a number and not text',
    why="Typed clients decode answers strictly, and fail on one that is nearly right.",
    fix="Write booleans, numbers, lists and objects as JSON has them.",
    catches=[
        "id-as-text",
        "envelope-bare",
        "success-as-text",
        "success-as-number",
        "list-ids-as-text",
        "empty-list-as-null",
        "error-as-text",
        "error-message-as-list",
        "warning-as-text",
        "two-responses",
        "refusal-with-success-null",
    ],
)
def answer_types(target: Target, rec: Recorder) -> None:
    """Makes a call of every sort and looks at the type of each member of its answer."""
    for what, answer in _of_every_sort(target):
        faults = _faults(answer)
        rec.expect([], faults, f"the answer to {what}: {answer.text[:200]}")


@case(
    "PB-API-CONTENT-TYPE",
    "Every answer is labelled application/json",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Clients look at the label before they decode.",
    fix="Nothing is documented beyond `JSON`; the fake labels it so.",
    catches=["refusals-as-html", "list-as-javascript"],
)
def content_type(target: Target, rec: Recorder) -> None:
    """Makes a call of every sort and reads its Content-Type."""
    seen = set()
    for _, answer in _of_every_sort(target):
        label = {name.lower(): value for name, value in answer.headers}.get("content-type", "none")
        seen.add(label.partition(";")[0].strip().lower())
    rec.expect_verdict(
        ", ".join(sorted(seen)),
        "application/json",
        {"application/json": "whatever came of the call"},
        "the documentation says JSON, and not how it is labelled",
    )


@case(
    "PB-RULES-APART",
    "Another app's rules are neither listed, nor deleted, nor fired, nor counted",
    why="A team's apps share an account; what one does must not reach the other.",
    fix="Look for rules within the app that appId names, in every method and for every event.",
    catches=[
        "list-all-apps",
        "cap-shared",
        "deletes-in-any-app",
        "fires-rules-of-any-app",
        "counts-the-other-app-first",
        "fires-rules-of-the-next-app",
    ],
)
def apart(target: Target, rec: Recorder) -> None:
    """Fills three apps in three orders of apps, and tries to reach the rules of each from each."""
    for order in rec.random.sample(list(permutations(range(3))), rec.samples(3)):
        target.fresh()
        apps = [target.another_app() for _ in range(3)]
        inboxes = [target.inbox() for _ in apps]
        ids: dict[int, list[int]] = {0: [], 1: [], 2: []}
        for place in range(CAP):
            for number in order:
                url = f"{inboxes[number].url}?rule={place}"
                ids[number].append(apps[number].add(url))
        for one in order:
            expect_not_done(
                apps[one].call("addPostback", type="messageEvents", postbackUrl=NOWHERE),
                "a fourth rule",
                rec,
            )
            for other in order:
                if other != one:
                    apps[one].delete(rec.random.choice(ids[other]))
        listed = {one: [rule.get("postbackId") for rule in apps[one].rules()] for one in order}
        rec.expect(ids, listed, "each app has its own three rules")
        for one in order:
            fired = apps[one].trigger(rec.random.choice(("push.open", "email.click")))
            rec.expect(ids[one], [each.postback_id for each in fired], "its own rules are fired")
        rec.expect([CAP] * 3, [len(inbox.requests()) for inbox in inboxes], "requests to each app")
        gone = rec.random.choice(order)
        for postback_id in ids[gone]:
            expect_accepted(apps[gone].delete(postback_id), "deleting a rule of its own", rec)
        left = [len(app.rules()) for app in apps]
        rec.expect([0 if one == gone else CAP for one in range(3)], left, "rules of each app")


def _faults(answer: ApiAnswer) -> list[str]:
    """Return in words which members of an answer have another type than they must."""
    document = answer.document
    if not (isinstance(document, dict) and isinstance(document.get("response"), list)):
        return ["no object with a list called response"]
    faults = [] if len(document["response"]) == 1 else ["response has not one element"]
    response = answer.response
    if type(response.get("success")) is not bool:
        faults.append("success is neither true nor false")
    for name in ("warning", "error"):
        if name in response and not _is_message(response[name]):
            faults.append(f"{name} is no object with a text called message")
    if (answer.status >= 400) is (response.get("success") is True):
        faults.append("status and success contradict each other")
    if "postbackId" in response and type(response["postbackId"]) is not int:
        faults.append("postbackId is no whole number")
    if "postbacks" in response:
        faults += _faults_in_list(response["postbacks"])
    return faults


def _faults_in_list(postbacks: Any) -> list[str]:
    if not isinstance(postbacks, list):
        return ["postbacks is no list"]
    types = {"postbackId": int, "type": str, "postbackUrl": str}
    return [
        f"{name} of a listed rule is no {'text' if kind is str else 'whole number'}"
        for rule in postbacks
        for name, kind in types.items()
        if not isinstance(rule, dict) or type(rule.get(name)) is not kind
    ]


def _is_message(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("message"), str) and bool(part["message"])
