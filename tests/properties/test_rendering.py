"""For any text in any field: what went in is what comes out after one decoding."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.catalog import Channel
from mockserver.core.errors import InvalidTemplate
from mockserver.core.events import check_event
from mockserver.core.models import AbTestEvent, Event, MessageEvent
from mockserver.core.template import PLACEHOLDERS, Template, milliseconds, write_parameters

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Every value in the query, two of them in the path and in the fragment as well.
TEMPLATE = Template(
    "https://example.com/{{User ID}}/in?"
    + "&".join(f"{number}={{{{{name}}}}}" for number, name in enumerate(PLACEHOLDERS))
    + "#{{Device ID}}"
)
ALLOWED_IN_A_URL = re.compile(r"[A-Za-z0-9%:/?#\[\]@!$&'()*+,;=._~-]*")

instants = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
documents = st.dictionaries(
    st.text(),
    st.recursive(
        scalars,
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    ),
    max_size=5,
)
message_events = st.builds(
    MessageEvent,
    app_id=st.text(),
    channel=st.just(Channel.IN_APP),
    event=st.sampled_from(["View", "Held Back"]),
    triggered_at=instants,
    user_id=st.text(),
    device_id=st.text(),
    message_id=st.text(),
    template_name=st.text(),
    parameters=documents,
)
ab_test_events = st.builds(
    AbTestEvent,
    app_id=st.text(),
    triggered_at=instants,
    user_id=st.text(),
    device_id=st.text(),
    ab_test_id=st.text(),
    variant_id=st.text(),
)


def expected_values(event: Event) -> dict[str, str]:
    """Return what each placeholder stands for, by name; `Parameters` apart."""
    values = dict.fromkeys(PLACEHOLDERS, "")
    values["User ID"] = event.user_id
    values["Device ID"] = event.device_id
    values["Trigger time"] = str((event.triggered_at - EPOCH) // timedelta(milliseconds=1))
    if isinstance(event, MessageEvent):
        values["Message ID"] = event.message_id
        values["Message event"] = event.event
        values["Message channel"] = event.channel.value
        values["Template name"] = event.template_name
    else:
        values["AB test ID"] = event.ab_test_id
        values["Variant ID"] = event.variant_id
    return values


def received_values(url: str) -> dict[str, str]:
    """Return what a receiver reads from the query, by the name of the placeholder."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, errors="strict")
    assert [name for name, _ in pairs] == [str(number) for number in range(len(PLACEHOLDERS))]
    return dict(zip(PLACEHOLDERS, (value for _, value in pairs), strict=True))


@given(message_events | ab_test_events)
def test_every_value_arrives_after_one_decoding(event: Event) -> None:
    check_event(event)
    url = TEMPLATE.render(event)
    received, expected = received_values(url), expected_values(event)
    if isinstance(event, MessageEvent):
        assert json.loads(received.pop("Parameters")) == event.parameters
        expected.pop("Parameters")
    assert received == expected


@given(message_events | ab_test_events)
def test_values_arrive_in_the_path_and_the_fragment_as_well(event: Event) -> None:
    parts = urlsplit(TEMPLATE.render(event))
    assert (parts.scheme, parts.netloc) == ("https", "example.com")
    assert unquote(parts.path, errors="strict") == f"/{event.user_id}/in"
    assert unquote(parts.fragment, errors="strict") == event.device_id


@given(message_events | ab_test_events)
def test_nothing_is_written_that_no_url_may_hold(event: Event) -> None:
    assert ALLOWED_IN_A_URL.fullmatch(TEMPLATE.render(event))
    assert ALLOWED_IN_A_URL.fullmatch(TEMPLATE.render(event, "twice"))


@given(message_events)
def test_twice_encodes_the_strings_inside_and_nothing_else(event: MessageEvent) -> None:
    once = received_values(TEMPLATE.render(event, "once"))
    twice = received_values(TEMPLATE.render(event, "twice"))
    document = json.loads(twice.pop("Parameters"))
    assert decoded_inside(document) == event.parameters == json.loads(once.pop("Parameters"))
    assert twice == once


def decoded_inside(value: Any) -> Any:
    if isinstance(value, str):
        assert ALLOWED_IN_A_URL.fullmatch(value)
        return unquote(value, errors="strict")
    if isinstance(value, list):
        return [decoded_inside(item) for item in value]
    if isinstance(value, dict):
        return {key: decoded_inside(item) for key, item in value.items()}
    return value


@given(documents)
def test_parameters_are_compact_ordered_json_with_escaped_slashes(document: Any) -> None:
    text = unquote(write_parameters(document), errors="strict")
    compact = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    assert text == compact.replace("/", "\\/")


@given(documents)
def test_numbers_stay_numbers(document: Any) -> None:
    """`1`, `1.0` and `true` are equal in Python, but not in JSON."""
    received = json.loads(unquote(write_parameters(document)))
    assert repr(received) == repr(document)


@given(instants)
def test_trigger_times_are_whole_milliseconds_rounded_down(instant_at: datetime) -> None:
    back_at = EPOCH + timedelta(milliseconds=milliseconds(instant_at))
    assert timedelta(0) <= instant_at - back_at < timedelta(milliseconds=1)


@given(st.text(min_size=1))
def test_any_template_is_accepted_or_refused_in_the_one_documented_way(text: str) -> None:
    for url in (text, f"https://example.com/{text}", f"https://{text}/in?u={{{{User ID}}}}"):
        try:
            template = Template(url)
        except InvalidTemplate:
            continue
        assert ALLOWED_IN_A_URL.fullmatch(template.render(AbTestEvent("app", EPOCH)))
