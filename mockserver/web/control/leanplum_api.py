"""Serves how Leanplum's API behaves, and the log of the calls that it got."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mockserver.api.calls import ApiCall
from mockserver.receiver.behaviours import format_script, parse_script
from mockserver.sandbox import Sandbox
from mockserver.web import shapes
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 5


class CallsQuery(Struct, forbid_unknown_fields=True):
    """Which of the calls."""

    action: str | None = None
    app_id: str | None = None
    refused: Annotated[bool, Meta(description="Only those that the API refused.")] = False
    after: Annotated[int, Meta(ge=0, description="Only those with a greater number.")] = 0
    limit: Annotated[int, Meta(ge=1, le=10_000, description="The newest of them.")] = 1000


class ForgetQuery(Struct, forbid_unknown_fields=True):
    """Which script; without either, all of them."""

    action: str | None = None
    app_id: str | None = None


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on the API itself."""
    api = sandbox.api

    def behaviour() -> shapes.ApiBehaviourAnswer:
        return shapes.ApiBehaviourAnswer(
            [
                shapes.ApiScriptJson(
                    each.action, each.app_id, format_script(each.script), list(each.script)
                )
                for each in api.scripts.scripts()
            ]
        )

    def behave(body: shapes.ApiBehaviourRequest) -> shapes.ApiBehaviourAnswer:
        api.scripts.set(parse_script(body.behaviour), body.action, body.app_id)
        return behaviour()

    def forget(query: ForgetQuery) -> None:
        api.scripts.forget(query.action, query.app_id)

    def calls(query: CallsQuery) -> shapes.ApiCallsAnswer:
        found = [call for call in api.calls if _is_asked_for(call, query)]
        return shapes.ApiCallsAnswer(
            [api_call_json(call) for call in found[-query.limit :]], api.log.dropped
        )

    answer = shapes.ApiBehaviourAnswer
    return [
        ControlRoute("GET", "api/behaviour", "How Leanplum's API fails.", behaviour, answer),
        ControlRoute(
            "PUT",
            "api/behaviour",
            "Say how calls of Leanplum's API are answered, from the next one on.",
            behave,
            answer,
            body=shapes.ApiBehaviourRequest,
        ),
        ControlRoute(
            "DELETE",
            "api/behaviour",
            "Answer calls of Leanplum's API as usual.",
            forget,
            None,
            query=ForgetQuery,
        ),
        ControlRoute(
            "GET",
            "api/calls",
            "The calls that Leanplum's API got, keys masked.",
            calls,
            shapes.ApiCallsAnswer,
            query=CallsQuery,
            is_large=True,
        ),
    ]


def api_call_json(call: ApiCall) -> shapes.ApiCallJson:
    """Return a call of the log."""
    return shapes.ApiCallJson(
        number=call.number,
        called_at=call.called_at,
        method=call.method,
        action=call.action,
        app_id=call.app_id,
        arguments=dict(call.arguments),
        status=call.status,
        answer=call.answer,
        refused=call.refused,
        ignored=list(call.ignored),
        warnings=list(call.warnings),
        behaviour=call.behaviour,
        end=call.end,
        took_seconds=call.took.total_seconds(),
    )


def _is_asked_for(call: ApiCall, query: CallsQuery) -> bool:
    if query.action is not None and call.action != query.action:
        return False
    if query.app_id is not None and call.app_id != query.app_id:
        return False
    return call.number > query.after and (call.refused is not None or not query.refused)
