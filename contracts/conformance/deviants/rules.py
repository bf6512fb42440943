"""Breaks how many rules there may be, their ids, their list and their deletion."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime
from time import sleep
from typing import Any

from flask import Response

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import ENVELOPE
from mockserver.core.catalog import Channel, PostbackType, parse_type
from mockserver.core.errors import InvalidValue, PostbacksError
from mockserver.core.models import PostbackRule
from mockserver.core.retry import DeliveryState
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.sandbox import Sandbox
from mockserver.web.leanplum_calls import envelope

#: Long enough for others who add a rule at the same time to look at the rules as well.
_A_MOMENT_REAL_SECONDS = 0.1


class OtherPlaces(MemoryLedger):
    """A ledger that is asked how many rules an app may have."""

    def add_rule(
        self,
        app_id: str,
        type: PostbackType,
        channels: tuple[Channel, ...],
        url: str,
        created_at: datetime,
        limit: int,
    ) -> PostbackRule:
        places = self.places(app_id, limit)
        return super().add_rule(app_id, type, channels, url, created_at, places)

    def places(self, app_id: str, limit: int) -> int:
        """Return how many rules an app may have, in place of its limit."""
        return limit


def _capped_at(places: int) -> type[MemoryLedger]:
    class Capped(OtherPlaces):
        def places(self, app_id: str, limit: int) -> int:
            return places

    return Capped


class _CapShared(OtherPlaces):
    def places(self, app_id: str, limit: int) -> int:
        return limit - sum(rule.app_id != app_id for rule in self.rules())


class _CapNotFreed(OtherPlaces):
    def __init__(self) -> None:
        super().__init__()
        self._deleted: Counter[str] = Counter()

    def places(self, app_id: str, limit: int) -> int:
        return limit - self._deleted[app_id]

    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        deleted = super().delete_rule(app_id, postback_id)
        self._deleted[app_id] += deleted
        return deleted

    def reset(self) -> None:
        super().reset()
        self._deleted.clear()


class _CapRacy(OtherPlaces):
    def places(self, app_id: str, limit: int) -> int:
        taken = len(self.rules(app_id))
        # Only whoever takes the last place can take one too many.
        if taken == limit - 1:
            sleep(_A_MOMENT_REAL_SECONDS)
        return limit if taken >= limit else sys.maxsize


class _DuplicateRefused(MemoryLedger):
    def add_rule(self, *rule: Any, **named: Any) -> PostbackRule:
        app_id, type, channels, url = rule[:4]
        for other in self.rules(app_id):
            if (other.type, other.channels, other.url) == (type, channels, url):
                raise InvalidValue("there is such a rule already")
        return super().add_rule(*rule)


class _DeleteCancelsPending(MemoryLedger):
    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        deleted = super().delete_rule(app_id, postback_id)
        for row in self._rows.values():
            if row.new.postback_id == postback_id and row.state is DeliveryState.PENDING:
                self._finish(row, DeliveryState.LOST)
        return deleted


class _ListAllApps(Sandbox):
    def postbacks(self, app_id: str | None = None) -> list[PostbackRule]:
        return self.ledger.rules()


class _DeleteDoesNothing(Sandbox):
    def delete_postback(self, postback_id: int, app_id: str | None = None) -> bool:
        return any(rule.postback_id == postback_id for rule in self.postbacks(app_id))


class _DeleteUnknownSilent(Sandbox):
    def delete_postback(self, postback_id: int, app_id: str | None = None) -> bool:
        super().delete_postback(postback_id, app_id)
        return True


class _UnknownPostback(PostbacksError):
    code = "unknown-postback"
    http_status = 404


class _DeleteUnknownError(Sandbox):
    def delete_postback(self, postback_id: int, app_id: str | None = None) -> bool:
        if not super().delete_postback(postback_id, app_id):
            raise _UnknownPostback(f"no rule has the id {postback_id}")
        return True


def _short_id(sequence: int) -> int:
    return 10_000 + sequence


def _with_ids_as_text(answer: dict[str, Any], status: int = 200) -> Response:
    if "postbackId" in answer:
        answer = answer | {"postbackId": str(answer["postbackId"])}
    return envelope(answer, status)


def _without_types(answer: dict[str, Any], status: int = 200) -> Response:
    if "postbacks" in answer:
        kept = ("postbackId", "postbackUrl")
        rules = [{name: rule[name] for name in kept} for rule in answer["postbacks"]]
        answer = answer | {"postbacks": rules}
    return envelope(answer, status)


def _any_type(name: str) -> PostbackType:
    try:
        return parse_type(name)
    except InvalidValue:
        return PostbackType.MESSAGE_EVENTS


def _no_ab_test_type(name: str) -> PostbackType:
    if name == PostbackType.AB_TEST_EVENTS:
        raise InvalidValue(f"unknown type {name!r}; allowed: messageEvents")
    return parse_type(name)


_PARSE_TYPE = "mockserver.delivery.intake.parse_type"

DEVIANTS: tuple[Deviant, ...] = (
    Deviant("cap-of-two", "rules", "An app may have two rules only.", ledger=_capped_at(2)),
    Deviant("cap-of-four", "rules", "An app may have four rules.", ledger=_capped_at(4)),
    Deviant(
        "cap-none", "rules", "An app may have any number of rules.", ledger=_capped_at(sys.maxsize)
    ),
    Deviant("cap-shared", "rules", "All apps share three places for rules.", ledger=_CapShared),
    Deviant("cap-not-freed", "rules", "A deleted rule keeps its place.", ledger=_CapNotFreed),
    Deviant(
        "cap-racy",
        "rules",
        "Whoever takes the last place looks, waits a moment, and adds without another look.",
        ledger=_CapRacy,
    ),
    Deviant(
        "id-as-text",
        "rules",
        "addPostback answers the id as text.",
        patches=((ENVELOPE, _with_ids_as_text),),
    ),
    Deviant(
        "id-short",
        "rules",
        "Ids have five digits.",
        patches=(("mockserver.ledger.memory.ledger.postback_id_of", _short_id),),
    ),
    Deviant(
        "duplicate-refused",
        "rules",
        "A rule like one that the app has is refused.",
        ledger=_DuplicateRefused,
    ),
    Deviant(
        "unknown-type-accepted",
        "rules",
        "Any other type is taken for messageEvents.",
        patches=((_PARSE_TYPE, _any_type),),
    ),
    Deviant(
        "ab-test-type-refused",
        "rules",
        "The type abTestEvents is refused.",
        patches=((_PARSE_TYPE, _no_ab_test_type),),
    ),
    Deviant(
        "list-without-type",
        "rules",
        "listPostbacks leaves out the type of a rule.",
        patches=((ENVELOPE, _without_types),),
    ),
    Deviant(
        "list-all-apps",
        "rules",
        "listPostbacks answers the rules of all apps.",
        sandbox=_ListAllApps,
    ),
    Deviant(
        "delete-does-nothing",
        "rules",
        "deletePostback answers success, and the rule stays.",
        sandbox=_DeleteDoesNothing,
    ),
    Deviant(
        "delete-unknown-silent",
        "rules",
        "Deleting a rule that is not there comes without a warning.",
        sandbox=_DeleteUnknownSilent,
    ),
    Deviant(
        "delete-unknown-error",
        "rules",
        "Deleting a rule that is not there is refused with 404.",
        sandbox=_DeleteUnknownError,
    ),
    Deviant(
        "delete-cancels-pending",
        "rules",
        "What is pending when its rule is deleted is given up.",
        ledger=_DeleteCancelsPending,
    ),
)
