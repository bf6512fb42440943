"""Names levels, origins, kinds of target and statuses, for cases, results and reports."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How binding a statement is."""

    #: The documentation says so without leaving room.
    MUST = "MUST"
    #: Observed, or said in passing: whoever deviates has a reason.
    SHOULD = "SHOULD"
    #: Allowed, and worth knowing.
    MAY = "MAY"
    #: The documentation is silent; several verdicts are accepted, one is the fake's.
    UNSPECIFIED = "UNSPECIFIED"


class Origin(StrEnum):
    """How a statement is known."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    ASSUMED = "assumed"


class TargetKind(StrEnum):
    """What a case can be aimed at."""

    #: A sandbox: this project's imitation of Leanplum.
    FAKE = "fake"
    #: Leanplum's own API.
    REAL = "real"
    #: An endpoint that receives postbacks.
    ENDPOINT = "partner"


class CaseKind(StrEnum):
    """How a case looks for a deviation."""

    #: One story, the same every time.
    EXAMPLE = "example"
    #: A law, tried on generated values.
    PROPERTY = "property"
    #: Sequences of actions, compared with a small model after each.
    STATEFUL = "stateful"


class Need(StrEnum):
    """What a case needs of its target beyond Leanplum's API."""

    #: A control API, to make events happen and to read what came of them.
    CONTROL = "control API"
    #: A clock that stands still until it is moved.
    MANUAL_CLOCK = "manual clock"
    #: A receiver that listens on a real port.
    SOCKETS = "sockets"
    #: A way to stop the server and to start it again over the same data.
    RESTART = "restart"
    #: Connections of an endpoint that can be looked at one by one.
    CONNECTIONS = "connections"
    #: An endpoint that is reached through TLS, its certificate checked.
    TLS = "TLS"
    #: A way to ask an endpoint what it has stored.
    PROBE = "probe"
    #: Somebody who takes an endpoint down and up again.
    OPERATOR = "operator"
    #: An endpoint that may be sent as many generated values as it takes.
    GENERATED = "generated values"
    #: Postbacks that were recorded somewhere.
    RECORDING = "recording"
    #: An endpoint that may be sent requests which are no POST.
    OTHER_METHODS = "other methods"


class Profile(StrEnum):
    """How much an endpoint is put through; each holds the ones before it."""

    #: What a developer runs again and again: seconds on loopback.
    QUICK = "quick"
    #: Everything that is found out once, before going live.
    FULL = "full"
    #: As many postbacks as the budget allows, at the given rate.
    SOAK = "soak"


class Status(StrEnum):
    """What came of a case."""

    PASS = "PASS"
    FAIL = "FAIL"
    WARN = "WARN"
    INFO = "INFO"
    #: The case does not apply to this target; the reason says why.
    SKIP = "SKIP"
    #: The case applies but could not be tried; counts as a failure at its level.
    UNTESTABLE = "UNTESTABLE"
    #: A fault of the suite itself.
    ERROR = "ERROR"


#: What a deviation is reported as.
DEVIATION_STATUS = {
    Level.MUST: Status.FAIL,
    Level.SHOULD: Status.WARN,
    Level.MAY: Status.INFO,
    Level.UNSPECIFIED: Status.WARN,
}
