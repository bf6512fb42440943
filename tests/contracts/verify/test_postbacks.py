"""What an endpoint is sent, and how it is recognised again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.verify.postbacks import PREFIX, Composer, Subscription
from mockserver.core.catalog import Channel, EventKind, PostbackType, event_kind, event_kinds
from mockserver.core.errors import InvalidEvent
from mockserver.core.models import ParametersEncoding
from mockserver.core.template import Template

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
BOTH = "http://h.test/in?u={{User ID}}&d={{Device ID}}&at={{Trigger time}}&m={{Message ID}}"
QUERY = (
    "http://h.test/in?u={{User ID}}&d={{Device ID}}&m={{Message ID}}&e={{Message event}}"
    "&c={{Message channel}}&t={{Template name}}&at={{Trigger time}}&p={{Parameters}}"
    "&a={{AB test ID}}&v={{Variant ID}}&fixed=1&bare&b=a+b"
)


def composer(
    url: str = BOTH,
    type: PostbackType = PostbackType.MESSAGE_EVENTS,
    channels: tuple[Channel, ...] = tuple(Channel),
    encoding: ParametersEncoding = "once",
    kept: tuple[EventKind, ...] = (),
) -> Composer:
    return Composer(Subscription(Template(url), type, channels, encoding, kept), "run", AT)


def kinds_of(type: PostbackType) -> list[EventKind]:
    return [kind for kind in event_kinds() if kind.type is type]


# Subscriptions


def test_a_subscription_fires_for_its_channels_only() -> None:
    all_kinds = composer().subscription.kinds
    assert all_kinds == kinds_of(PostbackType.MESSAGE_EVENTS)
    one = composer(channels=(Channel.EMAIL,)).subscription.kinds
    assert one == [kind for kind in all_kinds if kind.channel is Channel.EMAIL] != []
    tests = composer(type=PostbackType.AB_TEST_EVENTS, channels=()).subscription.kinds
    assert tests == kinds_of(PostbackType.AB_TEST_EVENTS) != []


@pytest.mark.parametrize(
    ("url", "names", "carried"),
    [
        (BOTH, ["User ID"], True),
        (BOTH, ["User ID", "Device ID"], True),
        (BOTH, ["User ID", "Parameters"], False),
        (BOTH, [], True),
        ("http://h.test/{{User ID}}/in", ["User ID"], True),
        ("http://h.test/in?x=1#{{User ID}}", ["User ID"], False),
        ("http://h.test/in?x={{Device ID}}#{{User ID}}", ["Device ID"], True),
    ],
)
def test_what_a_url_carries(url: str, names: list[str], carried: bool) -> None:
    assert composer(url).subscription.carries(*names) is carried


# Ids


def test_runs_tell_their_ids_apart() -> None:
    subscription = Subscription(Template(BOTH))
    prefixes = {Composer(subscription).prefix for _ in range(10)}
    assert len(prefixes) == 10
    assert all(prefix.startswith(f"{PREFIX}-") for prefix in prefixes)
    assert composer().prefix == f"{PREFIX}-run"


def test_ids_are_numbered_and_times_go_on() -> None:
    made = composer()
    first, second = made.make(), made.make(suffix=" x")
    assert first.url == (
        "http://h.test/in?u=postbacks-verify-run-1&d=postbacks-verify-run-1-device"
        "&at=1767268800001&m=5838201947316225"
    )
    assert second.values["u"] == "postbacks-verify-run-2 x"
    assert second.values["d"] == "postbacks-verify-run-2-device x"
    assert int(second.values["at"]) == int(first.values["at"]) + 1
    assert second.values["m"] != first.values["m"]
    assert (
        made.keys == [first.key, second.key] == ["postbacks-verify-run-1", "postbacks-verify-run-2"]
    )


@pytest.mark.parametrize(
    ("url", "values", "has_key"),
    [
        (BOTH, {}, True),
        (BOTH, {"device_id": ""}, True),
        (BOTH, {"user_id": ""}, True),
        (BOTH, {"user_id": "", "device_id": ""}, False),
        (BOTH, {"user_id": "ada"}, True),
        (BOTH, {"user_id": "ada", "device_id": "phone"}, False),
        ("http://h.test/in?u={{User ID}}", {}, True),
        ("http://h.test/in?u={{User ID}}", {"user_id": "ada"}, False),
        ("http://h.test/in?u={{User ID}}", {"user_id": ""}, False),
        ("http://h.test/in?d={{Device ID}}", {"device_id": "phone"}, False),
        ("http://h.test/in/{{Device ID}}", {}, True),
        ("http://h.test/in?m={{Message ID}}", {}, False),
        ("http://h.test/in#{{User ID}}", {}, False),
    ],
)
def test_a_key_is_what_the_url_carries(url: str, values: dict[str, Any], has_key: bool) -> None:
    made = composer(url)
    postback = made.make(**values)
    assert bool(postback.key) is has_key
    assert made.keys == ([postback.key] if has_key else [])
    if has_key:
        assert postback.key in unquote(postback.url)


@pytest.mark.parametrize(
    ("url", "can"),
    [
        (BOTH, True),
        ("http://h.test/in/{{User ID}}", True),
        ("http://h.test/in?d={{Device ID}}", True),
        ("http://h.test/in?m={{Message ID}}", False),
        ("http://h.test/in#{{User ID}}", False),
    ],
)
def test_whether_postbacks_can_be_told_apart(url: str, can: bool) -> None:
    assert composer(url).can_be_recognised is can


# Kinds and values


def test_a_click_on_an_email_is_sent_where_any_event_will_do() -> None:
    assert [kind.name for kind in composer().subscription.kept] == ["email.click"]
    push = composer(channels=(Channel.PUSH,)).subscription
    assert push.kept == (push.kinds[0],)
    assert push.kept[0].channel is Channel.PUSH


def test_what_an_endpoint_keeps_is_sent_where_any_event_will_do() -> None:
    kept = (event_kind("push.open"), event_kind("email.click"))
    assert composer(kept=kept).make().event.event == "Open"


def test_values_are_what_an_endpoint_finds_once_it_has_decoded() -> None:
    postback = composer(QUERY).make(suffix=" ü+&=%#", parameters={"a": "ü/"})
    assert postback.values["u"] == "postbacks-verify-run-1 ü+&=%#"
    assert postback.values["p"] == r'{"a":"ü\/"}'
    assert postback.values["a"] == postback.values["v"] == ""
    assert (postback.values["fixed"], postback.values["bare"]) == ("1", "")
    assert postback.values["b"] == "a b"


def test_parameters_can_be_encoded_twice() -> None:
    made = composer(QUERY, encoding="twice")
    assert made.make(parameters={"a": "ü"}).values["p"] == '{"a":"%C3%BC"}'


def test_values_in_the_path_are_in_no_query() -> None:
    postback = composer("http://h.test/{{User ID}}/in").make()
    assert postback.url == "http://h.test/postbacks-verify-run-1/in"
    assert postback.values == {}


def test_a_value_that_no_such_event_has_is_refused() -> None:
    with pytest.raises(InvalidEvent, match="no_such_field"):
        composer().make(no_such_field="x")


def test_a_recorded_url_is_sent_as_it_is() -> None:
    url = "http://h.test/in?u=%ff&x=1&empty="
    postback = composer().written(url)
    assert (postback.url, postback.key) == (url, "")
    assert postback.values == {"u": "\udcff", "x": "1", "empty": ""}


@given(
    kinds=st.lists(st.sampled_from(event_kinds()), min_size=1, max_size=15),
    suffixes=st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), min_size=15),
)
def test_every_key_is_found_again_and_no_two_postbacks_are_alike(
    kinds: list[EventKind], suffixes: list[str]
) -> None:
    made = {type: composer(QUERY, type) for type in PostbackType}
    for type, each in made.items():
        postbacks = [
            each.make(kind, suffix=suffix)
            for kind, suffix in zip(kinds, suffixes, strict=False)
            if kind.type is type
        ]
        for postback in postbacks:
            assert postback.key
            assert any(postback.key in value for value in postback.values.values())
            assert postback.values["u"] == postback.event.user_id
            assert postback.values["d"] == postback.event.device_id
        for field in ("url", "key"):
            assert len({getattr(postback, field) for postback in postbacks}) == len(postbacks)
        assert each.keys == [postback.key for postback in postbacks]


def test_the_names_of_values_are_those_of_the_query() -> None:
    url = "http://p.test/{{Message ID}}?u%20ser={{User ID}}&both={{User ID}}-{{Device ID}}&fixed=1"
    subscription = composer(url).subscription
    assert subscription.names_of("User ID") == {"u ser", "both"}
    assert subscription.names_of("Device ID", "Trigger time") == {"both"}
    assert subscription.names_of("Message ID") == set()


@pytest.mark.parametrize(
    ("url", "begins"),
    [
        ("http://p.test/in?u={{User ID}}", "/in?u=postbacks-verify-run-1"),
        ("http://p.test?u={{User ID}}", "/?u=postbacks-verify-run-1"),
        ("http://p.test/{{User ID}}", "/postbacks-verify-run-1"),
        ("http://p.test", "/"),
    ],
)
def test_path_and_query_are_what_a_request_asks_for(url: str, begins: str) -> None:
    assert composer(url).make().request_target == begins
