"""The object that a test holds, without pytest."""

from __future__ import annotations

import importlib
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, get_origin

import pytest

import mockserver.testing
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import (
    InvalidEvent,
    InvalidTemplate,
    InvalidValue,
    PostbacksError,
    RuleLimitReached,
)
from mockserver.testing import Leanplum
from mockserver.testing.leanplum import LeanplumClock
from tests.testing import fire


def answering(status: str) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response(status, [])
        return []

    return application


def test_what_it_exports_is_there() -> None:
    module = importlib.import_module("mockserver.testing")
    assert sorted(mockserver.testing.__all__) == list(mockserver.testing.__all__)
    for name in mockserver.testing.__all__:
        found = getattr(module, name)
        # Names for several types have none of their own.
        assert get_origin(found) is not None or found.__name__ == name
    handed_out = {"Inbox", "Leanplum", "LeanplumClock", "LiveLeanplum", "Partner"}
    assert handed_out <= set(mockserver.testing.__all__), "what fixtures are annotated with"
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        module.Nothing  # noqa: B018


def test_it_works_without_being_entered() -> None:
    leanplum = Leanplum()
    fire(leanplum)
    leanplum.assert_delivered()
    leanplum.close()


def test_rules_and_events_are_those_of_the_sandbox() -> None:
    with Leanplum() as leanplum:
        rule = leanplum.add_postback("https://partner.example/", "abTestEvents")
        assert leanplum.postbacks == leanplum.sandbox.postbacks() == [rule]
        triggered = leanplum.trigger("email.click")
        assert (triggered.deliveries, len(triggered.mismatches)) == ([], 1)
        with pytest.raises(InvalidEvent, match=r"did you mean 'email\.click'"):
            leanplum.trigger("email.clik")
        with pytest.raises(InvalidTemplate):
            leanplum.add_postback("https://partner.example/{{Nobody}}")
        leanplum.add_postback("https://partner.example/", channels=["Email"])
        leanplum.add_postback("https://partner.example/")
        with pytest.raises(RuleLimitReached):
            leanplum.add_postback("https://partner.example/")


def test_time_stands_still_until_it_is_moved() -> None:
    with Leanplum() as leanplum:
        assert leanplum.now() == DEFAULT_START_AT
        fire(leanplum, "503*9,200")
        assert leanplum.advance(hours=1).attempts_made == 1
        assert leanplum.advance(timedelta(hours=2)).attempts_made == 1
        assert leanplum.advance(to=DEFAULT_START_AT + timedelta(hours=7)).attempts_made == 1
        assert leanplum.advance_to_next().now_at == DEFAULT_START_AT + timedelta(hours=15)
        assert leanplum.run_until_idle().attempts_made == 5
        assert [attempt.number for attempt in leanplum.attempts] == list(range(1, 11))


def test_it_starts_where_it_is_told() -> None:
    start_at = datetime(2027, 1, 1, tzinfo=UTC)
    with Leanplum(start=start_at) as leanplum:
        assert leanplum.now() == start_at
    with pytest.raises(InvalidValue, match="time zone"):
        Leanplum(start=datetime(2027, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda leanplum: leanplum.trigger(None), "a name like 'email.click', got None"),
        (lambda leanplum: leanplum.add_postback(None), "postbackUrl must be text, got None"),
        (
            lambda leanplum: leanplum.add_postback("https://a.example/", channels="Email"),
            r"channels takes a list of names like \['Email'\]",
        ),
        (lambda leanplum: leanplum.inbox().behave(503), r"text like '503\*9,200', got 503"),
    ],
)
def test_a_value_of_the_wrong_type_is_told(mistake: Any, said: str) -> None:
    with Leanplum() as leanplum, pytest.raises(PostbacksError, match=said):
        mistake(leanplum)


def test_a_resend_is_a_duplicate() -> None:
    with Leanplum() as leanplum:
        delivery = fire(leanplum)
        leanplum.resend(delivery)
        leanplum.resend(delivery.id)
        assert [attempt.number for attempt in leanplum.attempts] == [1, None, None]
        assert len(leanplum.verify(3)) == 3


def test_an_application_gets_what_begins_with_its_prefix() -> None:
    with Leanplum() as leanplum:
        partner = leanplum.partner("https://partner.example/in", answering("204 None"))
        assert leanplum.partners == [partner]
        assert partner.accepts("https://partner.example/in?user=ada")
        assert partner.accepts("https://partner.example/in/below")
        assert partner.accepts("https://me:secret@partner.example/in")
        assert partner.accepts("HTTPS://Partner.Example/in")
        assert partner.accepts("https://partner.example:443/in")
        assert not partner.accepts("https://partner.example/other")
        assert not partner.accepts("http://partner.example/in")


