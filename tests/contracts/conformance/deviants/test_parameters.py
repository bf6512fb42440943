"""What the deviants about Parameters do otherwise."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from .acting import Actor, Probe, compare, name_of, prove

_CLICK = {"index": 1, "url": "https://a.example/"}


def _written(
    parameters: dict[str, Any], event: str = "email.click", **knobs: Any
) -> Callable[[Actor], str]:
    """Return a look at Parameters as they arrive, decoded once."""

    def look(actor: Actor) -> str:
        if knobs:
            actor.put_app(**knobs)
        return unquote(actor.filled("?{{Parameters}}", event, parameters=parameters))[1:]

    return look


_FAITHFUL = r'{"index":1,"url":"https:\/\/a.example\/"}'
_TWICE = r'{"index":1,"url":"https%3A%2F%2Fa.example%2F"}'
_twice = {"parameters_encoding": "twice"}

PROBES = (
    Probe(
        "parameters-python-repr",
        _written({"on": True, "at": "b"}),
        '{"on":true,"at":"b"}',
        "{'on': True, 'at': 'b'}",
    ),
    Probe("parameters-slash-plain", _written(_CLICK), _FAITHFUL, _FAITHFUL.replace("\\", "")),
    Probe("parameters-twice-always", _written(_CLICK), _FAITHFUL, _TWICE),
    Probe("parameters-once-always", _written(_CLICK, **_twice), _TWICE, _FAITHFUL),
    Probe(
        "parameters-strings-only",
        _written({"a": 1, "b": True, "c": "d"}),
        '{"a":1,"b":true,"c":"d"}',
        '{"a":"1","b":"true","c":"d"}',
    ),
    Probe(
        "parameters-long-keys-cut",
        _written({"k" * 257: 1}),
        f'{{"{"k" * 257}":1}}',
        f'{{"{"k" * 256}":1}}',
    ),
    Probe("parameters-keys-lost", _written(_CLICK), _FAITHFUL, '{"index":1}'),
    Probe("parameters-empty-text", _written({}), "{}", ""),
    Probe("click-without-index", _written(_CLICK), _FAITHFUL, r'{"url":"https:\/\/a.example\/"}'),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize(
    ("name", "knob"), [("parameters-twice-always", "twice"), ("parameters-once-always", "once")]
)
def test_whoever_ignores_the_knob_is_right_by_chance(name: str, knob: str) -> None:
    expected = {"once": _FAITHFUL, "twice": _TWICE}[knob]
    compare(Probe(name, _written(_CLICK, parameters_encoding=knob), expected, expected))


def test_a_backslash_before_a_slash_is_data() -> None:
    look = _written({"a": "\\/"})
    compare(Probe("parameters-slash-plain", look, r'{"a":"\\\/"}', r'{"a":"\\/"}'))


def test_events_other_than_a_click_keep_an_index() -> None:
    look = _written({"index": 1}, "email.open")
    compare(Probe("click-without-index", look, '{"index":1}', '{"index":1}'))


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_an_ab_test_has_no_parameters(probe: Probe) -> None:
    def look(actor: Actor) -> str:
        return actor.filled("?{{Parameters}}", "ab-test.enter")

    compare(Probe(probe.name, look, "?", "?"))
