"""Answers the calls of Leanplum's API that the code under test makes with `requests`.

An adapter of our own is put in front of every session. So mocks of `responses` that the test uses
itself still work, inside and outside of this. `requests` is imported only when it is needed.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from mockserver.core.errors import InvalidConfig

if TYPE_CHECKING:
    import requests

    from mockserver.client.wire import Reply
    from mockserver.receiver.told_answer import ToldAnswer

#: The addresses of Leanplum's API; everything below them is answered.
LEANPLUM_API = re.compile(
    r"https?://(?:api|www)\.leanplum\.com(?::\d+)?/api(?=[/?#]|$)", re.IGNORECASE
)

#: Answers a request for Leanplum; it gets the method, the target, the header fields and the body.
CallHandler = Callable[[str, str, dict[str, str], bytes | None], "Reply"]


class Interception:
    """Answers what `requests` sends to Leanplum, from `start` to `stop`.

    It begins at once if `requests` is imported already, or else when that gets imported.

    Args:
        answer: Called for each such request.
        strict: Whether requests to anybody else are refused.

    Raises:
        InvalidConfig: `strict` is asked for and `requests` is not installed.
    """

    def __init__(self, answer: CallHandler, *, strict: bool = False) -> None:
        self._answer = answer
        self._strict = strict
        self._active = ExitStack()
        self._finder: _Watcher | None = None
        self._started = False

    def start(self) -> None:
        """Begin to answer; does nothing if it was begun already."""
        if self._started:
            return
        if self._strict:
            _check_installed("requests")
            self._begin()
        elif sys.modules.get("requests.sessions") is not None:
            self._begin()
        else:
            self._finder = _Watcher("requests.sessions", self._begin)
            sys.meta_path.insert(0, self._finder)
        self._started = True

    def stop(self) -> None:
        """Leave `requests` as it was."""
        self._started = False
        if self._finder is not None and self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        self._active.close()

    def _begin(self) -> None:
        from requests.sessions import Session

        original = Session.get_adapter
        adapter = _adapter_class()(self._answer)
        refusing = _refusing_adapter_class()() if self._strict else None

        def get_adapter(session: requests.Session, url: str) -> Any:
            if LEANPLUM_API.match(url):
                return adapter
            others = original(session, url)
            return others if refusing is None or _is_mocked(others) else refusing

        # Not `unittest.mock`: it imports asyncio, which every test run would wait for.
        Session.get_adapter = get_adapter  # type: ignore[method-assign, assignment]
        self._active.callback(setattr, Session, "get_adapter", original)


@cache
def _adapter_class() -> type[Any]:
    from io import BytesIO

    from requests.adapters import HTTPAdapter
    from requests.models import PreparedRequest, Response
    from urllib3 import HTTPHeaderDict, HTTPResponse

    from mockserver.testing.told_answers import AnsweredAsTold

    class LeanplumAdapter(HTTPAdapter):
        """Hands requests to the sandbox instead of to a socket."""

        def __init__(self, answer: CallHandler) -> None:
            super().__init__()
            self._answer = answer

        def send(
            self,
            request: PreparedRequest,
            stream: bool = False,
            timeout: Any = None,
            *_: Any,
            **__: Any,
        ) -> Response:
            target = f"/{request.path_url.lstrip('/')}"
            body = request.body
            content = body.encode() if isinstance(body, str) else body
            if content is not None and not isinstance(content, bytes):
                content = bytes(b"".join(cast("Iterable[bytes]", content)))
            headers = {name: str(value) for name, value in request.headers.items()}
            try:
                reply = self._answer(request.method or "GET", target, headers, content)
            except AnsweredAsTold as told:
                return self.build_response(request, _as_told(told.told, request, timeout))
            raw = HTTPResponse(
                body=BytesIO(reply.body),
                headers=HTTPHeaderDict(reply.headers),
                status=reply.status,
                reason=_phrase(reply.status),
                preload_content=False,
            )
            return self.build_response(request, raw)

    return LeanplumAdapter


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


@cache
def _refusing_adapter_class() -> type[Any]:
    from requests.adapters import BaseAdapter
    from requests.exceptions import ConnectionError
    from requests.models import PreparedRequest, Response

    class RefusingAdapter(BaseAdapter):
        """Refuses every request."""

        def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
            raise ConnectionError(
                f"{request.method} {request.url} was refused: --leanplum-strict lets requests "
                "reach Leanplum only, and mocks of the test's own",
                request=request,
            )

        def close(self) -> None:
            """Do nothing: there is nothing open."""

    return RefusingAdapter


def _is_mocked(adapter: Any) -> bool:
    """Return whether a mock of the test's own answers: its adapter, or `responses`."""
    from requests.adapters import HTTPAdapter

    if not isinstance(adapter, HTTPAdapter):
        return True
    return HTTPAdapter.send.__module__ != "requests.adapters"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _check_installed(*names: str) -> None:
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        raise InvalidConfig(
            f"--leanplum-strict needs {' and '.join(missing)}; run: pip install {' '.join(missing)}"
        )


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


class _Watcher(importlib.abc.MetaPathFinder):
    """Calls a function as soon as a module has been imported; imports nothing itself."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self._name = name
        self._then = then

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module as usual, and let the function be called after it was executed."""
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def run_and_call(module: ModuleType) -> None:
            run(module)
            self._then()

        spec.loader.exec_module = run_and_call  # type: ignore[method-assign]
        return spec
