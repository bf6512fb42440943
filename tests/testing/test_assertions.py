"""What is asserted of deliveries and requests, and what a wrong question is answered with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.testing import Leanplum
from tests.testing import fire


@pytest.fixture
def entered() -> Iterator[Leanplum]:
    with Leanplum() as leanplum:
        yield leanplum


class Between:
    """As the objects of dirty-equals are: equal to what it accepts."""

    def __init__(self, accepts: Callable[[Any], bool]) -> None:
        self._accepts = accepts

    def __eq__(self, other: object) -> bool:
        return self._accepts(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Between()"


def message_of(assertion: Callable[..., Any], *arguments: Any, **values: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assertion(*arguments, **values)
    return str(caught.value)


def test_delivered_returns_what_it_has_found(entered: Leanplum) -> None:
    delivery = fire(entered)
    assert entered.assert_delivered() == [delivery]
    assert entered.assert_delivered(times=0, user_id="bob") == []


def test_delivered_means_that_none_of_them_failed(entered: Leanplum) -> None:
    fire(entered, "200,503")
    entered.trigger("email.click", user_id="bob")
    entered.assert_delivered(user_id="ada")
    assert "found 1, and 1 that is not" in message_of(entered.assert_delivered)
    entered.assert_delivered(times=0, user_id="bob")


def test_lost_and_rejected_are_told_apart(entered: Leanplum) -> None:
    fire(entered, "404,503*10")
    entered.trigger("email.click", user_id="bob")
    entered.run_until_idle()
    assert [item.event.user_id for item in entered.assert_rejected(user_id="ada")] == ["ada"]
    assert [item.event.user_id for item in entered.assert_lost(user_id="bob")] == ["bob"]
    assert entered.problems() == []
    assert "expected 1 lost postback" in message_of(entered.assert_lost, user_id="ada")


def test_an_assertion_that_fails_does_not_speak_of_other_states(entered: Leanplum) -> None:
    fire(entered, "404")
    message_of(entered.assert_lost)
    message_of(entered.assert_delivered)
    assert [problem.kind for problem in entered.problems()] == ["rejected"]


def test_attempts_at(entered: Leanplum) -> None:
    delivery = fire(entered, "503*2,200")
    entered.run_until_idle()
    found = entered.assert_attempts_at([0, 1, 3])
    assert (found.id, found.attempts_made) == (delivery.id, 3)
    entered.assert_attempts_at(hours=(0.0, 1.0, 3.0), user_id="ada")
    assert "they were at [0, 1, 3]" in message_of(entered.assert_attempts_at, [0, 1])


def test_attempts_at_compares_fractions_of_hours(entered: Leanplum) -> None:
    fire(entered, "hang,200")
    entered.run_until_idle()
    entered.assert_attempts_at([0, 1 + 30 / 3600])
    entered.assert_attempts_at([0, pytest.approx(1, abs=0.1)])
    entered.assert_attempts_at(Between(lambda hours: len(hours) == 2))  # type: ignore[arg-type]


def test_attempts_at_speaks_of_one_delivery(entered: Leanplum) -> None:
    assert "found 0" in message_of(entered.assert_attempts_at, [0])
    fire(entered)
    fire(entered)
    assert "found 2" in message_of(entered.assert_attempts_at, [0])


def test_not_triggered(entered: Leanplum) -> None:
    entered.assert_not_triggered()
    fire(entered)
    entered.assert_not_triggered(event="email.open")
    entered.assert_not_triggered(user_id="bob")
    assert "found 1" in message_of(entered.assert_not_triggered, user_id="ada")


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "email.click"},
        {"event": "Click"},
        {"channel": "Email"},
        {"user_id": "ada"},
        {"device_id": ""},
        {"message_id": "4711"},
        {"template_name": ""},
        {"parameters": {"plan": "gold"}},
        {"state": "delivered"},
        {"query": {"user": "ada"}},
        {"query": {}},
        {"url": "http://receiver.test/inbox/inbox?user=ada"},
        {"postback_id": mock.ANY},
        {"user_id": mock.ANY, "event": mock.ANY},
        {"user_id": Between(lambda value: value == "ada")},
        {"parameters": Between(lambda value: "plan" in value)},
        {"query": {"user": Between(lambda value: value.startswith("a"))}},
        {"query": Between(lambda value: value == {"user": "ada"})},
        {"app_id": "YOUR_APP_ID"},
    ],
)
def test_every_field_can_be_asked_for(entered: Leanplum, fields: dict[str, Any]) -> None:
    fire(entered, device_id="", message_id="4711", parameters={"plan": "gold"})
    entered.assert_delivered(**fields)


def test_in_app_and_ab_test_events_are_found_by_their_names(entered: Leanplum) -> None:
    url = entered.inbox().url
    entered.add_postback(url)
    entered.add_postback(url, "abTestEvents")
    entered.trigger("in-app.banner.select", user_id="ada")
    entered.trigger("ab-test.enter", ab_test_id="7", variant_id="8")
    entered.assert_delivered(event="in-app.banner.select", template_name="Banner")
    entered.assert_delivered(event="ab-test.enter", ab_test_id="7", variant_id="8")
    assert "ab-test.enter" in message_of(entered.assert_delivered, event="email.click")
    assert "channel: expected 'Email', it is None" in message_of(
        entered.assert_delivered, channel="Email"
    )


@pytest.mark.parametrize(
    ("name", "offered"), [("userid", "user_id"), ("evnt", "event"), ("queyr", "query")]
)
@pytest.mark.parametrize(
    "assertion", ["assert_delivered", "assert_lost", "assert_rejected", "assert_not_triggered"]
)
def test_an_unknown_field_is_refused_though_there_are_no_deliveries(
    entered: Leanplum, assertion: str, name: str, offered: str
) -> None:
    with pytest.raises(InvalidValue, match=f"'{name}'.*did you mean '{offered}'"):
        getattr(entered, assertion)(**{name: "x"})


def test_attempts_at_refuses_unknown_fields_too(entered: Leanplum) -> None:
    with pytest.raises(InvalidValue, match="did you mean 'user_id'"):
        entered.assert_attempts_at([0], userid="ada")


def test_verify_looks_at_requests(entered: Leanplum) -> None:
    fire(entered)
    fire(entered, user_id="bob")
    assert [request.query for request in entered.verify(query={"user": "bob"})] == [{"user": "bob"}]
    assert len(entered.verify(2, method="POST", path="/inbox/inbox", body="")) == 2
    entered.verify(1, query={"user": Between(lambda value: value == "ada")})
    entered.verify(query={"user": "ada", "absent": None})
    entered.verify_never(query={"user": "eve"})
    entered.inbox("other")
    entered.verify_never(inbox="other")


def test_verify_fails_with_what_came(entered: Leanplum) -> None:
    fire(entered)
    assert "POST /inbox/inbox?user=ada" in message_of(entered.verify, query={"user": "bob"})
    assert "at least one request" in message_of(entered.verify, query={"user": "bob"})
    assert "found 1" in message_of(entered.verify, 2)
    assert "found 1" in message_of(entered.verify_never)
    assert "it got none" in message_of(entered.verify, inbox="other")
    assert "there is also inbox 'inbox'" in message_of(entered.verify, inbox="other")
    message = message_of(entered.verify, 1, method="GET")
    assert "expected 1 request at" in message
    assert "differs in method: expected 'GET', it is 'POST'" in message


def test_verify_shows_the_nearest_requests_first_and_not_all(entered: Leanplum) -> None:
    for number in range(11):
        fire(entered, user_id=f"u{number}")
    fire(entered, user_id="ada", query="?user={{User ID}}&of={{Message ID}}", message_id="1")
    message = message_of(entered.verify, query={"user": "u7", "of": "2"})
    assert "\n\nPOST /inbox/inbox?user=u7\n  differs in query 'of': expected '2'" in message
    assert message.count("POST") == 10
    assert message.endswith("\n... and 2 more\n\nagain, in the test:\n  leanplum.resend(8)")


@pytest.mark.parametrize("assertion", ["verify", "assert_delivered"])
def test_a_query_is_a_dict(entered: Leanplum, assertion: str) -> None:
    with pytest.raises(InvalidValue, match="query takes a dict like"):
        getattr(entered, assertion)(query="user=ada")


@pytest.mark.parametrize("assertion", ["verify", "verify_never"])
def test_verify_refuses_an_unknown_name_though_nothing_came(
    entered: Leanplum, assertion: str
) -> None:
    with pytest.raises(InvalidValue, match=r"'qeury'.*did you mean 'query'"):
        getattr(entered, assertion)(qeury={"user": "ada"})


def test_a_message_shows_what_differs_of_the_nearest_first(entered: Leanplum) -> None:
    for user_id in ("bob", "eve", "ada", "mia"):
        fire(entered, user_id=user_id, query="?of={{Message ID}}", message_id="1")
    message = message_of(
        entered.assert_delivered, event="email.open", user_id="ada", query={"of": "2"}
    )
    assert message.index("'ada', delivered") < message.index("'bob', delivered")
    assert "differs in event: expected 'email.open', it is 'email.click'" in message
    assert "differs in query 'of': expected '2', it is '1'" in message
    assert "... and 1 more delivery" in message


def test_a_state_is_told_in_plain_words(entered: Leanplum) -> None:
    fire(entered, "503")
    message = message_of(entered.assert_delivered, state="delivered")
    assert "state: expected 'delivered', it is 'pending'" in message


def test_a_value_of_the_wrong_kind_is_seen_as_such(entered: Leanplum) -> None:
    fire(entered, message_id="4711")
    with pytest.raises(InvalidValue, match=r"message_id is text, so .*message_id=4711"):
        entered.assert_delivered(message_id=4711)


def test_a_url_with_a_repeated_name_is_read_alike_everywhere(entered: Leanplum) -> None:
    fire(entered, query="?a=1&a={{User ID}}")
    entered.verify(query={"a": "1"})
    entered.assert_delivered(query={"a": "1"})
