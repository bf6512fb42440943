"""Checks which of an app's access keys opens the postback methods."""

from __future__ import annotations

from contracts.conformance.api import ApiAnswer, expect_accepted, expect_refused
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import FAKE_AND_REAL, case
from contracts.suite.vocabulary import Level, Origin

ORDER = 20

MESSAGE = "Invalid access key"


def _expect_invalid_key(answer: ApiAnswer, what: str, rec: Recorder) -> None:
    expect_refused(answer, what, rec)
    rec.expect(MESSAGE, answer.error, "client code tells a bad key by this message")


@case(
    "PB-API-KEY-WRONG",
    "A wrong key is answered `Invalid access key`",
    why="It is how client code and support tell a bad key from a bad call.",
    fix="Refuse unknown keys with exactly this message.",
    catches=["any-key-accepted", "key-message-other"],
    targets=FAKE_AND_REAL,
    most_requests=1,
)
def wrong(target: Target, rec: Recorder) -> None:
    """Calls listPostbacks with a key that nobody has."""
    answer = target.app.call("listPostbacks", clientKey="no-such-key")
    _expect_invalid_key(answer, "a key that nobody has", rec)


@case(
    "PB-API-KEY-CLASS",
    "Only the data export key opens the postback methods",
    why="The production key is the one people have at hand; it does not work at Leanplum.",
    fix="Accept the app's data export key for these methods and refuse its other keys.",
    catches=["any-key-class-accepted"],
)
def key_class(target: Target, rec: Recorder) -> None:
    """Tries each of the app's five keys on all three methods."""
    app = target.app
    expect_accepted(app.call("listPostbacks"), "the data export key", rec)
    others = {
        "production": app.keys.production,
        "development": app.keys.development,
        "content read-only": app.keys.content_read_only,
        "content read-write": app.keys.content_read_write,
    }
    url = "https://postbacks-contracts.invalid/in"
    for name, key in others.items():
        for action, arguments in (
            ("addPostback", {"type": "messageEvents", "postbackUrl": url}),
            ("listPostbacks", {}),
            ("deletePostback", {"postbackId": 1_234_567_890_123_456}),
        ):
            answer = app.call(action, clientKey=key, **arguments)
            _expect_invalid_key(answer, f"{action} with the {name} key", rec)
    rec.expect([], app.rules(), "a refused call changes nothing")


@case(
    "PB-API-KEY-OTHER-APP",
    "The key of another app is answered `Invalid access key`",
    why="Staging and production apps have different keys, and they get mixed up.",
    fix="Compare the key with the keys of the app that appId names.",
    catches=["other-apps-key-accepted"],
)
def other_app(target: Target, rec: Recorder) -> None:
    """Calls listPostbacks of one app with the data export key of another, both ways."""
    one, other = target.app, target.another_app()
    for app, foreign in ((one, other), (other, one)):
        answer = app.call("listPostbacks", clientKey=foreign.keys.data_export)
        _expect_invalid_key(answer, "another app's data export key", rec)


@case(
    "PB-API-KEY-STATUS",
    "`Invalid access key` has status 403",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Client code that looks at the status alone.",
    fix="Nothing is documented beyond 4xx; the fake answers 403.",
    catches=["key-status-401"],
    targets=FAKE_AND_REAL,
    most_requests=1,
)
def status(target: Target, rec: Recorder) -> None:
    """Looks at the status of the answer to a wrong key."""
    answer = target.app.call("listPostbacks", clientKey="no-such-key")
    rec.expect_verdict(
        str(answer.status),
        "403",
        {"403": "forbidden", "401": "unauthorised", "400": "bad request"},
        "the documentation says no more than 4xx",
    )


@case(
    "PB-API-APP-UNKNOWN",
    "An app that does not exist is answered like a wrong key",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Client code that tells a misspelt app id from a bad key by the status.",
    fix="Nothing is documented; recorded answers of other methods have 404. The knob of the fake "
    "is unknown_app.",
    catches=["unknown-app-not-found", "unknown-app-accepted"],
    targets=FAKE_AND_REAL,
    most_requests=1,
)
def unknown_app(target: Target, rec: Recorder) -> None:
    """Calls listPostbacks with an app id that nobody has."""
    answer = target.app.call("listPostbacks", appId=f"{target.app.app_id}-that-is-not-there")
    expect_refused(answer, "an app that does not exist", rec)
    promised = f"403 {MESSAGE}"
    seen = f"{answer.status} {MESSAGE}" if answer.error == MESSAGE else str(answer.status)
    accepted = {promised: "like a wrong key", "404": "not found"}
    if answer.status < 500:
        accepted.setdefault(seen, "a 4xx, as every refusal")
    rec.expect_verdict(
        seen,
        promised,
        accepted,
        f"answered {answer.in_short()}",
    )
