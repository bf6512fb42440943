"""What is stored comes back exactly as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.core.catalog import Channel
from mockserver.core.models import AbTestEvent, App, Event, KeyClass, MessageEvent
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import RetryPolicy
from mockserver.ledger.sql import codec
from mockserver.ledger.sql.outcomes import OUTCOME_COLUMNS, decode_outcome, encode_outcome

instants = st.datetimes(timezones=st.just(UTC))
durations = st.timedeltas()


def pairs_joined(text: str) -> str:
    """Return `text` with each pair of surrogates made the character it stands for."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


#: All that a JSON body can bring along: unpaired surrogates, but no pairs of them.
any_text = st.text(st.characters()).map(pairs_joined)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)
message_events = st.builds(
    MessageEvent,
    any_text,
    st.sampled_from(Channel),
    any_text,
    instants,
    any_text,
    any_text,
    any_text,
    any_text,
    st.dictionaries(any_text, json_values, max_size=3),
)
ab_test_events = st.builds(AbTestEvent, any_text, instants, any_text, any_text, any_text, any_text)
policies = st.builds(
    RetryPolicy,
    st.lists(st.timedeltas(min_value=timedelta(0)), max_size=4).map(tuple),
    st.frozensets(st.sampled_from(["5xx", "429", "timeout", "refused", "reset", "dns", "tls"])),
    st.timedeltas(min_value=timedelta(microseconds=1)),
)
apps = st.builds(
    App,
    any_text,
    st.dictionaries(st.sampled_from(KeyClass), any_text),
    policies,
    st.sampled_from(["once", "twice"]),
    st.integers(0, 1000),
)
headers = st.lists(st.tuples(any_text, any_text), max_size=4).map(tuple)
outcomes = st.builds(
    Outcome,
    st.sampled_from(OutcomeKind),
    durations,
    st.floats(0, 1e6),
    st.none() | st.integers(100, 599),
    headers,
    st.binary(max_size=50),
    st.none() | st.text(),
    st.none() | st.integers(0, 2**62),
)


@given(instants)
@example(datetime.min.replace(tzinfo=UTC))
@example(datetime.max.replace(tzinfo=UTC))
@example(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
def test_instants_are_exact_both_ways(instant_at: datetime) -> None:
    microseconds = codec.to_microseconds(instant_at)
    assert codec.from_microseconds(microseconds) == instant_at
    assert codec.from_microseconds(microseconds).tzinfo is UTC


@given(instants, instants)
def test_instants_keep_their_order(one_at: datetime, other_at: datetime) -> None:
    before = codec.to_microseconds(one_at) < codec.to_microseconds(other_at)
    assert before == (one_at < other_at)


def test_an_instant_counts_from_1970_utc() -> None:
    assert codec.to_microseconds(datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)) == 1
    elsewhere = datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert codec.to_microseconds(elsewhere) == 0


@given(durations)
def test_durations_are_exact_both_ways(duration: timedelta) -> None:
    microseconds = codec.duration_to_microseconds(duration)
    assert codec.duration_from_microseconds(microseconds) == duration


@given(message_events | ab_test_events)
def test_events_come_back_as_they_were(event: Event) -> None:
    text = codec.encode_event(event)
    assert text.isascii()
    assert codec.decode_event(text) == event


@given(message_events | ab_test_events)
@example(
    MessageEvent("a", Channel.PUSH, "Open", codec.EPOCH, parameters={"a": float("inf"), "b": 1})
)
@example(MessageEvent("a", Channel.PUSH, "Open", codec.EPOCH, "\ud800\x7f", parameters={"a": []}))
@example(MessageEvent("a", Channel.PUSH, "Open", codec.EPOCH, parameters={"a": 10**30, "b": 1e16}))
def test_the_quick_way_says_what_json_says(event: Event) -> None:
    text = codec.encode_event(event)
    slow = json.JSONEncoder(default=dict).encode(json.loads(text))
    assert codec._decode(text) == json.loads(text) == codec._decode(slow)


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_parameters_keep_their_order(parameters: dict[str, int]) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    event = MessageEvent("a", Channel.PUSH, "Open", at, parameters=parameters)
    decoded = codec.decode_event(codec.encode_event(event))
    assert isinstance(decoded, MessageEvent)
    assert list(decoded.parameters) == list(parameters)