def test_a_host_is_not_the_beginning_of_another() -> None:
    with Leanplum() as leanplum:
        partner = leanplum.partner("https://partner.example", answering("204 None"))
        assert partner.accepts("https://partner.example/in")
        assert not partner.accepts("https://partner.example.evil.example/in")
        assert not partner.accepts("https://partner.example:8443/in")


def test_the_application_named_last_comes_first() -> None:
    with Leanplum(retry_on=[]) as leanplum:
        leanplum.partner("https://partner.example/", answering("204 None"))
        leanplum.partner("https://partner.example/new/", answering("404 None"))
        leanplum.add_postback("https://partner.example/old/")
        leanplum.add_postback("https://partner.example/new/")
        leanplum.trigger("email.click")
        assert [attempt.outcome.status for attempt in leanplum.attempts] == [204, 404]


def test_an_application_can_take_its_time() -> None:
    with Leanplum() as leanplum:
        stored: list[int] = []

        def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            stored.append(1)
            partner.spend(seconds=45) if len(stored) == 1 else partner.spend(timedelta(seconds=2))
            start_response("204 None", [])
            return []

        partner = leanplum.partner("https://partner.example/", application)
        leanplum.add_postback("https://partner.example/")
        leanplum.trigger("email.click")
        leanplum.run_until_idle()
        outcomes = [attempt.outcome for attempt in leanplum.attempts]
        assert [outcome.summary for outcome in outcomes] == ["timeout", "204"]
        assert outcomes[1].elapsed == timedelta(seconds=2)
        assert len(stored) == 2
        leanplum.assert_delivered()


@pytest.mark.parametrize(
    "prefix",
    ["partner.example", "ftp://partner.example/", "https://", "", "https://[", None, answering],
)
def test_a_prefix_is_the_beginning_of_a_url(prefix: Any) -> None:
    with Leanplum() as leanplum, pytest.raises(InvalidValue, match="no beginning of a URL"):
        leanplum.partner(prefix, answering("204 None"))


@pytest.mark.parametrize("app", [None, "app", lambda: None])
def test_an_application_is_wsgi_or_asgi(app: Any) -> None:
    with Leanplum() as leanplum, pytest.raises(InvalidValue):
        leanplum.partner("https://partner.example/", app)


def test_what_an_application_raises_is_kept() -> None:
    def application(environ: object, start_response: object) -> list[bytes]:
        raise ZeroDivisionError

    with Leanplum() as leanplum:
        partner = leanplum.partner("https://partner.example/", application)
        leanplum.add_postback("https://partner.example/")
        leanplum.trigger("email.click")
        leanplum.advance(hours=1)
        assert [type(failure.error) for failure in partner.failures] == 2 * [ZeroDivisionError]
        assert [attempt.outcome.status for attempt in leanplum.attempts] == [500, 500]


def test_an_application_with_a_loop_ends_with_it() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    before = {thread.name for thread in threading.enumerate()}
    with Leanplum() as leanplum:
        leanplum.partner("https://partner.example/", application)
        leanplum.add_postback("https://partner.example/")
        leanplum.trigger("email.click")
        leanplum.assert_delivered()
    assert {thread.name for thread in threading.enumerate()} == before


def test_an_application_may_call_the_api_while_it_answers() -> None:
    import requests

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        answer = requests.get(
            "https://api.leanplum.com/api",
            params={
                "action": "listPostbacks",
                "appId": leanplum.app.app_id,
                "clientKey": leanplum.app.keys["data_export"],  # type: ignore[index]
                "apiVersion": "1.0.6",
            },
        )
        start_response(f"{answer.status_code} OK", [])
        return []

    with Leanplum() as leanplum:
        leanplum.partner("https://partner.example/", application)
        leanplum.add_postback("https://partner.example/")
        leanplum.trigger("email.click")
        leanplum.assert_delivered()


def test_an_application_with_a_loop_cannot_move_the_clock_that_waits_for_it() -> None:
    leanplum = Leanplum()

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        leanplum.advance(hours=1)

    partner = leanplum.partner("https://partner.example/", application)
    leanplum.add_postback("https://partner.example/")
    # In a thread of its own and closed only if that ends, so that what hangs is a failure.
    triggering = threading.Thread(target=leanplum.trigger, args=("push.open",), daemon=True)
    triggering.start()
    triggering.join(5)
    assert not triggering.is_alive()
    assert "partner.spend(seconds=45)" in str(partner.failures[0].error)
    leanplum.close()


def test_a_clock_alone() -> None:
    with Leanplum() as leanplum:
        clock = LeanplumClock(leanplum)
        fire(leanplum, "503,200")
        clock.advance(minutes=30)
        assert clock.now() == DEFAULT_START_AT + timedelta(minutes=30)
        clock.advance_to_next()
        clock.run_until_idle()
        clock.settle()
        leanplum.assert_attempts_at([0, 1])


def test_its_representation_is_short() -> None:
    with Leanplum() as leanplum:
        fire(leanplum)
        assert repr(leanplum) == "<Leanplum: 1 rule, 1 delivery>"
