"""Breaks what later attempts send, so that they are other requests than the first."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.kept import Restarted
from contracts.conformance.deviants.patch_points import RECEIVER
from mockserver.core.models import DueAttempt
from mockserver.core.template import milliseconds
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.receiver.in_process import InProcessReceiver, Written

_SHORTEST_CUT = 1_024
_COLUMN = 2_048


def _retried_as(name: str, change: str, url_of: Callable[[DueAttempt, datetime], str]) -> Deviant:
    """Return a fake in which later attempts go to another URL.

    Args:
        name: The name of the deviant.
        change: What it does, as a sentence.
        url_of: Returns the URL of an attempt, given the instant of the event as well.
    """

    class Changed(MemoryLedger):
        def claim(self, until_at: datetime, limit: int) -> list[DueAttempt]:
            return [self._changed(each) for each in super().claim(until_at, limit)]

        def _changed(self, attempt: DueAttempt) -> DueAttempt:
            delivery = self.delivery(attempt.delivery_id)
            if delivery is None or (attempt.number or 1) == 1:
                return attempt
            return attempt._replace(url=url_of(attempt, delivery.event.triggered_at))

    return Deviant(name, "retry", change, ledger=Changed)


class _CutAfterRestart(Restarted):
    def lose(self) -> None:
        for row in self._rows.values():
            row.new = row.new._replace(url=row.new.url[:_COLUMN])


def _now_when_late(attempt: DueAttempt, triggered_at: datetime) -> str:
    if (attempt.number or 1) < 4:
        return attempt.url
    then, now = (str(milliseconds(each)) for each in (triggered_at, attempt.due_at))
    return attempt.url.replace(then, now)


def _raised(attempt: DueAttempt, triggered_at: datetime) -> str:
    return re.sub(r"%[0-9a-f]{2}", lambda found: found[0].upper(), attempt.url)


def _without_empty(attempt: DueAttempt, triggered_at: datetime) -> str:
    return re.sub(r"(?<=[?&])[^=&#?]+=(?:&|(?=#)|$)", "", attempt.url)


class _Numbered(InProcessReceiver):
    def written(self, attempt: DueAttempt) -> Written:
        written = super().written(attempt)
        if (attempt.number or 1) == 1:
            return written
        number = (b"X-Attempt", str(attempt.number).encode())
        return written._replace(headers=(*written.headers, number))


DEVIANTS: tuple[Deviant, ...] = (
    _retried_as(
        "url-cut-when-retried",
        "Of the URL of a retry 1,024 characters are sent.",
        lambda attempt, triggered_at: attempt.url[:_SHORTEST_CUT],
    ),
    Deviant(
        "url-cut-after-a-restart",
        "retry",
        "After a restart 2,048 characters of a URL are left.",
        ledger=_CutAfterRestart,
    ),
    _retried_as(
        "trigger-time-of-a-late-retry",
        "From the fourth attempt on the trigger time is that of the attempt.",
        _now_when_late,
    ),
    Deviant(
        "header-from-the-second-on",
        "retry",
        "From the second attempt on a header tells its number.",
        patches=((RECEIVER, _Numbered),),
    ),
    _retried_as(
        "escapes-raised-when-retried",
        "Escapes in small letters are written in capitals in a retry.",
        _raised,
    ),
    _retried_as(
        "empty-names-lost-when-retried",
        "Names without a value are left out of a retry.",
        _without_empty,
    ),
)
