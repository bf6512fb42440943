"""Holds the one tree of errors that this package raises on purpose.

Each has a stable `code`; the command line writes an error as text, the web as JSON.
"""

from __future__ import annotations

from typing import ClassVar


class PostbacksError(Exception):
    """Something the user can put right; the message says what, where and how.

    Attributes:
        code: A stable, dashed name of the kind of error, e.g. `invalid-template`.
        http_status: The status the control API answers with.
        exit_code: What a command that meets it ends with.
    """

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 400
    exit_code: ClassVar[int] = 1


class InvalidValue(PostbacksError):
    """A value that was handed in is not one of those that are possible."""

    code = "invalid-value"


class InvalidTemplate(PostbacksError):
    """A postbackUrl that Leanplum could not have meant, with the mistake named."""

    code = "invalid-template"


class InvalidEvent(PostbacksError):
    """An event that no channel of Leanplum's can produce."""

    code = "invalid-event"


class InvalidScenario(PostbacksError):
    """A line of a scenario that cannot be played, with file, line and field named."""

    code = "invalid-scenario"
    exit_code = 2


class InvalidBehaviour(PostbacksError):
    """A description of what the receiver should do that cannot be read."""

    code = "invalid-behaviour"


class InvalidConfig(PostbacksError):
    """A configuration file or environment variable that cannot be read."""

    code = "invalid-config"
    exit_code = 2


class UnknownApp(PostbacksError):
    """No app is registered under this app id."""

    code = "unknown-app"
    http_status = 404


class LastApp(PostbacksError):
    """The only app of a sandbox is to be deleted, and a sandbox without one is of no use."""

    code = "last-app"
    http_status = 409


class UnknownDelivery(PostbacksError):
    """No delivery has this id."""

    code = "unknown-delivery"
    http_status = 404


class RuleLimitReached(PostbacksError):
    """The app has as many postback rules as it may have (documented: three)."""

    code = "rule-limit-reached"
    http_status = 409


class AdvanceInProgress(PostbacksError):
    """The clock is being moved already; a second mover would break its order."""

    code = "advance-in-progress"
    http_status = 409


class ClockCannotGoBack(PostbacksError):
    """The target of an advance lies before the present of the clock."""

    code = "clock-cannot-go-back"


class RunawaySchedule(PostbacksError):
    """An advance made more attempts than its budget allows."""

    code = "runaway-schedule"
    http_status = 409


class LedgerUnusable(PostbacksError):
    """The ledger cannot be opened: wrong schema, another owner, or no such place."""

    code = "ledger-unusable"
    http_status = 503


class ServerUnreachable(PostbacksError):
    """No sandbox answers at the URL the client was given."""

    code = "server-unreachable"
    http_status = 502
    exit_code = 3


class AddressUnavailable(PostbacksError):
    """A server could not listen at the address it was given."""

    code = "address-unavailable"
    http_status = 503
