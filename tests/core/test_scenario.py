"""How a scenario is written, what is wrong with one, and that what is written is read back."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.strategies import events, every_kind
from mockserver.core.catalog import event_kind, event_kinds
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidScenario
from mockserver.core.events import build_event
from mockserver.core.models import EXAMPLE_APP_ID
from mockserver.core.retry import DeliveryState
from mockserver.core.scenario import (
    MOST_LINES,
    NOTHING,
    Step,
    format_scenario,
    parse_scenario,
    told,
)

STATES = [*(state.value for state in DeliveryState), NOTHING]


def test_a_line_says_what_happens_when_and_what_becomes_of_it() -> None:
    text = (
        '{"event": "email.click", "values": {"user_id": "ada"}, "expect": "delivered"}\r\n'
        "\n"
        '  {"at": "1h30m", "event": "ab-test.enter"}\n'
        '{"at": "65h"}\n'
        '{"at": "idle"}'
    )
    assert parse_scenario("\ufeff" + text) == (
        Step(1, timedelta(0), "email.click", {"user_id": "ada"}, "delivered"),
        Step(3, timedelta(hours=1.5), "ab-test.enter", {}, None),
        Step(4, timedelta(hours=65)),
        Step(5, None),
    )


WRONG: list[tuple[str, str]] = [
    ("", "s has no line; one is, for instance"),
    ("\n \n", "s has no line"),
    ("{", "s:1: this is no JSON: "),
    ("[1]", "s:1: a line is a JSON object like"),
    ("null", "s:1: a line is a JSON object like"),
    ("{}", "s:1: it has neither an event nor at"),
    (
        '{"evnt": "email.click"}',
        "s:1: there is no field 'evnt' (did you mean 'event'?); a line has",
    ),
    (
        '{"event": "email.clik"}',
        "s:1: event: unknown event 'email.clik' (did you mean 'email.click'",
    ),
    ('{"event": 7}', "s:1: event: an event has a name like"),
    ('{"event": ["email.click"]}', "s:1: event: an event has a name like"),
    ('{"event": "email.click", "values": 7}', "s:1: values must be an object like"),
    (
        '{"event": "email.click", "values": {"user": "ada"}}',
        "s:1: values: email.click has no field 'user' (did you mean 'user_id'?)",
    ),
    ('{"event": "email.click", "values": {"user_id": 7}}', "s:1: values: user_id must be text"),
    (
        '{"event": "ab-test.enter", "values": {"message_id": "7"}}',
        "s:1: values: ab-test.enter has no field 'message_id'",
    ),
    (
        '{"event": "email.click", "values": {"triggered_at": "noon"}}',
        "s:1: values: triggered_at must be an instant",
    ),
    (
        '{"event": "email.click", "values": {"user_id": "\\ud800"}}',
        "s:1: values: user_id holds half",
    ),
    (
        '{"event": "email.click", "values": {"parameters": {"a": 1e999}}}',
        "s:1: values: parameters cannot be written",
    ),
    ('{"event": "email.click", "at": "1 hour"}', "s:1: at: '1 hour' is no duration"),
    ('{"event": "email.click", "at": "-1h"}', "s:1: at: '-1h' is no duration"),
    ('{"event": "email.click", "at": 3600}', "s:1: at must be a duration since the beginning"),
    ('{"event": "email.click", "at": null}', "s:1: at must be a duration since the beginning"),
    ('{"event": "email.click", "at": "idle"}', 's:1: at: "idle" stands alone'),
    (
        '{"event": "email.click", "expect": "deliverd"}',
        "s:1: expect cannot be \"deliverd\" (did you mean 'delivered'?); it is one of: pending, ",
    ),
    ('{"event": "email.click", "expect": 200}', "s:1: expect cannot be 200; it is one of"),
    (
        '{"event": "email.click", "expect": ["lost"]}',
        's:1: expect cannot be ["lost"]; it is one of',
    ),
    ('{"at": "1h", "expect": "lost"}', "s:1: expect needs an event"),
    ('{"at": "1h", "values": {}}', "s:1: values needs an event"),
    ('{"at": "1h", "event": null}', "s:1: event needs an event"),
    ('{"event": "email.click", "event": "email.open"}', "s:1: 'event' stands there twice"),
    ('{"at": "1h"}\n{"at": "59m"}', "s:2: at: 59m is earlier than 1h of line 1"),
    ('{"at": "1h"}\n{"event": "email.open"}', "s:2: at: 0s is earlier than 1h of line 1"),
    ('{"at": "idle"}\n\n{"at": "1h"}', 's:1: at: "idle" is for the last line, and line 3 follows'),
    ('{"at": "1h"}\n{"at": "2h"}\n{"event": "x"}', "s:3: event: unknown event 'x'"),
    ('{"event": "email.click", "values": {"parameters": ' + "[" * 100_000, "s:1: this is no JSON"),
    ('{"a": ' + "9" * 5000 + "}", "s:1: this is no JSON that can be read"),
]


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=[text[:50] for text, _ in WRONG])
def test_a_mistake_names_place_line_field_and_what_is_right(text: str, expected: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(text, "s")
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize("expect", STATES)
def test_every_state_can_be_expected(expect: str) -> None:
    (step,) = parse_scenario(json.dumps({"event": "email.click", "expect": expect}))
    assert step.expect == expect


@pytest.mark.parametrize("name", [kind.name for kind in event_kinds()])
def test_every_event_can_happen(name: str) -> None:
    (step,) = parse_scenario(json.dumps({"event": name.upper()}))
    assert step.event == name


@pytest.mark.parametrize("lines", [MOST_LINES, MOST_LINES + 1])
def test_there_may_be_so_many_lines(lines: int) -> None:
    text = '{"at":"1h"}\n' * lines
    if lines <= MOST_LINES:
        assert len(parse_scenario(text)) == lines
    else:
        with pytest.raises(InvalidScenario, match="cut it in two"):
            parse_scenario(text)


@given(
    st.lists(
        st.tuples(
            st.timedeltas(timedelta(0), timedelta(days=4)),
            st.none() | events(),
            st.none() | st.sampled_from(STATES),
        ),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
)
def test_what_is_written_is_read_back(drawn: list[tuple[Any, Any, Any]], is_idle: bool) -> None:
    steps = []
    for number, (at, event, expect) in enumerate(sorted(drawn, key=lambda each: each[0]), 1):
        if event is None:
            steps.append(Step(number, at))
        else:
            steps.append(Step(number, at, *told(event), expect))
    if is_idle:
        steps.append(Step(len(steps) + 1, None))
    assert parse_scenario(format_scenario(steps)) == tuple(steps)


@every_kind()
@given(events())
def test_what_is_told_of_an_event_makes_the_same_event(event: Any) -> None:
    name, values = told(event)
    assert build_event(event_kind(name), EXAMPLE_APP_ID, DEFAULT_START_AT, values) == event
    name, values = told(event, event.triggered_at)
    assert build_event(event_kind(name), EXAMPLE_APP_ID, event.triggered_at, values) == event


@example('{"at": "1h"}\u2028{}')
@given(st.text())
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    with suppress(InvalidScenario):
        parse_scenario(text)
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(text + "\n{")
    assert "\n" not in str(caught.value)
