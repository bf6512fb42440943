"""What the endpoints that misread Parameters do otherwise."""

from __future__ import annotations

import json

import pytest

from contracts.verify.endpoints import payload

from .visiting import Probe, compare, kept_of, name_of, names_of, status_of

_LINK = '{"index":1,"url":"https:\\/\\/shop.example\\/o?from=news"}'
_TWICE = '{"index":"1","url":"https%3A%2F%2Fshop.example%2Fo"}'
_NESTED = '{"index":5,"more":{"list":[1,2.5,null,true],"empty":{}}}'

PROBES = (
    Probe("needs-a-link", status_of(parameters="{}"), 200, 500),
    Probe("parses-json-by-hand", status_of(parameters=_NESTED), 200, 500),
    Probe("insists-on-a-plain-link", status_of(parameters=_TWICE), 200, 400),
    Probe("refuses-unknown-parameters", status_of(parameters=_NESTED), 200, 422),
    Probe(
        "stores-a-repr",
        kept_of("parameters", '{"index":1,"more":null}'),
        '{"index":1,"more":null}',
        "{'index': 1, 'more': None}",
    ),
    Probe(
        "cleans-links",
        kept_of("parameters", _LINK),
        _LINK,
        {"index": 1, "url": "https://shop.example/o"},
    ),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    compare(probe)


def test_each_is_proved() -> None:
    assert names_of(PROBES) == {deviant.name for deviant in payload.DEVIANTS}


@pytest.mark.parametrize("deviant", payload.DEVIANTS, ids=lambda deviant: deviant.name)
def test_a_click_on_a_plain_link_is_taken_by_all(deviant: payload.EndpointVariant) -> None:
    compare(Probe(deviant.name, status_of(parameters=_LINK), 200, 200))


@pytest.mark.parametrize(
    "name", ["parses-json-by-hand", "insists-on-a-plain-link", "refuses-unknown-parameters"]
)
def test_an_event_without_parameters_is_taken(name: str) -> None:
    compare(Probe(name, status_of(parameters="{}"), 200, 200))


def test_a_document_without_a_link_is_stored_as_it_is() -> None:
    kept = kept_of("parameters", _NESTED)
    compare(Probe("cleans-links", kept, _NESTED, json.loads(_NESTED)))
