"""What the endpoints with broken answers do otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from contracts.verify.endpoints import answers
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint
from mockserver.core.outcome import OutcomeKind

from .visiting import DEVIANTS, Probe, Visitor, compare, name_of, names_of, raised, status_of


def _body_has(text: bytes) -> Callable[[Visitor], object]:
    def look(visitor: Visitor) -> object:
        outcome = visitor.send()
        return outcome.status, text in outcome.body, len(visitor.rows)

    return look


def _location(visitor: Visitor) -> object:
    outcome = visitor.send(user="u", device="", parameters="{}")
    location = dict(outcome.headers).get("Location", "")
    return outcome.status, location.partition("?")[0], len(visitor.rows)


def _seconds(visitor: Visitor) -> object:
    outcome = visitor.send()
    return outcome.kind, outcome.elapsed.total_seconds(), len(visitor.rows)


def _seconds_of_eight(visitor: Visitor) -> object:
    return [visitor.send(user=f"u-{each}").elapsed.total_seconds() for each in range(8)]


_RESPONSE, _TIMEOUT = OutcomeKind.RESPONSE, OutcomeKind.TIMEOUT

PROBES = (
    Probe("needs-json-body", status_of(), 200, 400),
    Probe("needs-content-type", status_of(), 200, 415),
    Probe("only-get", status_of(), 200, 405),
    Probe("wants-authorization", status_of(), 200, 401),
    Probe("wants-a-csrf-token", status_of(), 200, 403),
    Probe("wants-a-user-agent", status_of(), 200, 403),
    Probe("refuses-unknown-events", status_of(event="Deferred"), 200, 422),
    Probe("fails-on-held-back", status_of(event="Held Back"), 200, 500),
    Probe("refuses-unknown-templates", status_of(template="Spring sale wheel"), 200, 400),
    Probe("login-page-with-200", _body_has(b"password"), (200, False, 1), (200, True, 0)),
    Probe("error-page-with-200", _body_has(b"unavailable"), (200, False, 1), (200, True, 0)),
    Probe("error-in-json-with-200", _body_has(b'"error"'), (200, False, 1), (200, True, 0)),
    Probe("redirects-to-slash", _location, (200, "", 1), (301, "/in/", 0)),
    Probe("redirects-to-https", _location, (200, "", 1), (308, "https://endpoint.test/in", 0)),
    Probe("redirects-to-login", _location, (200, "", 1), (302, "/login", 0)),
    Probe("takes-half-a-second-too-long", _seconds, (_RESPONSE, 0.0, 1), (_TIMEOUT, 30.0, 1)),
    Probe("now-and-then-too-late", _seconds_of_eight, [0.0] * 8, [0.0] * 6 + [30.0, 0.0]),
    Probe("never-answers", _seconds, (_RESPONSE, 0.0, 1), (_TIMEOUT, 30.0, 0)),
    Probe("takes-twelve-seconds", _seconds, (_RESPONSE, 0.0, 1), (_RESPONSE, 12.0, 1)),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    compare(probe)


def test_each_is_proved() -> None:
    assert names_of(PROBES) == {deviant.name for deviant in answers.DEVIANTS}


@pytest.mark.parametrize("name", ["takes-half-a-second-too-long", "never-answers"])
def test_the_time_is_that_of_the_clock(name: str) -> None:
    with DeviantEndpoint(DEVIANTS[name]) as served:
        outcome = Visitor(served).send()
    assert outcome.elapsed == timedelta(seconds=30)
    assert outcome.elapsed_real_seconds < 5


@pytest.mark.parametrize("name", ["refuses-unknown-events", "refuses-unknown-templates"])
@pytest.mark.parametrize("event", ["Send", "Open", "Click", "View"])
def test_what_everybody_knows_is_taken(name: str, event: str) -> None:
    compare(Probe(name, status_of(event=event, template="Banner"), 200, 200))


def test_a_path_with_a_slash_is_where_the_postbacks_are_taken() -> None:
    with DeviantEndpoint(DEVIANTS["redirects-to-slash"]) as served:
        visitor = Visitor(served)
        (outcome,) = visitor.endpoint.post([visitor.url().replace("/in?", "/in/?")])
        assert (outcome.status, len(visitor.rows)) == (200, 1)


def test_a_message_that_was_held_back_is_an_exception() -> None:
    with DeviantEndpoint(DEVIANTS["fails-on-held-back"]) as served:
        assert raised(Visitor(served), event="Held Back") == [
            "no message was sent that this event belongs to"
        ]
