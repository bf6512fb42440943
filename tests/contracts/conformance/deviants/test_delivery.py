"""What the deviants about deliveries do otherwise."""

from collections.abc import Callable

import pytest

from mockserver.web.shapes import ReceivedJson

from .acting import Actor, Probe, compare, name_of, prove


def _request(actor: Actor) -> ReceivedJson:
    actor.add(actor.inbox() + "?u={{User ID}}")
    actor.fire(user_id="ada")
    return actor.requests()[0]


def _header_names(actor: Actor) -> list[str]:
    return [header.name for header in _request(actor).headers]


def _method(actor: Actor) -> tuple[str, str]:
    request = _request(actor)
    return request.method, request.target


def _body(actor: Actor) -> tuple[str, list[str]]:
    request = _request(actor)
    lengths = [header.value for header in request.headers if header.name == "Content-Length"]
    return request.body, lengths


def _authorization(actor: Actor) -> list[str]:
    actor.add(actor.inbox().replace("://", "://ada:secret@"))
    actor.fire()
    headers = actor.requests()[0].headers
    return [header.value for header in headers if header.name.lower() == "authorization"]


def _outcome(behaviour: str) -> Callable[[Actor], tuple[str, float]]:
    def look(actor: Actor) -> tuple[str, float]:
        actor.add(actor.inbox(behaviour))
        attempt = actor.fire()[0].attempts[0]
        return attempt.outcome, attempt.elapsed_seconds

    return look


def _state_after(status: int) -> Callable[[Actor], str]:
    return lambda actor: actor.failing(str(status)).state


def _redirected(actor: Actor) -> tuple[str, int, int]:
    elsewhere = actor.inbox("200", "elsewhere")
    actor.add(actor.inbox(f"redirect:{elsewhere}"))
    (delivery,) = actor.fire()
    return delivery.state, len(actor.requests()), len(actor.requests("elsewhere"))


def _sent_to_metadata(actor: Actor) -> tuple[str, str]:
    actor.add("http://169.254.169.254/latest")
    (delivery,) = actor.fire()
    return delivery.attempts[0].outcome, delivery.state


def _fired(actor: Actor) -> tuple[int, int, int]:
    """Return how many deliveries, attempts and requests two rules come to."""
    url = actor.inbox()
    actor.add(url)
    actor.add(url)
    deliveries = actor.fire()
    attempts = sum(len(delivery.attempts) for delivery in deliveries)
    return len(deliveries), attempts, len(actor.requests())


_PLAIN = ["Host", "Accept", "Content-Length"]
_TIMEOUT = ("timeout", 30.0)

PROBES = (
    Probe("get-instead-of-post", _method, ("POST", "/inbox/in?u=ada"), ("GET", "/inbox/in?u=ada")),
    Probe("body-with-json", _body, ("", ["0"]), ('{"u": "ada"}', ["12"])),
    Probe("signature-header", _header_names, _PLAIN, [*_PLAIN, "X-Leanplum-Signature"]),
    Probe("user-agent-header", _header_names, _PLAIN, [*_PLAIN, "User-Agent"]),
    Probe("user-info-dropped", _authorization, ["Basic YWRhOnNlY3JldA=="], []),
    Probe("only-200-is-success", _state_after(204), "delivered", "rejected"),
    Probe("timeout-29", _outcome("200@29500ms"), ("response", 29.5), ("timeout", 29.0)),
    Probe("timeout-31", _outcome("200@30500ms"), _TIMEOUT, ("response", 30.5)),
    Probe("timeout-just-after-30", _outcome("200@30s"), _TIMEOUT, ("response", 30.0)),
    Probe("timeout-60", _outcome("200@59s"), _TIMEOUT, ("response", 59.0)),
    Probe("timeout-per-read", _outcome("drip@2s"), _TIMEOUT, ("response", 2.0)),
    Probe("redirect-followed", _redirected, ("rejected", 1, 0), ("delivered", 1, 1)),
    Probe("metadata-allowed", _sent_to_metadata, ("blocked", "rejected"), ("refused", "pending")),
    Probe("only-first-rule-fires", _fired, (2, 2, 2), (1, 1, 1)),
    Probe("fires-twice", _fired, (2, 2, 2), (4, 4, 4)),
    Probe("attempts-twice", _fired, (2, 2, 2), (2, 2, 4)),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize("name", ["timeout-29", "timeout-31", "timeout-60", "timeout-per-read"])
def test_a_prompt_answer_is_in_time_for_all(name: str) -> None:
    compare(Probe(name, _outcome("200@5s"), ("response", 5.0), ("response", 5.0)))


@pytest.mark.parametrize("behaviour", ["200@31s", "drip@30s", "hang"])
def test_a_pause_of_thirty_seconds_is_a_timeout_for_each_read_too(behaviour: str) -> None:
    compare(Probe("timeout-per-read", _outcome(behaviour), _TIMEOUT, _TIMEOUT))


@pytest.mark.parametrize(("status", "state"), [(200, "delivered"), (404, "rejected")])
def test_other_statuses_stay_what_they_are(status: int, state: str) -> None:
    compare(Probe("only-200-is-success", _state_after(status), state, state))


def test_a_redirect_to_somewhere_else_is_not_followed() -> None:
    def look(actor: Actor) -> str:
        return actor.failing("redirect:https://example.invalid/").state

    compare(Probe("redirect-followed", look, "rejected", "rejected"))


def test_an_address_that_is_allowed_is_refused_as_before() -> None:
    def look(actor: Actor) -> str:
        actor.add("http://127.0.0.1:1/in")
        return actor.fire()[0].attempts[0].outcome

    compare(Probe("metadata-allowed", look, "refused", "refused"))
