"""What the endpoints that take values for something else do otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from contracts.verify.endpoints import values
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint

from .visiting import (
    DEVIANTS,
    Probe,
    Visitor,
    compare,
    kept_of,
    name_of,
    names_of,
    raised,
    status_of,
    stored_of,
)

_LONG = "x" * 256
_COMPOSED = "caf\u00e9"
_DECOMPOSED = "cafe\u0301"


def _milliseconds_ago(ago: timedelta) -> str:
    return str(round((datetime.now(UTC) - ago).timestamp() * 1000))


def _status_of_old(visitor: Visitor) -> object:
    return visitor.status(at=_milliseconds_ago(timedelta(hours=65)))


def _kept_and_known(name: str, first: str, second: str) -> Callable[[Visitor], object]:
    """Return what is stored of two values, one after the other."""
    return lambda visitor: (visitor.kept(name, first), visitor.kept(name, second))


PROBES = (
    Probe("needs-a-device-id", status_of(device=""), 200, 400),
    Probe("needs-every-value", status_of(template=""), 200, 400),
    Probe("needs-a-user-id", status_of(user=""), 200, 400),
    Probe("ignores-empty-users", stored_of({"user": ""}), ([200], 1), ([200], 0)),
    Probe("ignores-empty-devices", stored_of({"device": ""}), ([200], 1), ([200], 0)),
    Probe("decodes-as-latin-1", kept_of("user", "é"), "é", "Ã©"),
    Probe("decodes-twice", kept_of("user", "%41"), "%41", "A"),
    Probe("plus-for-space", kept_of("user", "a+b"), "a+b", "a b"),
    Probe("splits-by-hand", kept_of("user", "a&b=c"), "a&b=c", "a"),
    Probe("strips-accents", kept_of("user", "Łódź Ñandú"), "Łódź Ñandú", "Łodz Nandu"),
    Probe("composes-accents", kept_of("user", _DECOMPOSED), _DECOMPOSED, _COMPOSED),
    Probe("lowercases-ids", kept_of("user", "Ada"), "Ada", "ada"),
    Probe("squeezes-blanks", kept_of("user", "a\t\n b"), "a\t\n b", "a b"),
    Probe("strips-tags", kept_of("user", "<b>bold</b>"), "<b>bold</b>", "bold"),
    Probe("html-escapes", kept_of("user", "a<b"), "a<b", "a&lt;b"),
    Probe("html-unescapes", kept_of("user", "a&lt;b"), "a&lt;b", "a<b"),
    Probe("latin-1-database", status_of(user="Łódź"), 200, 500),
    Probe("no-emoji", status_of(user="\U0001f389"), 200, 500),
    Probe("fails-on-percent", status_of(user="100% off"), 200, 500),
    Probe("fails-on-quotes", status_of(user="it's"), 200, 500),
    Probe("refuses-odd-ids", status_of(user="ada+news@example.com"), 200, 400),
    Probe("column-of-255", status_of(user=_LONG), 200, 500),
    Probe("cuts-at-255", kept_of("user", _LONG), _LONG, _LONG[:255]),
    Probe("refuses-urls-of-2-kib", status_of(user="x" * 2048), 200, 414),
    Probe("fails-on-long-queries", status_of(user="x" * 2048), 200, 500),
    Probe("refuses-long-urls", status_of(user="x" * 4096), 200, 414),
    Probe(
        "floats-the-ids",
        kept_of("message", "9007199254740993"),
        "9007199254740993",
        "9007199254740992",
    ),
    Probe(
        "ids-of-32-bits", kept_of("message", "5838201947316225"), "5838201947316225", "2147483647"
    ),
    Probe("milliseconds-overflow", status_of(), 200, 500),
    Probe("refuses-the-past", _status_of_old, 200, 400),
    Probe(
        "seconds-for-milliseconds", kept_of("at", "1767225600123"), "1767225600123", "1767225600"
    ),
    Probe(
        "arrival-for-trigger-time", kept_of("at", "1700000000001"), "1700000000001", "1767225600000"
    ),
    Probe("template-name-is-a-file", status_of(template="Sale/Autumn"), 200, 400),
)

#: What is taken, and stored as it is, by whoever is wrong about something else.
UNHARMED = (
    ("needs-a-device-id", "user", ""),
    ("ignores-empty-devices", "user", ""),
    ("decodes-as-latin-1", "user", "a+b %41"),
    ("decodes-twice", "user", "a+b é"),
    ("plus-for-space", "user", "%41 é"),
    ("splits-by-hand", "user", "a+b é"),
    ("strips-accents", "user", "Łukasz 🎉"),
    ("composes-accents", "user", _COMPOSED),
    ("lowercases-ids", "template", "Banner"),
    ("squeezes-blanks", "user", "ada lovelace"),
    ("strips-tags", "user", "a>b"),
    ("html-unescapes", "user", "<b>"),
    ("latin-1-database", "user", "Jürgen"),
    ("no-emoji", "user", "שלום"),
    ("fails-on-percent", "user", "it's"),
    ("fails-on-quotes", "user", "100%"),
    ("refuses-odd-ids", "user", "ada.l_1@example.com"),
    ("refuses-odd-ids", "user", ""),
    ("column-of-255", "user", _LONG[:255]),
    ("cuts-at-255", "user", _LONG[:255]),
    ("refuses-urls-of-2-kib", "user", "x" * 1500),
    ("fails-on-long-queries", "user", "x" * 1500),
    ("refuses-long-urls", "user", "x" * 3000),
    ("floats-the-ids", "message", "5838201947316225"),
    ("ids-of-32-bits", "message", "2147483647"),
    ("template-name-is-a-file", "template", "Frühling & Sommer"),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    compare(probe)


def test_each_is_proved() -> None:
    assert names_of(PROBES) == {deviant.name for deviant in values.DEVIANTS}


@pytest.mark.parametrize(("name", "value", "text"), UNHARMED)
def test_it_differs_in_nothing_else(name: str, value: str, text: str) -> None:
    compare(Probe(name, kept_of(value, text), text, text))


def test_an_event_of_today_is_not_of_the_past() -> None:
    with DeviantEndpoint(DEVIANTS["refuses-the-past"]) as served:
        assert Visitor(served).status(at=_milliseconds_ago(timedelta(hours=1))) == 200


def test_the_arrival_is_stored_and_the_trigger_time_still_tells_events_apart() -> None:
    changes = ({"at": "1"}, {"at": "2"}, {"at": "1"})
    compare(Probe("arrival-for-trigger-time", stored_of(*changes), ([200] * 3, 2), ([200] * 3, 2)))


def test_seconds_make_two_events_one() -> None:
    look = stored_of({"at": "1767225600001"}, {"at": "1767225600999"})
    compare(Probe("seconds-for-milliseconds", look, ([200, 200], 2), ([200, 200], 1)))


def test_whole_numbers_of_parameters_are_floats_as_well() -> None:
    kept = kept_of("parameters", '{"index":9007199254740993}')
    compare(
        Probe("floats-the-ids", kept, '{"index":9007199254740993}', {"index": 9007199254740992.0})
    )


def test_an_id_without_a_number_stays_empty() -> None:
    for name in ("floats-the-ids", "ids-of-32-bits"):
        compare(Probe(name, kept_of("message", ""), "", ""))


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("fails-on-quotes", {"user": "it's"}, 'near "s": syntax error'),
        ("fails-on-percent", {"user": "50%25"}, "only %s is allowed as a placeholder"),
        ("milliseconds-overflow", {}, "year 57971 is out of range"),
    ],
)
def test_what_fails_is_the_database_and_not_the_deviant(
    name: str, changed: dict[str, str], said: str
) -> None:
    with DeviantEndpoint(DEVIANTS[name]) as served:
        (message,) = raised(Visitor(served), **changed)
    assert said in message
