"""Delivers postbacks to what a test has registered with `responses`.

An answer is an answer. What a mock raises as `requests` would is what came of the attempt; whatever
else it raises is a failure of the test's own code, as in an application.
"""

from __future__ import annotations

from typing import Any

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import OutcomeKind
from mockserver.testing.interception.mocks import active_mocks
from mockserver.transport.application.base import ApplicationTransport
from mockserver.transport.application.exchange import ApplicationExchange, checked_headers
from mockserver.transport.application.request import ApplicationRequest


class MocksTransport(ApplicationTransport):
    """Sends postbacks to mocks of `responses`; see `application_transport`.

    They answer whether they are active or not.
    """

    def close(self) -> None:
        """Do nothing: the mocks are the test's."""

    def _answer(
        self, attempt: DueAttempt, request: ApplicationRequest, exchange: ApplicationExchange
    ) -> None:
        from requests import RequestException

        # The functions of the module are those of an object in it.
        mocks = getattr(self._app, "mock", self._app)
        is_started = active_mocks() is not mocks
        if is_started:
            mocks.start()
        try:
            response = _post(attempt.url)
            exchange.begin(response.status_code, checked_headers(response.raw.headers.items()))
            exchange.keep(response.content)
            exchange.end()
        except RequestException as error:
            kind = _kind_of(error)
            if kind is OutcomeKind.TIMEOUT:
                exchange.spend(self._timeout_of(attempt))
            exchange.fail(error, kind)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            exchange.fail(error)
        finally:
            if is_started:
                mocks.stop(allow_assert=False)

    def _tell(
        self,
        attempt: DueAttempt,
        error: BaseException,
        place: str = "",
        *,
        answered: int | None = None,
    ) -> None:
        from requests import RequestException

        # What a mock was told to raise is an outcome, and no failure.
        if not isinstance(error, RequestException):
            super()._tell(attempt, error, place, answered=answered)


def _post(url: str) -> Any:
    from requests import PreparedRequest
    from requests.adapters import HTTPAdapter
    from requests.exceptions import ConnectionError

    class NoSocket(HTTPAdapter):
        """Sends what mocks answer, and nothing that they let pass."""

        def get_connection_with_tls_context(self, request: Any, *_: Any, **__: Any) -> Any:
            raise ConnectionError(
                "the mocks let this pass (add_passthru), and `leanplum.partner` sends to mocks "
                "only; leave the partner out",
                request=request,
            )

        def get_connection(self, url: Any, *_: Any, **__: Any) -> Any:
            return self.get_connection_with_tls_context(None)

    request = PreparedRequest()
    request.prepare("POST", url.partition("#")[0], headers={"Accept": "*/*"})
    return NoSocket().send(request)


def _kind_of(error: BaseException) -> OutcomeKind:
    from requests import exceptions

    if isinstance(error, exceptions.Timeout):
        return OutcomeKind.TIMEOUT
    if isinstance(error, exceptions.SSLError):
        return OutcomeKind.TLS
    if isinstance(error, exceptions.ChunkedEncodingError | exceptions.ContentDecodingError):
        return OutcomeKind.RESET
    inner = [each for each in error.args if isinstance(each, ConnectionResetError)]
    if inner or "Connection aborted" in str(error):
        return OutcomeKind.RESET
    return OutcomeKind.REFUSED
