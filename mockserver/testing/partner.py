"""Delivers postbacks to an application under test that runs in the same process."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from mockserver.core.durations import duration_of
from mockserver.core.errors import InvalidValue
from mockserver.testing.meant import meant_by
from mockserver.transport.application.base import ApplicationTransport
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.failure import ApplicationFailure

if TYPE_CHECKING:
    from typing import Unpack

    from mockserver.core.names import TimeUnits


class Partner:
    """An application that receives postbacks in this process; made by `Leanplum.partner`.

    Args:
        url_prefix: What the URLs of its postbacks begin with.
        app: A WSGI or ASGI application, or `responses` or one of its `RequestsMock`.
        now: The clock of the sandbox.
        timeout: How long an attempt may take.

    Attributes:
        url_prefix: As given.
        failures: What the application or a view of it raised, oldest first.
        transport: What makes the attempts.

    Raises:
        InvalidValue: `app` is no application, or the prefix no URL.
    """

    def __init__(
        self,
        url_prefix: str,
        app: Any,
        *,
        now: Callable[[], datetime],
        timeout: timedelta,
    ) -> None:
        if not _is_url(url_prefix):
            raise InvalidValue(
                f"{url_prefix!r} is no beginning of a URL; write it like https://partner.example/"
            )
        self.url_prefix = url_prefix
        self._told = _Told()
        self.failures: list[ApplicationFailure] = self._told.failures
        if is_mocks(app):
            from mockserver.testing.mocked_partner import MocksTransport

            self.transport: ApplicationTransport = MocksTransport(
                app, url_prefix, now, lambda attempt: timeout, self._told
            )
            return
        self.transport = application_transport(
            app,
            base_url=url_prefix,
            now=now,
            timeout_of=lambda attempt: timeout,
            on_failure=self._told,
        )

    def accepts(self, url: str) -> bool:
        """Return whether a postback to `url` is for this application.

        Scheme, host, port and whole segments of the path are compared; user info is not.
        """
        return self.transport.accepts(url)

    def spend(self, by: timedelta | str | None = None, **units: Unpack[TimeUnits]) -> None:
        """Let the request under way take this long, e.g. `spend(seconds=45)`.

        The application calls it in place of waiting.
        """
        self.transport.spend(duration_of(by, cast("dict[str, float]", units), "spend"))

    def close(self) -> None:
        """Shut the application down, if it is one of ASGI that can be."""
        self.transport.close()
        self.transport.look()
        self._told.is_over = True


class _Told:
    """Takes what the transport of an application tells.

    Attributes:
        failures: What was raised, oldest first.
        is_over: Whether the application was shut down.
    """

    def __init__(self) -> None:
        self.failures: list[ApplicationFailure] = []
        self.is_over = False

    def __call__(self, failure: ApplicationFailure) -> None:
        """Keep it, or end the test with what it means to pytest."""
        meant = None if failure.place else meant_by(failure.error)
        if meant is not None:
            # It ends the test as if it had been raised there, unless the test expects it.
            raise meant
        self.failures.append(failure)
        if self.is_over:
            # The test that it belongs to is over.
            where = f", in {failure.place}" if failure.place else ""
            warnings.warn(
                f"an application of a test that is over raised{where}:\n{failure.traceback}",
                RuntimeWarning,
                stacklevel=1,
            )


def is_mocks(app: Any) -> bool:
    """Return whether `app` is the module `responses` or a `RequestsMock` of it."""
    responses = sys.modules.get("responses")
    return responses is not None and (app is responses or isinstance(app, responses.RequestsMock))


def _is_url(text: object) -> bool:
    try:
        parts = urlsplit(text if isinstance(text, str) else "")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
