"""Carries postbacks to an application under test, and loses answers on the way when told to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind, timeout_outcome
from mockserver.sandbox import Sandbox
from mockserver.testing.meant import meant_by
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.failure import ApplicationFailure


class FlakyTransport:
    """The transport to the application, and what happens to postbacks on their way.

    Attributes:
        troubles: What happens to the next attempts, one entry each: `timeout` and `reset` lose
            the answer, `late` brings it after the 30 seconds, `refused` and `503` keep the attempt
            from the application, `dependency` lets something fail that it depends on.
        dependency: Returns what lets that fail as long as it is entered.
        answers: What the application answered, by delivery, also answers that got lost.
        excused: How many of these are a 5xx while what it depends on failed, by delivery.
    """

    #: Results are recorded one by one, because the application may ask the sandbox for them.
    batch = 1

    def __init__(self, sandbox: Sandbox, template: str, story: list[str]) -> None:
        self.troubles: list[str] = []
        self.answers: dict[int, list[Outcome]] = {}
        self.excused: Counter[int] = Counter()
        self.dependency: Callable[[], AbstractContextManager[object]] = nullcontext
        self._sandbox = sandbox
        self._story = story
        parts = urlsplit(template)
        self._base_url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def lead_to(self, app: Any) -> None:
        """Let postbacks arrive at `app` from now on."""
        self._transport = application_transport(
            app,
            base_url=self._base_url,
            now=self._sandbox.now,
            timeout_of=self._timeout_of,
            on_failure=self._failed,
        )

    def accepts(self, url: str) -> bool:
        """Return whether a postback to `url` is the application's."""
        return self._transport.accepts(url)

    def send(self, attempt: DueAttempt) -> Outcome:
        """Make an attempt; the next of the troubles happens to it."""
        which = "once more" if attempt.number is None else f"attempt {attempt.number}"
        told = f"     delivery {attempt.delivery_id}, {which}:"
        trouble = self.troubles.pop(0) if self.troubles else ""
        if trouble in _DOWN:
            self._story.append(f"{told} {trouble}, the application is down")
            return _DOWN[trouble]
        with self.dependency() if trouble == "dependency" else nullcontext():
            outcome = self._transport.send(attempt)
        self.answers.setdefault(attempt.delivery_id, []).append(outcome)
        if trouble == "dependency" and (outcome.status or 0) >= 500:
            self.excused[attempt.delivery_id] += 1
        self._story.append(f"{told} the application answers {outcome.summary}{_REMARKS[trouble]}")
        if trouble in ("", "dependency"):
            return outcome
        return _RESET if trouble == "reset" else timeout_outcome(self._timeout_of(attempt))

    def close(self) -> None:
        """End the application, if it has an end."""
        self._transport.close()

    def _timeout_of(self, attempt: DueAttempt) -> timedelta:
        return self._sandbox.engine.policy_of(attempt.app_id).timeout

    def _failed(self, failure: ApplicationFailure) -> None:
        error = failure.error
        meant = None if failure.place else meant_by(error)
        if meant is not None:
            # It ends the example as if it had been raised there.
            raise meant
        self._story.append(f"     the application raises {type(error).__name__}: {error}")


_REMARKS = {
    "": "",
    "dependency": " without its dependency",
    "late": ", too late",
    "timeout": ", and the answer gets lost (timeout)",
    "reset": ", and the answer gets lost (reset)",
}
_DOWN = {
    "refused": Outcome(OutcomeKind.REFUSED, error="nobody listens: the application is down"),
    "503": Outcome(OutcomeKind.RESPONSE, status=503),
}
_RESET = Outcome(OutcomeKind.RESET, error="the connection was reset before an answer")
