"""Calls a running sandbox for the command line, tests and scripts, with types.

Most calls go to the control API. Rules are added and deleted through Leanplum's own API, so that
they take the way that a real caller's take.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from mockserver.client.address import DEFAULT_URL as DEFAULT_URL
from mockserver.client.event_stream import SILENCE_REAL_SECONDS, EventStream
from mockserver.client.looking import Looking
from mockserver.client.runs import Runs
from mockserver.client.wire import TIMEOUT_REAL_SECONDS, HttpWire, Wire
from mockserver.core import errors
from mockserver.core.durations import parse_duration
from mockserver.core.errors import (
    ClockCannotGoBack,
    InvalidValue,
    PostbacksError,
    ServerUnreachable,
)
from mockserver.core.instants import written
from mockserver.core.tokens import check_token
from mockserver.net.built_once import BUILDING
from mockserver.web import shapes

API_VERSION = "1.0.6"

_PROBLEM_PREFIX = "urn:postbacks:problem:"
_Answer = TypeVar("_Answer")


class Refused(PostbacksError):
    """The sandbox refused for a reason that has no class of its own in `core.errors`."""

    code = "refused"


class SandboxClient(Looking, Runs):
    """Calls one running sandbox.

    Every method raises `ServerUnreachable` if no sandbox answers. If the sandbox refuses, the
    method raises the class of `core.errors` with the code of the refusal, or else `Refused`.

    Args:
        url: Where `postbacks serve` answers, without a path.
        token: Its bearer token, if it needs one.
        timeout_real_seconds: How long to wait for an answer.
        wire: What carries the requests; a socket to `url` unless given.
        ca_file: A PEM file with the certificates to trust if it is an https URL; the system's
            unless given.

    Raises:
        InvalidValue: `url` is no http URL, no header can carry `token`, or there are no
            certificates in `ca_file`.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        token: str | None = None,
        timeout_real_seconds: float = TIMEOUT_REAL_SECONDS,
        wire: Wire | None = None,
        ca_file: str | Path | None = None,
    ) -> None:
        if token is not None:
            check_token(token)
        self._wire: Wire = HttpWire(url, timeout_real_seconds, ca_file) if wire is None else wire
        self.url: str = self._wire.url
        self._token = token

    def patient(self, timeout_real_seconds: float) -> SandboxClient:
        """Return a client of the same sandbox that waits so long for an answer."""
        patient = copy(self)
        if isinstance(self._wire, HttpWire):
            patient._wire = self._wire.patient(timeout_real_seconds)  # noqa: SLF001 (our own copy)
        return patient

    def health(self) -> shapes.Health:
        """Return which sandbox answers: its version, receiver, ledger and apps."""
        return self._get("health", shapes.Health)

    # Time

    def advance(self, request: shapes.AdvanceRequest) -> shapes.AdvanceAnswer:
        """Move the clock as far as one request may; `advances` moves it all the way."""
        return self._send("POST", "clock/advance", shapes.AdvanceAnswer, request)

    def advances(self, request: shapes.AdvanceRequest) -> Iterator[shapes.AdvanceAnswer]:
        """Move the clock all the way, with as many requests as it takes; yield each answer.

        If somebody cancels the advance, the last answer says so and is not complete.
        """
        answer = self.advance(request)
        yield answer
        while not (answer.complete or answer.cancelled):
            if request.by is not msgspec.UNSET:
                # The next request is for the rest of the way only, so name where it ends.
                target_at = answer.from_at + parse_duration(request.by)
                request = msgspec.structs.replace(
                    request, by=msgspec.UNSET, to=target_at.isoformat()
                )
            try:
                answer = self.advance(request)
            except ClockCannotGoBack:
                # A running clock has reached the target by itself meanwhile.
                return
            yield answer

    def cancel_advance(self) -> shapes.CancelAnswer:
        """End the advance that is under way, if there is one; another goes on from there."""
        return self._send("POST", "clock/advance/cancel", shapes.CancelAnswer)

    # Events

    def trigger(
        self, events: shapes.EventRequest | Sequence[shapes.EventRequest]
    ) -> shapes.EventsAnswer:
        """Let one event, or several, happen now."""
        return self._send("POST", "events", shapes.EventsAnswer, events)

    # Deliveries

    def deliveries(
        self,
        *,
        state: str | None = None,
        postback_id: int | None = None,
        app_id: str | None = None,
        user_id: str | None = None,
        event: str | None = None,
        text: str | None = None,
        since: str | None = None,
        until: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> shapes.DeliveriesAnswer:
        """Return a page of deliveries that pass all filters, by id."""
        query = {
            "state": state,
            "postback_id": postback_id,
            "app_id": app_id,
            "user_id": user_id,
            "event": event,
            "text": text,
            "since": since,
            "until": until,
            "after": after,
            "limit": limit,
            "whole": "true",
        }
        return self._get("deliveries", shapes.DeliveriesAnswer, query)

    def delivery(self, delivery_id: int) -> shapes.DeliveryJson:
        """Return one delivery with its attempts."""
        return self._get(f"deliveries/{delivery_id}", shapes.DeliveryJson)

    def resend(self, delivery_id: int) -> shapes.ResendAnswer:
        """Make one attempt now, outside the schedule; `made` of the answer is that attempt."""
        return self._send("POST", f"deliveries/{delivery_id}/resend", shapes.ResendAnswer)

    # Apps and rules

    def apps(self) -> list[shapes.AppJson]:
        """Return every app with its keys, knobs and rules, by app id."""
        return self._get("apps", shapes.AppsAnswer).apps

    def delete_app(self, app_id: str) -> shapes.AppDeleted:
        """Delete an app with its rules and deliveries; the last app cannot be deleted."""
        content = self._exchange("DELETE", f"/_sandbox/apps/{_segment(app_id)}")
        return self._decoded(content, shapes.AppDeleted)

    def app(self, app_id: str) -> shapes.AppJson:
        """Return an app with its keys, knobs and rules."""
        return self._get(f"apps/{_segment(app_id)}", shapes.AppJson)

    def put_app(self, app_id: str, request: shapes.AppRequest) -> shapes.AppJson:
        """Add an app, or replace the keys and knobs of one."""
        return self._send("PUT", f"apps/{_segment(app_id)}", shapes.AppJson, request)

    def add_postback(
        self, app_id: str, url: str, type: str = "messageEvents", channels: Sequence[str] = ()
    ) -> int:
        """Register a rule through Leanplum's own API; return its id."""
        arguments: dict[str, Any] = {"type": type, "postbackUrl": url}
        if channels:
            arguments["channels"] = list(channels)
        return int(self._call("addPostback", app_id, arguments)["postbackId"])

    def delete_postback(self, app_id: str, postback_id: int) -> str | None:
        """Delete a rule through Leanplum's own API; return its warning, if it gave one."""
        answer = self._call("deletePostback", app_id, {"postbackId": postback_id})
        warning = answer.get("warning")
        return None if warning is None else str(warning["message"])

    # The receiver

    def behave(self, inbox: str, script: str | list[Any]) -> shapes.BehaviourAnswer:
        """Say what an inbox shall do from its next request on."""
        path = f"inboxes/{_segment(inbox)}/behaviour"
        body = shapes.BehaviourRequest(script)
        return self._send("PUT", path, shapes.BehaviourAnswer, body)

    def requests(
        self,
        inbox: str,
        *,
        wait_for: int | None = None,
        timeout_real_seconds: float | None = None,
        method: str | None = None,
        path_prefix: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> shapes.RequestsAnswer:
        """Return the requests that an inbox got, in the order of their arrival."""
        path = f"inboxes/{_segment(inbox)}/requests"
        narrowed = {"method": method, "path_prefix": path_prefix, "whole": "true"}
        waited = {"wait_for": wait_for, "timeout": timeout_real_seconds}
        query = {**waited, **narrowed, "after": after, "limit": limit}
        answer = self._get(path, shapes.RequestsAnswer, query)
        while answer.next is not None and len(answer.requests) < limit:
            query = {**narrowed, "after": answer.next, "limit": limit - len(answer.requests)}
            more = self._get(path, shapes.RequestsAnswer, query)
            answer.requests += more.requests
            answer.next, answer.evicted = more.next, more.evicted
        return answer

    def clear_inbox(self, inbox: str) -> None:
        """Forget an inbox: its requests and its behaviour."""
        self._exchange("DELETE", f"/_sandbox/inboxes/{_segment(inbox)}")

    # Leanplum's API itself

    def behave_api(
        self, script: str | list[Any], *, action: str | None = None, app_id: str | None = None
    ) -> shapes.ApiBehaviourAnswer:
        """Say how calls of Leanplum's API are answered, from the next one on."""
        body = shapes.ApiBehaviourRequest(script, action, app_id)
        return self._send("PUT", "api/behaviour", shapes.ApiBehaviourAnswer, body)

    def api_as_usual(self, *, action: str | None = None, app_id: str | None = None) -> None:
        """Forget the script for these calls of Leanplum's API; without arguments, all scripts."""
        self._exchange(
            "DELETE", _with_query("/_sandbox/api/behaviour", action=action, app_id=app_id)
        )

    def api_calls(
        self,
        *,
        action: str | None = None,
        app_id: str | None = None,
        refused: bool = False,
        after: int = 0,
        limit: int = 1000,
    ) -> shapes.ApiCallsAnswer:
        """Return the calls that Leanplum's API got, oldest first; keys are masked."""
        query = {
            "action": action,
            "app_id": app_id,
            "refused": "true" if refused else None,
            "after": after,
            "limit": limit,
        }
        return self._get("api/calls", shapes.ApiCallsAnswer, query)

    # Watching, starting afresh

    def feed(self, after: int, timeout_real_seconds: float = 0.0) -> shapes.FeedAnswer:
        """Return what happened after a sequence number, waiting for it; -1 asks for the last."""
        query = {"after": after, "timeout": timeout_real_seconds, "whole": "true"}
        return self._get("feed", shapes.FeedAnswer, query)

    def stream(self, last_id: str = "") -> EventStream:
        """Return what happens from now on, as it happens, until the server ends it or is gone.

        Args:
            last_id: That of the last event of an earlier stream; it goes on behind it.

        Raises:
            ServerUnreachable: Nobody answers.
            InvalidValue: The client speaks to no socket.
        """
        if not isinstance(self._wire, HttpWire):
            raise InvalidValue(
                "a stream of events comes through a socket, and this client has none"
            )
        headers = {"Accept": "text/event-stream"} | self._authorization()
        if last_id:
            headers["Last-Event-ID"] = last_id
        target = "/_sandbox/feed?after=-1"
        answer = self._wire.stream(target, headers, SILENCE_REAL_SECONDS)
        if answer.status >= 300:
            try:
                self._raise(answer.status, b"".join(answer))
            finally:
                answer.close()
        return EventStream(answer)

    def reset(self, *, everything: bool = False) -> shapes.ResetAnswer:
        """Forget rules, deliveries and received requests; apps and the clock only if told."""
        # Sandboxes of earlier versions know no such field.
        body = shapes.ResetRequest(everything) if everything else None
        return self._send("POST", "reset", shapes.ResetAnswer, body)

    # How calls are made

    def _get(
        self, path: str, shape: type[_Answer], query: Mapping[str, object | None] | None = None
    ) -> _Answer:
        target = _with_query(f"/_sandbox/{path}", **(query or {}))
        return self._decoded(self._exchange("GET", target), shape)

    def _send(self, method: str, path: str, shape: type[_Answer], body: object = None) -> _Answer:
        # What changes something has a body, if only an empty object: a form or a postback has not.
        content = msgspec.json.encode({} if body is None else body, enc_hook=written)
        return self._decoded(self._exchange(method, f"/_sandbox/{path}", content), shape)

    def _call(self, action: str, app_id: str, arguments: dict[str, Any]) -> dict[str, Any]:
        everything = {
            "action": action,
            "appId": app_id,
            "clientKey": self.app(app_id).keys.data_export,
            "apiVersion": API_VERSION,
        } | arguments
        content = self._exchange("POST", "/api", json.dumps(everything).encode())
        return dict(self._decoded(content, dict[str, list[dict[str, Any]]])["response"][0])

    def _exchange(self, method: str, target: str, content: bytes | None = None) -> bytes:
        headers = {"Accept": "application/json"} | self._authorization()
        if content is not None:
            headers["Content-Type"] = "application/json"
        status, _, body = self._wire.send(method, target, headers, content)
        if status < 300:
            return body
        self._raise(status, body)

    def _authorization(self) -> dict[str, str]:
        return {} if self._token is None else {"Authorization": f"Bearer {self._token}"}

    def _raise(self, status: int, body: bytes) -> NoReturn:
        try:
            problem = _decoder(shapes.Problem).decode(body)
            if problem.type.startswith(_PROBLEM_PREFIX):
                raise _error_of(problem.type.removeprefix(_PROBLEM_PREFIX), status, problem.detail)
            message = problem.detail
        except msgspec.DecodeError:
            message = self._refusal_in(body)
        raise _error_of(Refused.code, status, message)

    def _refusal_in(self, body: bytes) -> str:
        try:
            return str(json.loads(body)["response"][0]["error"]["message"])
        except (ValueError, KeyError, IndexError, TypeError):
            self._raise_not_a_sandbox()

    def _decoded(self, content: bytes, shape: type[_Answer]) -> _Answer:
        try:
            return _decoder(shape).decode(content)
        except msgspec.DecodeError:
            self._raise_not_a_sandbox()

    def _raise_not_a_sandbox(self) -> NoReturn:
        raise ServerUnreachable(
            f"what answers at {self.url} is no sandbox of this version; "
            "start one with `postbacks serve`, or pass --url"
        )


def _decoder(shape: type[_Answer]) -> msgspec.json.Decoder[_Answer]:
    # Users call from several threads.
    with BUILDING:
        return msgspec.json.Decoder(shape)


def _error_of(code: str, status: int, message: str) -> PostbacksError:
    for candidate in vars(errors).values():
        if isinstance(candidate, type) and getattr(candidate, "code", None) == code:
            expected: type[PostbacksError] = candidate
            return expected(message)
    # The web layer has codes of its own; code and status are kept.
    refused: type[Refused] = type("Refused", (Refused,), {"code": code, "http_status": status})
    return refused(message)


def _with_query(path: str, **query: object | None) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _segment(name: str) -> str:
    return quote(name, safe="")
