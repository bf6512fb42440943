"""Serves the inboxes: what each got, and what it shall do."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mockserver.core.errors import PostbacksError
from mockserver.core.limits import LONGEST_PAGE
from mockserver.receiver.behaviours import format_script, parse_script
from mockserver.receiver.faults.registry import all_faults
from mockserver.sandbox import Sandbox
from mockserver.web import encoding, shapes
from mockserver.web.current import own_port
from mockserver.web.cutting import cut_values
from mockserver.web.replaying import replay
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 5


class RequestsQuery(Struct, forbid_unknown_fields=True):
    """Which received requests, and whether to wait until there are enough."""

    wait_for: Annotated[int, Meta(ge=1)] | None = None
    timeout: Annotated[float, Meta(ge=0, le=30)] = 5.0
    method: str | None = None
    path_prefix: str | None = None
    after: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    whole: Annotated[bool, Meta(description="Do not cut long values.")] = False


class UnknownRequest(PostbacksError):
    """No request of an inbox has this id."""

    code = "unknown-request"
    http_status = 404


def _size_of(request: shapes.ReceivedJson) -> int:
    size = len(request.body) + len(request.body_base64) + 3 * len(request.target) + 500
    forwarded = request.forwarded
    if forwarded is not None:
        size += len(forwarded.body) + len(forwarded.body_base64) + len(forwarded.url)
    return size + sum(len(header.name) + len(header.value) for header in request.headers)


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on inboxes."""

    def inboxes() -> shapes.InboxesAnswer:
        got = sandbox.inboxes.journal.in_short()
        names = sandbox.inboxes.names()
        listed = []
        for name in names:
            requests, last_at = got.get(name, (0, None))
            does = format_script(sandbox.inboxes.script(name))
            url = sandbox.inbox(name).url
            listed.append(shapes.InboxJson(name, url, requests, last_at, does))
        return shapes.InboxesAnswer(names, listed)

    def behaviour(name: str) -> shapes.BehaviourAnswer:
        script = sandbox.inboxes.script(name)
        url = sandbox.inbox(name).url
        forwarded = [each.forwards_to for each in script if each.forwards_to is not None]
        refused = next(filter(None, map(sandbox.foreseen_refusal, forwarded)), None)
        return shapes.BehaviourAnswer(name, url, format_script(script), list(script), refused)

    def behave(name: str, body: shapes.BehaviourRequest) -> shapes.BehaviourAnswer:
        sandbox.inboxes.behave(name, parse_script(body.behaviour))
        return behaviour(name)

    def wait(name: str, query: RequestsQuery) -> None:
        sandbox.inbox(name)
        if query.wait_for is not None:
            sandbox.inboxes.journal.wait_for(name, query.wait_for, query.timeout)

    def requests(name: str, query: RequestsQuery) -> shapes.RequestsAnswer:
        journal = sandbox.inboxes.journal
        complete = query.wait_for is None or len(journal.requests(name)) >= query.wait_for
        got = journal.requests(
            name,
            method=query.method,
            path_prefix=query.path_prefix,
            after=query.after,
            limit=query.limit,
        )
        shown: list[shapes.ReceivedJson] = []
        size = 0
        for request in got:
            received = encoding.received_json(request)
            if not query.whole:
                received = cut_values(received, "whole=true has all")
            shown.append(received)
            size += _size_of(received)
            if size > LONGEST_PAGE:
                break
        is_last = len(shown) == len(got)
        evicted = journal.evicted_of(name)
        next = None if is_last else shown[-1].id
        return shapes.RequestsAnswer(name, shown, evicted, complete, next)

    def send_again(name: str, request_id: int, body: shapes.ReplayRequest) -> shapes.ReplayedJson:
        found = sandbox.inboxes.journal.requests(name, after=request_id - 1, limit=1)
        # After a number that is not there, the next one is found.
        if not found or found[0].id != request_id:
            raise UnknownRequest(
                f"inbox {name!r} has no request {request_id}; it may have been dropped to bound "
                "memory"
            )
        return replay(found[0], body.url, sandbox.reach, own_port())

    def clear(name: str) -> None:
        sandbox.inboxes.clear(name)

    def faults() -> shapes.FaultsAnswer:
        return shapes.FaultsAnswer(
            [
                shapes.FaultJson(kind, line.shorthand, line.effect)
                for kind, fault in all_faults().items()
                for line in fault.DOCS
            ]
        )

    one = "inboxes/<name>"
    answer = shapes.BehaviourAnswer
    return [
        ControlRoute(
            "GET", "faults", "Everything that an inbox can do.", faults, shapes.FaultsAnswer
        ),
        ControlRoute(
            "GET", "inboxes", "The inboxes in use.", inboxes, shapes.InboxesAnswer, is_large=True
        ),
        ControlRoute("GET", f"{one}/behaviour", "What an inbox does.", behaviour, answer),
        ControlRoute(
            "PUT",
            f"{one}/behaviour",
            "Say what an inbox shall do, from its next request on.",
            behave,
            answer,
            body=shapes.BehaviourRequest,
        ),
        ControlRoute(
            "GET",
            f"{one}/requests",
            "The requests an inbox got, in the order of their arrival.",
            requests,
            shapes.RequestsAnswer,
            query=RequestsQuery,
            is_large=True,
            wait=wait,
        ),
        ControlRoute(
            "POST",
            f"{one}/requests/<int:request_id>/replay",
            "Send a request that an inbox got once more, to this machine or a named host.",
            send_again,
            shapes.ReplayedJson,
            body=shapes.ReplayRequest,
        ),
        ControlRoute(
            "DELETE", one, "Forget an inbox: its requests and its behaviour.", clear, None
        ),
    ]