def test_read_only_mappings_are_welcome_as_parameters() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    inner = MappingProxyType({"b": 1})
    event = MessageEvent("a", Channel.PUSH, "Open", at, parameters=MappingProxyType({"a": inner}))
    decoded = codec.decode_event(codec.encode_event(event))
    assert isinstance(decoded, MessageEvent)
    assert decoded.parameters == {"a": {"b": 1}}


def test_what_json_has_no_word_for_is_refused_by_name() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    event = MessageEvent("a", Channel.PUSH, "Open", at, parameters={"a": b"x"})
    with pytest.raises(TypeError, match="bytes cannot be written as JSON: b'x'"):
        codec.encode_event(event)


@given(apps)
def test_apps_come_back_as_they_were(app: App) -> None:
    assert codec.decode_app(codec.encode_app(app)) == app


def test_an_app_is_readable_in_the_table() -> None:
    document = json.loads(codec.encode_app(App("a")))
    assert document["app_id"] == "a"
    assert document["keys"]["data_export"] == "YOUR_DATA_EXPORT_KEY"
    assert document["retry"]["timeout"] == 30_000_000
    assert document["rule_limit"] == 3


#: An app as version 0.1.0 wrote it, byte by byte.
STORED = (
    '{"app_id":"a","keys":{"data_export":"k","production":"p"},"retry":{"delays":[3600000000,1],'
    '"retry_on":["429","5xx"],"timeout":30000000},"parameters_encoding":"twice","rule_limit":7}'
)
STORED_APP = App(
    "a",
    {KeyClass.DATA_EXPORT: "k", KeyClass.PRODUCTION: "p"},
    RetryPolicy((timedelta(hours=1), timedelta(microseconds=1)), frozenset({"429", "5xx"})),
    "twice",
    7,
)


def test_the_stored_form_stays_as_it_was() -> None:
    assert codec.encode_app(STORED_APP).startswith(STORED.rstrip("}"))
    read = codec.decode_app(STORED)
    assert read == STORED_APP
    assert read.retry.decide(1, Outcome(OutcomeKind.RESPONSE, status=429)).delay == (
        timedelta(hours=1)
    )
    assert all(isinstance(key_class, KeyClass) for key_class in read.keys)


def test_a_knob_of_a_later_version_has_its_default_in_older_documents() -> None:
    document = json.loads(STORED)
    del document["rule_limit"]
    document["a_knob_of_a_later_version"] = 1
    assert codec.decode_app(json.dumps(document)) == replace(STORED_APP, rule_limit=3)


@given(headers)
def test_headers_keep_order_repetition_and_case(fields: tuple[tuple[str, str], ...]) -> None:
    assert codec.decode_headers(codec.encode_headers(fields)) == fields


@given(st.lists(st.sampled_from(Channel)).map(tuple))
def test_channels_keep_their_order(channels: tuple[Channel, ...]) -> None:
    assert codec.decode_channels(codec.encode_channels(channels)) == channels


@given(outcomes)
def test_outcomes_come_back_as_they_were(outcome: Outcome) -> None:
    encoded = encode_outcome(outcome)
    # In the order of the table, which is the order in which the statement takes them.
    assert list(encoded.columns) == [name for name in OUTCOME_COLUMNS if name in encoded.columns]
    assert None not in encoded.values
    stored = dict(zip(encoded.columns, encoded.values, strict=True))
    assert decode_outcome(*(stored.get(name) for name in OUTCOME_COLUMNS)) == outcome  # type: ignore[arg-type]


def test_an_unpaired_surrogate_in_an_error_is_written_as_an_escape() -> None:
    encoded = encode_outcome(Outcome(OutcomeKind.DNS, error="no \udcff"))
    assert encoded.values[-1] == "no \\udcff"
