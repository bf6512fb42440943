"""Carries one HTTP request to a sandbox: through a socket, or as a call in this process.

The client speaks through a wire, and so does the contract suite, which records what passes.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    BaseHandler,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from mockserver.client.address import DEFAULT_URL as DEFAULT_URL
from mockserver.core.errors import InvalidValue, ServerUnreachable
from mockserver.core.originals import original
from mockserver.net.trust import client_context
from mockserver.net.wsgi_environ import wsgi_environ

#: How long an answer is waited for: longer than the slowest one of the server takes.
TIMEOUT_REAL_SECONDS = 90.0


class Reply(NamedTuple):
    """An HTTP answer of any status.

    Attributes:
        headers: Name and value of each field, in the order in which they were sent.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class GoingOn:
    """An answer that goes on for some time; iterate over its lines, and close it.

    Args:
        answer: As urllib has it.
        url: Of the server, for messages.

    Attributes:
        status: Of the answer.
    """

    def __init__(self, answer: Any, url: str) -> None:
        self._answer = answer
        self._url = url
        self.status: int = int(answer.status)

    def __iter__(self) -> Iterator[bytes]:
        """Yield its lines as they come.

        Raises:
            ServerUnreachable: It breaks off.
        """
        try:
            while line := self._answer.readline():
                yield line
        except (OSError, HTTPException, ValueError) as error:
            raise ServerUnreachable(f"{self._url} has gone ({error})") from None

    def close(self) -> None:
        """Close the connection."""
        self._answer.close()


class Wire(Protocol):
    """A way to a server.

    Attributes:
        url: Where the server is, without a path.
    """

    url: str

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        """Send one request and return its answer.

        Raises:
            ServerUnreachable: Nobody answers.
        """


class HttpWire(Wire):
    """A wire through a socket; it follows no redirect and uses no proxy.

    Args:
        url: Where it answers, without a path.
        timeout_real_seconds: How long to wait for an answer.
        ca_file: A PEM file with the certificates to trust if it is an https URL; the system's
            unless given.

    Raises:
        InvalidValue: `url` is no http URL, or there are no certificates in `ca_file`.
    """

    def __init__(
        self,
        url: str,
        timeout_real_seconds: float = TIMEOUT_REAL_SECONDS,
        ca_file: str | Path | None = None,
    ) -> None:
        self.url = _checked_url(url)
        self._timeout = timeout_real_seconds
        # A proxy or the target of a redirect would see the keys, which are for this server only.
        is_tls = self.url.lower().startswith("https:")
        self._opener = direct_opener(client_context(ca_file) if is_tls else None)

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        request = Request(self.url + target, data=content, headers=dict(headers), method=method)
        try:
            return self._answered(request)
        except (OSError, HTTPException) as error:
            raise ServerUnreachable(self._explained(error)) from None

    def stream(
        self, target: str, headers: Mapping[str, str], silence_real_seconds: float
    ) -> GoingOn:
        """GET what goes on for some time.

        Args:
            target: Path and query.
            headers: Of the request.
            silence_real_seconds: How long nothing may come before the server counts as gone.

        Raises:
            ServerUnreachable: Nobody answers.
        """
        request = Request(self.url + target, headers=dict(headers))
        try:
            answer = self._opener.open(request, timeout=silence_real_seconds)
        except HTTPError as error:
            answer = error
        except (OSError, HTTPException) as error:
            raise ServerUnreachable(self._explained(error)) from None
        return GoingOn(answer, self.url)

    def patient(self, timeout_real_seconds: float) -> HttpWire:
        """Return a wire to the same place that waits so long for an answer."""
        patient = copy(self)
        patient._timeout = timeout_real_seconds  # noqa: SLF001 (our own copy)
        return patient

    def _explained(self, error: Exception) -> str:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, TimeoutError):
            return f"the sandbox at {self.url} took longer than {self._timeout:g} s to answer"
        if isinstance(reason, socket.gaierror):
            return (
                f"the host of {self.url} is not known ({reason.strerror}); start a sandbox with "
                "`postbacks serve`, or pass another --url"
            )
        if isinstance(reason, ssl.SSLCertVerificationError):
            return (
                f"the certificate of {self.url} is not believed: {reason.verify_message}; give the "
                "ca_file with the certificate of the authority that issued it (command line: "
                "--ca-file or POSTBACKS_CA_FILE), or SSL_CERT_FILE"
            )
        if isinstance(reason, ssl.SSLError):
            return (
                f"what answers at {self.url} does not speak TLS as it should: {reason.reason}; "
                "is it at http://?"
            )
        why = ""
        if isinstance(reason, HTTPException | ConnectionResetError) and self.url[:5] == "http:":
            why = ": what is there ended the connection (has it stopped, or is it at https://?)"
        how = "start one with `postbacks serve`, or pass --url"
        return f"no sandbox answers at {self.url}{why}; {how}"

    def _answered(self, request: Request) -> Reply:
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return Reply(answer.status, answer.headers.items(), bytes(answer.read()))
        except HTTPError as error:
            # Any status is an answer. An answer that breaks off while it is read is an error.
            with error:
                return Reply(error.code, error.headers.items(), error.read())


