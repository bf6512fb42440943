"""Breaks the types of what is answered, and what keeps the rules of apps apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Response

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import ENVELOPE, MATCHING
from contracts.conformance.deviants.rules import OtherPlaces
from mockserver.core.matching import Matches, why_not
from mockserver.core.models import Event, PostbackRule
from mockserver.delivery.intake import _Matching
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.web.leanplum_calls import envelope

_Answer = dict[str, Any]


def answering(
    name: str, change: str, when: Callable[[_Answer], bool], become: Callable[[_Answer], _Answer]
) -> Deviant:
    """Return a fake that changes some of its answers."""

    def answer(given: _Answer, status: int = 200) -> Response:
        return envelope(become(given) if when(given) else given, status)

    return Deviant(name, "api", change, patches=((ENVELOPE, answer),))


def member(name: str, change: str, key: str, become: Callable[[Any], Any]) -> Deviant:
    """Return a fake that writes one member of its answers as something else."""
    return answering(
        name, change, lambda given: key in given, lambda given: given | {key: become(given[key])}
    )


def _labelled(name: str, change: str, when: Callable[[_Answer, int], bool], label: str) -> Deviant:
    def answer(given: _Answer, status: int = 200) -> Response:
        response = envelope(given, status)
        if when(given, status):
            response.headers["Content-Type"] = label
        return response

    return Deviant(name, "api", change, patches=((ENVELOPE, answer),))


def _two(given: _Answer, status: int = 200) -> Response:
    document = json.dumps({"response": [given, given] if "postbackId" in given else [given]})
    return Response(document, status, content_type="application/json")


def _ids_as_text(rules: list[_Answer]) -> list[_Answer]:
    return [rule | {"postbackId": str(rule["postbackId"])} for rule in rules]


class _DeletesAnywhere(MemoryLedger):
    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        with self._lock:
            return self._rules.pop(postback_id, None) is not None


class _CountsAfterOthers(OtherPlaces):
    def places(self, app_id: str, limit: int) -> int:
        # Whoever comes when another app is full has one place less.
        others = [app.app_id for app in self.apps() if app.app_id != app_id]
        is_full = any(len(self.rules(other)) >= limit for other in others)
        return limit - 1 if is_full else limit


#: Whether an event fires a rule of another app as well; it is given the ids of all apps.
Also = Callable[[Event, PostbackRule, list[str]], bool]


def firing(
    name: str, change: str, also: Callable[[Event, PostbackRule, list[str]], bool]
) -> Deviant:
    """Return a fake in which an event fires rules of other apps too."""

    class Wide(_Matching):
        def of(self, event: Event) -> Matches:
            apps = [app.app_id for app in self._ledger.apps()]
            matches = super().of(event)
            matched = list(matches.matched)
            for rule in self._ledger.rules():
                if (
                    rule.app_id != event.app_id
                    and also(event, rule, apps)
                    and self._fits(rule, event)
                ):
                    matched.append(rule)
            return Matches(matched, matches.mismatched)

        def _fits(self, rule: PostbackRule, event: Event) -> bool:
            return why_not(replace(rule, app_id=event.app_id), event) is None

    return Deviant(name, "rules", change, patches=((MATCHING, Wide),))


def _is_next(event: Event, rule: PostbackRule, apps: list[str]) -> bool:
    place = apps.index(event.app_id)
    return place + 1 < len(apps) and rule.app_id == apps[place + 1]


DEVIANTS: tuple[Deviant, ...] = (
    member(
        "success-as-text",
        "success is the text true or false.",
        "success",
        lambda success: json.dumps(success),
    ),
    member("success-as-number", "success is 1 or 0.", "success", int),
    member("list-ids-as-text", "Listed ids are text.", "postbacks", _ids_as_text),
    member(
        "empty-list-as-null",
        "A list without rules is null.",
        "postbacks",
        lambda rules: rules or None,
    ),
    member("error-as-text", "error is a text.", "error", lambda error: error["message"]),
    member(
        "error-message-as-list",
        "error.message is a list.",
        "error",
        lambda error: {"message": [error["message"]]},
    ),
    member("warning-as-text", "warning is a text.", "warning", lambda warning: warning["message"]),
    Deviant(
        "two-responses",
        "api",
        "addPostback answers two elements in response.",
        patches=((ENVELOPE, _two),),
    ),
    answering(
        "refusal-with-success-null",
        "success is null in a refusal.",
        lambda given: "error" in given,
        lambda given: given | {"success": None},
    ),
    _labelled(
        "refusals-as-html",
        "Refusals are labelled text/html.",
        lambda given, status: status >= 400,
        "text/html; charset=utf-8",
    ),
    _labelled(
        "list-as-javascript",
        "A list is labelled text/javascript.",
        lambda given, status: "postbacks" in given,
        "text/javascript",
    ),
    Deviant(
        "deletes-in-any-app",
        "rules",
        "A rule is deleted whoever asks for it.",
        ledger=_DeletesAnywhere,
    ),
    firing(
        "fires-rules-of-any-app",
        "An event fires the rules of all apps.",
        lambda event, rule, apps: True,
    ),
    Deviant(
        "counts-the-other-app-first",
        "rules",
        "While another app is full, an app may have two rules.",
        ledger=_CountsAfterOthers,
    ),
    firing(
        "fires-rules-of-the-next-app",
        "An event fires the rules of the app that comes next by its id, too.",
        _is_next,
    ),
)
