"""Builds fakes that do otherwise what Leanplum's documentation leaves open; no MUST fails on one.

They are no deviants: what they do is documented as well, or nothing is documented about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Response

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import ENVELOPE, under_policy
from mockserver.core.assumed import AssumedAnswers
from mockserver.core.retry import DEFAULT_RETRY_ON, RetryPolicy
from mockserver.sandbox import Sandbox
from mockserver.web.leanplum_calls import envelope

_BEYOND = ("already, which is the maximum", "type", "channel")


def _skipping(remark: str) -> Any:
    """Return what answers 200 where a well-formed addPostback is not carried out."""

    def answer(document: dict[str, Any], status: int = 200) -> Response:
        message = document.get("error", {}).get("message", "")
        if status == 400 and any(word in message for word in _BEYOND) and "missing" not in message:
            return envelope({"success": True, remark: {"message": message}})
        return envelope(document, status)

    return answer


def _answering(answers: AssumedAnswers) -> type[Sandbox]:
    class Answering(Sandbox):
        def __init__(self, **settings: Any) -> None:
            super().__init__(answers=answers, **settings)

    return Answering


def _delayed(name: str, change: str, hours: Sequence[float]) -> Deviant:
    policy = RetryPolicy(tuple(timedelta(hours=each) for each in hours))
    return Deviant(name, "retry", change, sandbox=under_policy(policy))


def _growing(factor: float) -> list[float]:
    return [min(10.0, factor**number) for number in range(9)]


ALLOWED: tuple[Deviant, ...] = (
    Deviant(
        "skips-with-a-warning",
        "rules",
        "What cannot be added is received and skipped, with a warning.",
        patches=((ENVELOPE, _skipping("warning")),),
    ),
    Deviant(
        "skips-with-an-error",
        "rules",
        "What cannot be added is received and skipped, with an error.",
        patches=((ENVELOPE, _skipping("error")),),
    ),
    _delayed("grows-by-half", "Each delay is half as long again, up to ten hours.", _growing(1.5)),
    _delayed("grows-threefold", "Each delay is three times as long.", _growing(3)),
    _delayed(
        "grows-to-ten-at-the-end",
        "The last delay is the first of ten hours.",
        [*(10 ** (number / 8) for number in range(8)), 10.0],
    ),
    _delayed("ten-hours-at-once", "From the second on, each delay is ten hours.", [1, *[10] * 8]),
    Deviant(
        "not-found",
        "api",
        "An app, and a rule, that does not exist is answered 404.",
        sandbox=_answering(AssumedAnswers("not-found", "not-found")),
    ),
    Deviant(
        "retries-5xx-only",
        "retry",
        "Nothing but a 5xx is tried again.",
        sandbox=under_policy(RetryPolicy(retry_on=frozenset({"5xx"}))),
    ),
    Deviant(
        "retries-429-and-408",
        "retry",
        "A 408 and a 429 are tried again as well.",
        sandbox=under_policy(RetryPolicy(retry_on=DEFAULT_RETRY_ON | {"408", "429"})),
    ),
    Deviant(
        "key-status-400",
        "api",
        "A wrong key is answered with the status 400.",
        patches=(("mockserver.web.leanplum.InvalidAccessKey.http_status", 400),),
    ),
)
