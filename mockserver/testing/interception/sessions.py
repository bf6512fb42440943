"""Answers what plain `requests` sends to Leanplum without a socket.

Only where the session would have used an adapter as `requests` makes it: any other one is the code
of somebody, like one with retries, and is to be run. It comes to the server on loopback.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from mockserver.testing.interception import active
from mockserver.testing.interception.hosts import LEANPLUM_HOSTS, name_of
from mockserver.testing.interception.mocks import is_mocked, let_pass
from mockserver.testing.interception.patches import Patches
from mockserver.testing.interception.refusal import refused

if TYPE_CHECKING:
    import requests

    from mockserver.client.wire import Reply
    from mockserver.receiver.told_answer import ToldAnswer

    #: Answers a call: method, target, header fields, body.
    Answering = Callable[[str, str, dict[str, str], bytes | None], Reply]


def lead_sessions(patches: Patches, sessions: ModuleType) -> None:
    """Put the method in that chooses who sends a request.

    Args:
        patches: Takes it out again.
        sessions: The module `requests.sessions`.
    """
    patches.put_in(sessions.Session, "get_adapter", _get_adapter)


def _get_adapter(replaced: Any) -> Any:
    def get_adapter(session: requests.Session, url: str) -> Any:
        adapter = replaced(session, url)
        one = active.newest()
        if one is None or one.process != os.getpid() or not is_for_leanplum(url):
            return adapter
        if _is_plain(adapter):
            return _leanplum_adapter()
        let_pass(adapter)
        return adapter

    return get_adapter


def is_for_leanplum(url: str) -> bool:
    """Return whether a URL is one of Leanplum's API, whatever its port, path and user."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() in ("http", "https") and (
            name_of(parts.hostname) in LEANPLUM_HOSTS
        )
    except ValueError:
        return False


def _is_plain(adapter: Any) -> bool:
    """Return whether an adapter is as `requests` makes it: nothing of it would be hidden."""
    from requests.adapters import HTTPAdapter

    if type(adapter) is not HTTPAdapter or "send" in vars(adapter):
        return False
    retries = adapter.max_retries
    return retries.total == 0 and retries.read is False


@cache
def _leanplum_adapter() -> Any:
    from requests.adapters import HTTPAdapter
    from requests.models import PreparedRequest, Response

    class LeanplumAdapter(HTTPAdapter):
        """Hands requests to the sandbox instead of to a socket."""

        def send(
            self,
            request: PreparedRequest,
            stream: bool = False,
            timeout: Any = None,
            *more: Any,
            **named: Any,
        ) -> Response:
            if is_mocked(request):
                return super().send(request, stream, timeout, *more, **named)
            return self.build_response(request, raw_answer(request, timeout, _answer))

    return LeanplumAdapter()


def raw_answer(request: requests.PreparedRequest, timeout: Any, answer: Answering) -> Any:
    """Return the answer to a request as urllib3 would.

    Args:
        request: As it is to be sent.
        timeout: As `requests` takes it.
        answer: Answers it.

    Raises:
        RequestException: What `requests` raises if the API was told not to answer properly.
    """
    from io import BytesIO

    from urllib3 import HTTPHeaderDict, HTTPResponse

    from mockserver.testing.told_answers import AnsweredAsTold

    target = f"/{request.path_url.lstrip('/')}"
    body: Any = request.body
    content = body.encode() if isinstance(body, str) else body
    if hasattr(content, "read"):
        content = content.read()
    if content is not None and not isinstance(content, bytes):
        content = bytes(b"".join(cast("Iterable[bytes]", content)))
    headers = {name: str(value) for name, value in request.headers.items()}
    try:
        reply = answer(request.method or "GET", target, headers, content)
    except AnsweredAsTold as told:
        return _as_told(told.told, request, timeout)
    return HTTPResponse(
        body=BytesIO(reply.body),
        headers=HTTPHeaderDict(reply.headers),
        status=reply.status,
        reason=_phrase(reply.status),
        preload_content=False,
    )


def _answer(method: str, target: str, headers: dict[str, str], content: bytes | None) -> Reply:
    def find_app_id() -> str | None:
        from mockserver.net.wsgi_environ import wsgi_environ
        from mockserver.web.app_ids import app_id_of

        body = content or b""
        fields = [("Content-Length", str(len(body)))]
        fields += [each for each in headers.items() if each[0].lower() != "content-length"]
        return app_id_of(
            wsgi_environ(method, target, fields, body, host="x", port=80, multithread=True)
        )

    one = active.whose(find_app_id)
    if one is None:
        raise refused("a call to Leanplum", "its test is over", ["end the thread with the test"])
    return one.answers.answer(method, target, headers, content)


def _as_told(told: ToldAnswer, request: requests.PreparedRequest, timeout: Any) -> Any:
    """Return what the API was told to answer, or raise what `requests` raises then."""
    from http.client import HTTPException

    from requests.exceptions import ConnectionError, ReadTimeout
    from urllib3 import HTTPSConnectionPool
    from urllib3.exceptions import ProtocolError, ReadTimeoutError

    from mockserver.testing.told_answers import ReadTimedOut, raw_response

    read = timeout[1] if isinstance(timeout, tuple) else getattr(timeout, "read_timeout", timeout)
    try:
        return raw_response(told, None if read is None else timedelta(seconds=read))
    except ReadTimedOut as error:
        pool = HTTPSConnectionPool("api.leanplum.com", port=443)
        raise ReadTimeout(ReadTimeoutError(pool, "/api", str(error)), request=request) from None
    except (OSError, HTTPException) as error:
        aborted = ProtocolError("Connection aborted.", error)
        raise ConnectionError(aborted, request=request) from None


def _phrase(status: int) -> str:
    # Who calls with a client has imported it by then.
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
