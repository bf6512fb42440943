"""Answers calls of Leanplum's API as the sandbox was told to, and keeps every call in its log."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Request, Response, g

from mockserver.api.behaviour import Told
from mockserver.api.call_texts import CallTexts
from mockserver.api.calls import ApiCall
from mockserver.api.masking import LONGEST_NAME, LONGEST_VALUE, Masked
from mockserver.core.api_methods import API_METHODS, about_ignored, ignored_arguments
from mockserver.core.errors import LedgerUnusable, PostbacksError
from mockserver.core.outcome import NO_TIME
from mockserver.core.template import encoded_separator
from mockserver.delivery.apps import readable_apps
from mockserver.receiver.answers import ReceiverAnswer, fields_of, http_answer
from mockserver.receiver.journal import End
from mockserver.receiver.rendered import answer_of
from mockserver.receiver.told_answer import ANSWER_AS, TOLD, ToldAnswer
from mockserver.sandbox import Sandbox
from mockserver.web.arguments import read_arguments
from mockserver.web.routes import cut

#: Answers a call with its arguments, or raises why it does not.
Method = Callable[[dict[str, Any]], dict[str, Any]]


def envelope(answer: dict[str, Any], status: int = 200) -> Response:
    """Return the JSON that every call is answered with."""
    document = json.dumps({"response": [answer]})
    return Response(document, status, content_type="application/json")


def refusal(message: str, status: int) -> Response:
    """Return the envelope of a call that was not accepted."""
    return envelope({"success": False, "error": {"message": cut(message)}}, status)


def answered(
    sandbox: Sandbox, request: Request, method: Method, status_of: Callable[[PostbacksError], int]
) -> Response:
    """Answer a call, as the API does or as it was told to.

    Args:
        sandbox: Whose API it is.
        request: The call.
        method: Carries it out.
        status_of: Returns the status of a refusal.
    """
    call = g.leanplum_call = _CallUnderWay()
    unreadable: PostbacksError | None = None
    try:
        call.arguments = read_arguments(request)
    except PostbacksError as error:
        unreadable = error
    told = sandbox.api.scripts.next(call.word("action"), call.word("appId"))
    if told is not None:
        call.told = told
        if not told.behaviour.leaves_answer:
            return _in_its_place(sandbox, request, call, told)
    try:
        if unreadable is not None:
            raise unreadable
        response = envelope(method(call.arguments))
        call.refusal_foreseen = _foreseen(sandbox, call)
    except PostbacksError as error:
        response = refusal(str(error), status_of(error))
    return response if told is None else _sent_as_told(sandbox, request, call, told, response)


def _oddities(arguments: dict[str, Any], names: Sequence[str]) -> list[str]:
    """Return what is odd about a call although it can be carried out, in words.

    Not for the answer: a warning there means that the action was skipped (documented).

    Args:
        arguments: Those of the call.
        names: Which of them no method knows.
    """
    action = arguments.get("action", "")
    found = [about_ignored(name, str(action), arguments) for name in names[:_MOST_ODDITIES]]
    if len(names) > _MOST_ODDITIES:
        found.append(f"{len(names) - _MOST_ODDITIES} more arguments were ignored")
    url = arguments.get("postbackUrl")
    remark = encoded_separator(url) if action == "addPostback" and isinstance(url, str) else None
    return [*found, remark] if remark else found


def _foreseen(sandbox: Sandbox, call: _CallUnderWay) -> str | None:
    """Return why the postbacks of a rule that was added will be refused, for the log of calls."""
    url = call.arguments.get("postbackUrl")
    if call.word("action") != "addPostback" or not isinstance(url, str):
        return None
    return sandbox.foreseen_refusal(url)


#: How many ignored arguments are told one by one.
_MOST_ODDITIES = 10


def keep_call(sandbox: Sandbox, request: Request, response: Response) -> Response:
    """Keep a call in the log, whoever has answered it; return its answer as it is.

    Args:
        sandbox: Whose API it is.
        request: The call; its arguments are known if it got as far as `answered`.
        response: What it is answered with.
    """
    under_way: _CallUnderWay = g.pop("leanplum_call", None) or _CallUnderWay()
    if under_way.is_replaced and under_way.told is not None:
        request.environ[TOLD] = under_way.told.shown
    action, app_id = under_way.word("action"), under_way.word("appId")
    is_late = under_way.late is not None
    body = b"" if under_way.late is None else under_way.late.body
    text = (body if is_late else response.get_data()).decode("utf-8", "replace")
    refused = None if under_way.is_replaced else _refusal_in(text, under_way.status or response)
    # What was answered in its place was not looked at.
    ignored = () if under_way.is_replaced else ignored_arguments(under_way.arguments)
    odd = () if under_way.is_replaced else _oddities(under_way.arguments, ignored)
    if under_way.refusal_foreseen is not None:
        odd = (*odd, under_way.refusal_foreseen)
    masked = Masked(under_way.arguments, _keys_beside(sandbox, refused is not None))
    call = ApiCall(
        number=sandbox.api.log.next_number(),
        called_at=sandbox.now(),
        method=request.method,
        # What is known is no secret.
        action=action if action in API_METHODS else masked.text(action, LONGEST_NAME),
        app_id=app_id if app_id in sandbox.app_ids else masked.text(app_id, LONGEST_NAME),
        status=None if is_late else response.status_code,
        texts=CallTexts(masked, text),
        refused=None if refused is None else masked.text(refused, LONGEST_VALUE),
        ignored=tuple(masked.text(name, LONGEST_NAME) for name in ignored[:_MOST_ODDITIES]),
        warnings=tuple(masked.text(text, LONGEST_VALUE) for text in odd),
        behaviour="" if under_way.told is None else under_way.told.shown,
        end=None if is_late else "answered",
        took=under_way.took,
    )
    under_way.call = call
    sandbox.api.took(call)
    return response


@dataclass(slots=True)
class _CallUnderWay:
    """What is known of a call while it is answered.

    Attributes:
        late: What its server was handed, if that is more than HTTP.
        is_replaced: Whether something else was answered in the place of the API.
        status: That of the API's own answer, if that is sent otherwise.
        refusal_foreseen: Why the postbacks of the rule that it added will be refused.
    """

    arguments: dict[str, Any] = field(default_factory=dict)
    told: Told | None = None
    late: ReceiverAnswer | None = None
    is_replaced: bool = False
    status: int | None = None
    refusal_foreseen: str | None = None
    call: ApiCall | None = None
    took: timedelta = NO_TIME

    def word(self, name: str) -> str:
        """Return an argument, if it is text."""
        value = self.arguments.get(name, "")
        return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""

    def ended(self, end: End, status: int | None) -> None:
        """Note how the exchange ended."""
        if self.call is not None:
            self.call.end, self.call.status = end, status


def _in_its_place(sandbox: Sandbox, request: Request, call: _CallUnderWay, told: Told) -> Response:
    call.is_replaced = True
    answer = answer_of(told.behaviour, request.method)
    if not answer.is_plain:
        closing = answer_of(told.behaviour, request.method, "close")
        return _handed_over(sandbox, request, call, told, closing)
    fields = [each for each in fields_of(answer.head) if each[0].lower() != "content-length"]
    response = Response(answer.body, answer.status, fields)
    if not any(name.lower() == "content-type" for name, _ in fields):
        response.headers.pop("Content-Type", None)
    return response


def _sent_as_told(
    sandbox: Sandbox, request: Request, call: _CallUnderWay, told: Told, response: Response
) -> Response:
    whole = http_answer(
        response.status_code,
        response.get_data(),
        request.method,
        "close",
        headers=(("Content-Type", response.content_type or "application/json"),),
    )
    answer = told.behaviour.around(whole)._replace(wait=told.behaviour.delay_time)
    if answer.is_plain and answer.reads_on:
        return response
    call.status = response.status_code
    return _handed_over(sandbox, request, call, told, answer)


def _handed_over(
    sandbox: Sandbox, request: Request, call: _CallUnderWay, told: Told, answer: ReceiverAnswer
) -> Response:
    """Have the server send what no WSGI application can."""
    answer_as = request.environ.get(ANSWER_AS)
    if answer_as is None:
        return refusal(
            f"this server cannot answer with {told.shown!r}, as it was told to: only the server of "
            "`postbacks serve` and of the fixtures can",
            501,
        )
    call.late = answer
    call.took = answer.head_time or NO_TIME
    sandbox.api.on_reset(answer_as.end_all)
    answer_as.tell(ToldAnswer(answer, call.ended))
    return Response(b"", answer.status if answer.status >= 200 else 200)


def _refusal_in(text: str, answered: int | Response) -> str | None:
    """Return why a call was refused; None if it was not."""
    status = answered if isinstance(answered, int) else answered.status_code
    if status < 400:
        return None
    try:
        return str(json.loads(text)["response"][0]["error"]["message"])
    except (ValueError, KeyError, IndexError, TypeError):
        return text


def _keys_beside(sandbox: Sandbox, is_refused: bool) -> list[str]:
    """Return the keys that may stand where none belongs: only who was refused mixes them up."""
    if not is_refused:
        return []
    try:
        return [key for app in readable_apps(sandbox.ledger).apps for key in app.keys.values()]
    except LedgerUnusable:
        return []
