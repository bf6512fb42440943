"""Breaks endpoints in their answers: no 2xx, a 2xx by mistake, or too late."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import NOWHERE, EndpointVariant, in_process
from contracts.verify.endpoints.shop import PATH, Row, Shop, ShopAnswer, Store
from mockserver.core.catalog import IN_APP_TEMPLATE_EVENTS
from mockserver.core.clock import ManualClock

#: The only events that this endpoint knows.
_EXPECTED = frozenset({"Send", "Delivered", "Open", "Click", "Bounce", "Unsubscribe", "View"})

_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_JSON = (("Content-Type", "application/json"),)
_LOGIN_PAGE = (
    b"<!doctype html><html><head><title>Sign in</title></head><body><form method='post'>"
    b"<input name='email'><input name='password' type='password'></form></body></html>"
)
_ERROR_PAGE = (
    b"<!doctype html><html><head><title>Service unavailable</title></head>"
    b"<body><h1>We will be back soon</h1></body></html>"
)


class _NeedsJsonBody(Shop):
    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        try:
            json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        except ValueError:
            return ShopAnswer(400, _JSON, b'{"message": "the body is no JSON"}')
        return super().receive(environ)


class _NeedsContentType(Shop):
    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        if not environ.get("CONTENT_TYPE"):
            return ShopAnswer(415)
        return super().receive(environ)


class _OnlyGet(Shop):
    def methods(self) -> tuple[str, ...]:
        return ("GET",)


class _WantsAuthorization(Shop):
    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        if "HTTP_AUTHORIZATION" not in environ:
            return ShopAnswer(401, (("WWW-Authenticate", 'Basic realm="shop"'),))
        return super().receive(environ)


class _WantsCsrfToken(Shop):
    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        if "HTTP_X_CSRFTOKEN" not in environ:
            return ShopAnswer(403, _HTML, b"<p>CSRF verification failed. Request aborted.</p>")
        return super().receive(environ)


class _WantsUserAgent(Shop):
    def handle(self, environ: Mapping[str, Any]) -> ShopAnswer:
        # Some web application firewalls take a client without a User-Agent for a scanner.
        if not environ.get("HTTP_USER_AGENT"):
            return ShopAnswer(403)
        return super().handle(environ)


class _RefusesUnknownEvents(Shop):
    def check(self, row: Row) -> ShopAnswer | None:
        return None if row.get("event") in _EXPECTED else ShopAnswer(422)


class _FailsOnHeldBack(Shop):
    def keep(self, row: Row) -> bool:
        # A message that was held back was never sent, so the endpoint finds no message.
        if row.get("event") == "Held Back":
            raise LookupError("no message was sent that this event belongs to")
        return super().keep(row)


class _RefusesUnknownTemplates(Shop):
    def check(self, row: Row) -> ShopAnswer | None:
        template = row.get("template")
        return ShopAnswer(400) if template and template not in IN_APP_TEMPLATE_EVENTS else None


class _AlwaysAnswers(Shop):
    def __init__(self, store: Store, clock: ManualClock, answer: ShopAnswer) -> None:
        super().__init__(store, clock)
        self._always = answer

    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        return self._always


class _RedirectsToSlash(Shop):
    def handle(self, environ: Mapping[str, Any]) -> ShopAnswer:
        if not environ["PATH_INFO"].endswith("/"):
            return _redirect(301, f"{environ['PATH_INFO']}/?{environ['QUERY_STRING']}")
        return super().handle(dict(environ) | {"PATH_INFO": PATH})


class _RedirectsToHttps(Shop):
    def handle(self, environ: Mapping[str, Any]) -> ShopAnswer:
        if environ["wsgi.url_scheme"] != "https":
            target = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
            return _redirect(308, f"https://{environ['HTTP_HOST']}{target}")
        return super().handle(environ)


class _RedirectsToLogin(Shop):
    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        if "HTTP_COOKIE" not in environ:
            return _redirect(302, f"/login?next={environ['PATH_INFO']}")
        return super().receive(environ)


class _Takes(Shop):
    """Answers some postbacks late, and stores them all the same.

    Args:
        duration: How long a late answer takes.
        every: 1 if all answers are late, 7 if every seventh is, and so on.
    """

    def __init__(
        self, store: Store, clock: ManualClock, duration: timedelta, every: int = 1
    ) -> None:
        super().__init__(store, clock)
        self._duration = duration
        self._every = every
        self._number = 0

    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        answer = super().receive(environ)
        self._number += 1
        if self._number % self._every == 0:
            self.spend(self._duration)
        return answer


class _NeverAnswers(Shop):
    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        # A client that waits for ten minutes gets the 503 of a server in front.
        self.spend(timedelta(minutes=10))
        return ShopAnswer(503)


def _redirect(status: int, location: str) -> ShopAnswer:
    return ShopAnswer(status, (("Location", location),))


def _always(name: str, change: str, answer: ShopAnswer) -> EndpointVariant:
    return EndpointVariant(
        name, "answer", change, in_process(partial(_AlwaysAnswers, answer=answer))
    )


def _taking(name: str, change: str, seconds: float, every: int = 1) -> EndpointVariant:
    make = partial(_Takes, duration=timedelta(seconds=seconds), every=every)
    return EndpointVariant(name, "answer", change, in_process(make))


def _answering(
    name: str, change: str, make: Callable[[Store, ManualClock], Any], area: str = "answer"
) -> EndpointVariant:
    return EndpointVariant(name, area, change, in_process(make))


DEVIANTS: tuple[EndpointVariant, ...] = (
    _answering("needs-json-body", "A body that is no JSON is answered 400.", _NeedsJsonBody),
    _answering(
        "needs-content-type", "A request without a Content-Type gets a 415.", _NeedsContentType
    ),
    _answering("only-get", "The route takes GET, and a POST is answered 405.", _OnlyGet),
    _answering(
        "wants-authorization", "Whoever does not log in is answered 401.", _WantsAuthorization
    ),
    _answering(
        "wants-a-csrf-token",
        "A POST without the token of a form is answered 403.",
        _WantsCsrfToken,
    ),
    _answering(
        "wants-a-user-agent",
        "A request without a User-Agent is taken for a scanner's, and gets a 403.",
        _WantsUserAgent,
    ),
    EndpointVariant(
        "refuses-unknown-events",
        "answer",
        "An event that nobody wanted a report of is answered 422.",
        in_process(_RefusesUnknownEvents),
        recording=(f"{NOWHERE}{PATH}?user=u-1&event=Deferred&at=1767225600000",),
    ),
    _answering(
        "fails-on-held-back",
        "An event of a message that was never sent ends in an exception.",
        _FailsOnHeldBack,
    ),
    _answering(
        "refuses-unknown-templates",
        "An in-app template that is none of Leanplum's own is answered 400.",
        _RefusesUnknownTemplates,
    ),
    _always(
        "login-page-with-200",
        "Whoever is not logged in is shown the login page, with a 200.",
        ShopAnswer(200, _HTML, _LOGIN_PAGE),
    ),
    _always(
        "error-page-with-200",
        "What goes wrong is shown on a page of its own, with a 200.",
        ShopAnswer(200, _HTML, _ERROR_PAGE),
    ),
    _always(
        "error-in-json-with-200",
        "What goes wrong is told in JSON, with a 200.",
        ShopAnswer(200, _JSON, b'{"success": false, "error": "no connection to the database"}'),
    ),
    _answering(
        "redirects-to-slash",
        "A path without a slash at the end is redirected to the one with it.",
        _RedirectsToSlash,
        area="reach",
    ),
    _answering(
        "redirects-to-https", "Plain HTTP is redirected to HTTPS.", _RedirectsToHttps, area="reach"
    ),
    _answering(
        "redirects-to-login",
        "Whoever has no session is redirected to the login page.",
        _RedirectsToLogin,
        area="reach",
    ),
    _taking("takes-half-a-second-too-long", "Every answer takes 30.5 seconds.", 30.5),
    _taking(
        "now-and-then-too-late", "Every seventh answer waits 40 seconds for a lock.", 40, every=7
    ),
    _answering("never-answers", "A request is worked on for ten minutes.", _NeverAnswers),
    _taking("takes-twelve-seconds", "Every answer takes 12 seconds.", 12),
)