class WsgiWire:
    """A wire to a WSGI application in this process.

    Args:
        app: The application.
        url: The address that the application is told to have.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], url: str = "http://localhost") -> None:
        self.url = url
        self._app = app
        self._host = urlsplit(url).netloc

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        """Call the application with one request; what it raises is passed on."""
        return self.call(self.environ(method, target, headers, content or b""))

    def call(self, environ: dict[str, Any]) -> Reply:
        """Call the application with the environment of a request; what it raises is passed on."""
        started: list[tuple[int, list[tuple[str, str]]]] = []

        def start(status: str, fields: list[tuple[str, str]], error: Any = None) -> None:
            started.append((int(status[:3]), list(fields)))

        chunks = self._app(environ, start)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, fields = started[-1]
        return Reply(status, fields, body)

    def environ(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes
    ) -> dict[str, Any]:
        """Return the environment of a request, which may be added to before it is called."""
        host, _, port = self._host.partition(":")
        fields = {"Host": self._host, **headers, "Content-Length": str(len(content))}
        return wsgi_environ(
            method,
            target,
            fields.items(),
            content,
            host=host,
            port=port or "80",
            multithread=True,
        )


def direct_opener(context: ssl.SSLContext | None = None) -> OpenerDirector:
    """Return an opener of URLs that uses no proxy and follows no redirect.

    What records or replays the calls of `http.client`, like a cassette of vcrpy, sees none of its.

    Args:
        context: What it speaks TLS with; as Python does unless given.
    """
    plain = original(http.client.HTTPConnection, "http.client", "HTTPConnection")
    handlers: list[BaseHandler] = [_Plain(plain)]
    if context is not None:
        handlers.append(_OverTls(plain, context))
    return build_opener(ProxyHandler({}), _NoRedirects, *handlers)


class _Plain(HTTPHandler):
    def __init__(self, connection: type[http.client.HTTPConnection]) -> None:
        super().__init__()
        self._connection = connection

    def http_open(self, request: Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, request)


class _OverTls(HTTPSHandler):
    def __init__(
        self, connection: type[http.client.HTTPConnection], context: ssl.SSLContext
    ) -> None:
        super().__init__(context=context)

        # `http.client.HTTPSConnection` looks its own name up in order to find its base, and would
        # find the stand-in.
        class OverTls(connection):  # type: ignore[misc, valid-type]
            default_port = 443

            def connect(self) -> None:
                super().connect()
                opened: Any = vars(self)["sock"]
                self.sock = context.wrap_socket(opened, server_hostname=self.host)

        self._connection = OverTls

    def https_open(self, request: Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, request)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or any(character.isspace() for character in url):
        raise InvalidValue(f"{url!r} is no URL of a sandbox; write it like {DEFAULT_URL}")
    return url.rstrip("/")
