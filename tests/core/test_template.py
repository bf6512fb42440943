"""What a postbackUrl may look like, what each mistake is called, and what is rendered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from mockserver.core.catalog import Channel
from mockserver.core.errors import InvalidEvent, InvalidTemplate
from mockserver.core.models import AbTestEvent, MessageEvent
from mockserver.core.template import (
    PLACEHOLDERS,
    Template,
    encoded_separator,
    milliseconds,
    write_parameters,
)

ALL_VALUES = "https://example.com/in?" + "&".join(
    f"{name.lower().replace(' ', '_')}={{{{{name}}}}}" for name in PLACEHOLDERS
)

CLICK = MessageEvent(
    app_id="app",
    channel=Channel.EMAIL,
    event="Click",
    triggered_at=datetime(2019, 5, 8, 17, 53, 28, tzinfo=UTC),
    user_id="Igor+fg2@seg.com",
    message_id="6184400932175872",
    parameters={"index": 1, "url": "https://segment.com"},
)
ENTER = AbTestEvent(
    "app", datetime(2026, 1, 1, tzinfo=UTC), user_id="u", ab_test_id="12", variant_id="34"
)


def decoded(url: str) -> dict[str, str]:
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    return {name: values[0] for name, values in query.items()}


def test_a_click_as_it_was_captured() -> None:
    """The values a customer-data platform recorded of a real postback."""
    assert decoded(Template(ALL_VALUES).render(CLICK)) == {
        "user_id": "Igor+fg2@seg.com",
        "device_id": "",
        "trigger_time": "1557338008000",
        "message_id": "6184400932175872",
        "message_event": "Click",
        "message_channel": "Email",
        "template_name": "",
        "parameters": '{"index":1,"url":"https:\\/\\/segment.com"}',
        "ab_test_id": "",
        "variant_id": "",
    }


def test_a_send_as_it_was_captured() -> None:
    sent = MessageEvent(
        app_id="app",
        channel=Channel.EMAIL,
        event="Send",
        triggered_at=datetime(2019, 5, 3, 17, 30, 45, 32_000, tzinfo=UTC),
        user_id="Igor+fg2@segment.com",
        device_id="00284B13-ADAA-4FA0-AB01-1005B1B0802C",
        message_id="6184400932175872",
    )
    values = decoded(Template(ALL_VALUES).render(sent))
    assert values["trigger_time"] == "1556904645032"
    assert values["parameters"] == "{}"
    assert values["message_event"] == "Send"
    assert values["device_id"] == "00284B13-ADAA-4FA0-AB01-1005B1B0802C"


def test_an_ab_test_event_leaves_message_values_empty() -> None:
    values = decoded(Template(ALL_VALUES).render(ENTER))
    assert values["ab_test_id"] == "12"
    assert values["variant_id"] == "34"
    assert values["user_id"] == "u"
    for name in ("message_id", "message_event", "message_channel", "template_name", "parameters"):
        assert values[name] == ""


def test_exact_bytes_of_a_rendered_url() -> None:
    url = Template("http://h/{{Message channel}}/x?u={{User ID}}#{{Template name}}").render(
        MessageEvent(
            "app",
            Channel.IN_APP,
            "View",
            CLICK.triggered_at,
            user_id="a b+c%&=#/~é",
            template_name="Center Popup",
        )
    )
    assert url == "http://h/In-app%20Message/x?u=a%20b%2Bc%25%26%3D%23%2F~%C3%A9#Center%20Popup"


def test_parameters_encoded_twice_hold_encoded_values() -> None:
    template = Template("https://example.com/?p={{Parameters}}")
    assert decoded(template.render(CLICK, "twice"))["p"] == (
        '{"index":1,"url":"https%3A%2F%2Fsegment.com"}'
    )


def test_parameters_nest() -> None:
    event = MessageEvent(
        "app",
        Channel.EMAIL,
        "Click",
        CLICK.triggered_at,
        parameters={"a": [1, 2.5, None, True, {"b": '\n"\\/é'}], "empty": {}},
    )
    assert decoded(Template("http://h/?p={{Parameters}}").render(event))["p"] == (
        '{"a":[1,2.5,null,true,{"b":"\\n\\"\\\\\\/é"}],"empty":{}}'
    )


def test_placeholders_may_repeat_and_literal_percent_signs_stay() -> None:
    template = Template("http://h/100%25/%s?a={{User ID}}&b={{User ID}}&c=é x")
    assert template.placeholders == ("User ID", "User ID")
    assert template.render(ENTER) == "http://h/100%25/%s?a=u&b=u&c=%C3%A9%20x"


def test_a_template_without_placeholders_is_allowed() -> None:
    assert Template("http://h:8080/in?x=1").render(ENTER) == "http://h:8080/in?x=1"


def test_trigger_time_is_rounded_down_to_milliseconds() -> None:
    assert milliseconds(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=1999)) == 1


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://h/?u={{User Id}}", "wrong case"),
        ("http://h/?u={{user id}}", "wrong case"),
        ("http://h/?u={{ User ID }}", "spaces inside the braces"),
        ("http://h/?u={{Usr ID}}", "did you mean 'User ID'"),
        ("http://h/?u={{userId}}", "did you mean 'User ID'"),
        ("http://h/?u={{User_ID}}", "write {{User ID}}"),
        ("http://h/?u={{User%20ID}}", "write {{User ID}}"),
        ("http://h/?u={{Nothing at all like it}}", "allowed: {{User ID}}"),
        ("http://h/?u={{}}", "unknown value"),
        ("http://h/?u={User ID}", "single braces"),
        ("http://h/?u={{User ID}", "without their partner"),
        ("http://h/?u={{User ID", "without their partner"),
        ("http://h/?u=User ID}}", "without their partner"),
        ("http://h/?u=}", "single braces"),
        ("http://h/?u=%7B%7BUser%20ID%7D%7D", "encoded once too often"),
        ("http://h/?u=%257B%257BUser%2520ID%257D%257D", "encoded once too often"),
        ("{{User ID}}://h/", "scheme, host, port or user info"),
        ("http://{{User ID}}/", "scheme, host, port or user info"),
        ("http://{{User ID}}.example.com/", "scheme, host, port or user info"),
        ("http://h:{{User ID}}/", "scheme, host, port or user info"),
        ("http://{{User ID}}@h/", "scheme, host, port or user info"),
        ("http://{{User ID}}", "scheme, host, port or user info"),
        ("http://h?u={{User ID}}\n", "control character"),
        ("example.com/in", "must be absolute"),
        ("/in", "must be absolute"),
        ("", "must be absolute"),
        ("ftp://h/", "must be absolute"),
        ("://h/", "must be absolute"),
        ("{{User ID}}x://h/", "must be absolute"),
        ("http:///path", "no usable host"),
        ("http://h:99999/", "no usable host"),
        ("http://h:x/", "no usable host"),
        ("http://a b/", "no usable host"),
    ],
)
def test_every_mistake_is_named(url: str, named: str) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        Template(url)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_no_url_can_carry_are_refused() -> None:
    template = Template("http://h/?u={{User ID}}&p={{Parameters}}")
    with pytest.raises(InvalidEvent, match="cannot be written"):
        template.render(MessageEvent("a", Channel.EMAIL, "Open", CLICK.triggered_at, "\ud800"))
    for bad in (float("nan"), object(), {1: 2}):
        event = MessageEvent("a", Channel.EMAIL, "Open", CLICK.triggered_at, parameters={"x": bad})
        with pytest.raises(InvalidEvent, match="cannot be written"):
            template.render(event)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/in",
        "http://127.0.0.1:65535/in",
        "https://b\u00fccher.example/in",
        "https://example.com",
        "https://example.com?a={{User ID}}/b/c",
    ],
)
def test_every_usable_place_is_accepted(url: str) -> None:
    assert Template(url).url == url


@pytest.mark.parametrize(
    "url", ["http://h:0/", "http://h:65536/", "https://" + "\u00fc" * 70 + ".example/in"]
)
def test_a_place_that_cannot_be_is_told_with_its_beginning(url: str) -> None:
    with pytest.raises(InvalidTemplate) as refusal:
        Template(url + "/" + "a" * 80)
    shown = (url + "/" + "a" * 80)[:60]
    assert f"in {shown!r};" in str(refusal.value)


def test_control_characters_in_parameters_are_escaped_as_json_wants_them() -> None:
    rendered = write_parameters({"a": "\x1f\x20\x21"})
    assert rendered == "%7B%22a%22%3A%22%5Cu001f%20%21%22%7D"
    assert write_parameters({"a": True, "b": 1}) == "%7B%22a%22%3Atrue%2C%22b%22%3A1%7D"


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/in?u={{User ID}}%26d={{Device ID}}",
        "https://x.example/in?u={{User ID}}&a=1%26d={{Device ID}}",
        "https://x.example/in?u={{User ID}}%2526d={{Device ID}}",
        "https://x.example/in?u%3D{{User ID}}",
        "https://x.example/in?a=1&u%3d{{User ID}}",
        "https://x.example/in?u%3D{{User ID}}%26d%3D{{Device ID}}",
        "https://x.example/in%3Fu={{User ID}}",
        "https://x.example/in%3fu%3D{{User ID}}%26d%3D{{Device ID}}",
        "https://x.example/in?data[u]={{User ID}}%26data[d]={{Device ID}}",
    ],
)
def test_a_separator_that_was_encoded_is_found(url: str) -> None:
    Template(url)
    found = encoded_separator(url)
    assert found is not None
    assert "separates nothing" in found


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/in?u={{User ID}}&d={{Device ID}}",
        "https://x.example/in?u={{User ID}}&q=a%26b",
        "https://x.example/in?u={{User ID}}&q=a%26b=c&d={{Device ID}}",
        "https://x.example/{{User ID}}%26{{Device ID}}",
        "https://x.example/in?pair={{User ID}}%26{{Device ID}}",
        "https://x.example/in?next=https%3A%2F%2Fy.io%2F%3Fu%3D{{User ID}}%26d%3D{{Device ID}}",
        "https://x.example/in?next=https://y.example/?u=1%26d={{Device ID}}",
        "https://x.example/in?q=%3D{{User ID}}",
    ],
)
def test_what_may_be_meant_so_is_left_alone(url: str) -> None:
    Template(url)
    assert encoded_separator(url) is None
