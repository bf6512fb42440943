"""Whose an entry of a probe is, and what differs in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.verify.postbacks import Composer, Postback, Subscription
from contracts.verify.stored import Stored, differences, how_time_differs, read_stored
from mockserver.core.models import ParametersEncoding
from mockserver.core.template import Template

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
URL = "http://h.test/in?u={{User ID}}&d={{Device ID}}&m={{Message ID}}&at={{Trigger time}}&p={{Parameters}}"  # fmt: skip  # noqa: E501
PREFIX = "postbacks-verify-run"


def postbacks(number: int, **values: Any) -> list[Postback]:
    composer = Composer(Subscription(Template(URL)), "run", AT)
    return [composer.make(**values) for _ in range(number)]


def answer_of(body: bytes, status: str = "200 OK", *fields: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(head).encode() + body


# What is found of a postback


def test_one_is_not_found_in_seventeen() -> None:
    made = postbacks(17)
    found = Stored(3, (made[16].event.user_id, {"id": made[16].event.device_id}, [made[16].key]))
    assert found.of(made[16]) == list(found.entries or ())
    assert found.of(made[0]) == []


@pytest.mark.parametrize(
    "entry",
    [
        f"{PREFIX}-1",
        f"id={PREFIX}-1;",
        f"{PREFIX}-1-device",
        {"user": f"{PREFIX}-1"},
        {"a": {"b": [1, None, {"c": f"x {PREFIX}-1 x"}]}},
        [f"{PREFIX}-1"],
        (True, f"{PREFIX}-1"),
    ],
)
def test_a_key_is_found_wherever_it_is_kept(entry: Any) -> None:
    assert Stored(1, (entry,)).of(postbacks(1)[0]) == [entry]


@pytest.mark.parametrize("entry", [f"{PREFIX}-2", f"{PREFIX}-11", "", None, 1, 1.5, True, {}, []])
def test_other_entries_are_none_of_it(entry: Any) -> None:
    assert Stored(1, (entry,)).of(postbacks(1)[0]) == []


def test_without_entries_or_a_key_nothing_is_found() -> None:
    assert Stored(5).of(postbacks(1)[0]) == []
    (keyless,) = postbacks(1, user_id="a", device_id="b")
    assert Stored(2, ("a", "b")).of(keyless) == []


# What differs


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("m", 5838201947316225),
        ("m", "5838201947316225"),
        ("at", 1767268800001),
        ("p", {"a": [1, 2.5, True, None, "ü/"], "b": {}}),
        ("p", '{"b": {}, "a": [1, 2.5, true, null, "ü/"]}'),
        ("other", "anything"),
    ],
)
def test_what_is_the_same(name: str, kept: Any) -> None:
    (postback,) = postbacks(1, parameters={"a": [1, 2.5, True, None, "ü/"], "b": {}})
    assert differences(postback, {name: kept}) == []


@pytest.mark.parametrize(
    ("name", "kept", "shown"),
    [
        ("u", "ada", "ada"),
        ("u", "", ""),
        ("u", None, "null"),
        ("m", 5838201947316225.0, "5838201947316225.0"),
        ("m", 5838201947316224, "5838201947316224"),
        ("at", 1767268800, "1767268800"),
        ("p", {"a": [True]}, '{"a": [true]}'),
        ("p", '{"a":[1], "b":2}', '{"a":[1], "b":2}'),
        ("p", "{", "{"),
        ("p", "[" * 100_000, "[" * 100_000),
        ("p", float("nan"), "NaN"),
    ],
)
def test_what_is_not_the_same(name: str, kept: Any, shown: str) -> None:
    (postback,) = postbacks(1, parameters={"a": [1]})
    assert differences(postback, {name: kept}) == [(name, postback.values[name], shown)]


def test_a_float_of_an_id_in_json_is_seen() -> None:
    (postback,) = postbacks(1)
    (entry,) = read_stored('[{"m": 5838201947316225.0}]', "s").entries or ()
    assert differences(postback, entry) == [("m", "5838201947316225", "5838201947316225.0")]


def test_an_empty_value_may_be_kept_as_null_and_not_as_a_word() -> None:
    (postback,) = postbacks(1, device_id="")
    assert differences(postback, {"d": None}) == differences(postback, {"d": ""}) == []
    assert differences(postback, {"d": "null"}) == [("d", "", "null")]


@pytest.mark.parametrize("kept", [None, "", {}, "{ }"])
@pytest.mark.parametrize("parameters", [{}, {"a": None}, {"a": {}}])
def test_a_document_without_values_may_be_kept_as_nothing(kept: Any, parameters: Any) -> None:
    (postback,) = postbacks(1, parameters=parameters)
    assert (differences(postback, {"p": kept}) == []) is (not parameters)


_TWICE = {"url": "https://shop.example/a b?x=1&y=%C3%BC", "deep": [{"ü": "+%41"}, 7]}


@pytest.mark.parametrize(
    ("kept", "is_fine"),
    [
        (_TWICE, True),
        (json.dumps(_TWICE), True),
        (_TWICE | {"deep": []}, False),
        (_TWICE | {"url": "https://shop.example/a b?x=1&y=ü"}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("encoding", ["once", "twice"])
def test_what_is_encoded_twice_may_be_decoded_twice_and_no_more(
    kept: Any, is_fine: bool, encoding: ParametersEncoding
) -> None:
    postback = Composer(
        Subscription(Template("http://h.test/?p={{Parameters}}"), parameters_encoding=encoding)
    ).make(parameters=_TWICE)
    assert (differences(postback, {"p": kept}) == []) is is_fine
    as_sent = postback.values["p"]
    assert differences(postback, {"p": as_sent}) == []
    assert bool(postback.decoded) is (encoding == "twice")


def test_what_is_no_object_says_nothing_of_values() -> None:
    (postback,) = postbacks(1)
    assert differences(postback, "text") == differences(postback, ["list"]) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text("ab/ü", max_size=2), each),
    max_leaves=6,
)  # fmt: skip


@given(
    suffix=st.text(st.characters(exclude_categories=("Cs",)), max_size=10),
    parameters=st.dictionaries(st.text("xyü", max_size=2), _JSON, max_size=3),
    indent=st.sampled_from([None, 2]),
    ascii=st.booleans(),
)
def test_what_went_through_json_is_the_same(
    suffix: str, parameters: dict[str, Any], indent: int | None, ascii: bool
) -> None:
    (postback,) = postbacks(1, suffix=suffix, parameters=parameters)
    taken_apart = {**postback.values, "p": json.loads(postback.values["p"])}
    for values in (dict(postback.values), taken_apart):
        written = json.dumps([values], indent=indent, ensure_ascii=ascii)
        for entry in (values, *(read_stored(written, "s").entries or ())):
            assert differences(postback, entry) == []


# Instants

SENT_AT = datetime(2026, 1, 2, 3, 4, 5, 123_000, UTC)


def at_stored(value: Any, names: set[str] | None = None) -> list[tuple[str, str, str]]:
    composer = Composer(
        Subscription(Template("http://p.test/in?u={{User ID}}&at={{Trigger time}}"))
    )
    postback = composer.make(triggered_at=SENT_AT)
    return differences(postback, {"at": value, "u": postback.values["u"]}, names)


@pytest.mark.parametrize(
    "kept",
    [
        1767323045123,
        "1767323045123",
        "1767323045.123",
        "1767323045.123000",
        "2026-01-02T03:04:05.123Z",
        "2026-01-02 03:04:05.123+00:00",
        "2026-01-02T04:04:05.123000+01:00",
        "2026-01-02 03:04:05.123+00",
        "2026-01-02T03:04:05.123",
        "2026-01-02 03:04:05.123000",
        "2026-01-02 03:04:05.123 UTC",
        "2026-01-02 03:04:05.123 GMT",
    ],
)
def test_an_instant_may_be_kept_in_any_way_that_loses_nothing(kept: Any) -> None:
    assert at_stored(kept) == []


@pytest.mark.parametrize(
    "kept",
    [
        1767323045,
        "1767323045",
        "1767323045.0",
        "1767323045.124",
        "2026-01-02T03:04:05Z",
        "2026-01-02T04:04:05.123",
        "2026-01-02T03:04:05.123+01:00",
        "2026-01-02T03:04:05.12+00",
        "",
        "soon",
    ],
)
def test_an_instant_that_lost_its_milliseconds_or_is_of_another_zone_is_another(kept: Any) -> None:
    assert at_stored(kept) == [("at", "1767323045123", str(kept))]


@pytest.mark.parametrize("fraction", ["120", "100", "000", "001"])
def test_zeros_at_the_end_of_a_fraction_may_be_left_out(fraction: str) -> None:
    sent = f"1767323045{fraction}"
    shorter = f".{fraction}".rstrip("0").rstrip(".")
    for kept in (f"1767323045{shorter}", f"2026-01-02 03:04:05{shorter}+00"):
        assert (
            differences(
                Composer(Subscription(Template(URL)), "r").written(f"http://x/?at={sent}"),
                {"at": kept},
            )
            == []
        )


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        ("2026-01-02 05:04:05.123", "no time zone, and is +2 h off"),
        ("2026-01-01 21:34:05.123", "no time zone, and is -5.5 h off"),
        ("2026-01-02T03:04:05.123+01:00", "it has a zone, and is -1 h off"),
        ("2026-01-02T03:04:05Z", "milliseconds are lost"),
        ("2026-01-02 03:04:05", "milliseconds are lost"),
        ("2026-01-02 03:04:05.123", ""),
        ("2026-01-02 03:11:05.123", ""),
        ("2027-01-02 03:04:05.123", ""),
        ("soon", ""),
        ("", ""),
        ("0001-01-01T00:00:00+23:00", ""),
    ],
)
def test_why_a_time_differs(kept: str, reason: str) -> None:
    found = how_time_differs("1767323045123", kept)
    assert reason in found
    assert bool(found) is bool(reason)
    assert how_time_differs("no time", kept) == ""


def test_only_what_is_asked_for_is_compared() -> None:
    assert at_stored("soon", {"u"}) == []
    assert at_stored("soon", {"at", "u"}) != []


def test_a_number_within_a_document_is_shown_as_one() -> None:
    postback = Composer(Subscription(Template("http://x/?parameters={{Parameters}}")), "r").make(
        parameters={"index": 9007199254740993}
    )
    document = json.dumps([{"parameters": {"index": 9007199254740992}}])
    entries = read_stored(document, "p").entries
    assert entries is not None
    ((_, _, kept),) = differences(postback, entries[0])
    assert kept == '{"index": 9007199254740992}'
