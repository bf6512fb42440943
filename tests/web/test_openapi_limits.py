"""The OpenAPI document wants what the server wants."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from mockserver import Sandbox
from mockserver.core.durations import DURATION_PATTERN, parse_duration
from mockserver.core.errors import InvalidValue
from mockserver.core.inbox_name import INBOX_NAME
from mockserver.web.app import create_app

PATTERN_OF_NAMES = f"^{INBOX_NAME}$"

NUMBER = r"[0-9]{1,3}(\.[0-9]{1,2})?"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(Sandbox()).test_client()


@pytest.fixture(scope="module")
def document(client: FlaskClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/_sandbox/openapi.json").get_json()
    return document


def is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except InvalidValue as error:
        return "longer than any clock" in str(error)
    return True


@given(
    st.from_regex(rf"\A({NUMBER}(d|h|m|s|ms|us|MS|D|x|))*\Z")
    | st.from_regex(rf"\A ?[pP]({NUMBER}[wW])?({NUMBER}[dD])?([tT]({NUMBER}[hH])?({NUMBER}S)?)?\Z")
    | st.text(st.sampled_from("0123456789.pPtTdhmsuDHMSwW -٣"), max_size=8)
)
def test_the_pattern_of_durations_is_what_is_read(text: str) -> None:
    assert bool(re.search(DURATION_PATTERN, text)) == is_duration(text)


@given(
    st.text(st.sampled_from("aZ0._-/ é\n"), max_size=4) | st.sampled_from(["a" * 100, "a" * 101])
)
def test_the_pattern_of_names_is_what_is_taken(text: str) -> None:
    try:
        Sandbox().inbox(text)
        is_taken = True
    except InvalidValue:
        is_taken = False
    # The pattern is one of JSON Schema, where the dollar is the very end.
    assert bool(re.search(PATTERN_OF_NAMES.replace("$", r"\Z"), text)) == is_taken


def test_every_duration_and_name_has_its_pattern(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["AdvanceRequest"]["properties"]["by"]["pattern"] == DURATION_PATTERN
    assert schemas["AdvanceRequest"]["properties"]["to"]["format"] == "date-time"
    retry = schemas["RetryJson"]["properties"]
    assert retry["delays"]["items"]["pattern"] == DURATION_PATTERN
    assert retry["timeout"]["pattern"] == DURATION_PATTERN
    assert schemas["StatusAnswer"]["properties"]["delay"]["pattern"] == DURATION_PATTERN
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    assert len(parameter["schema"]) > 1, (path, parameter)
                if parameter["name"] == "name":
                    assert parameter["schema"]["pattern"] == PATTERN_OF_NAMES


@pytest.mark.parametrize(
    "given", [{}, {"by": "1h", "to": "2027-01-01T00:00:00Z"}, {"by": "1h", "until": "idle"}]
)
def test_an_advance_takes_exactly_one_way(
    client: FlaskClient, document: dict[str, Any], given: dict[str, str]
) -> None:
    operation = document["paths"]["/_sandbox/clock/advance"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    fitting = [way for way in schema["oneOf"] if set(way["required"]) <= set(given)]
    assert len(fitting) != 1
    assert client.post("/_sandbox/clock/advance", json=given).status_code == 400


def test_no_schema_is_true_or_false(document: dict[str, Any]) -> None:
    """Generators of clients read no such schemas, except for `additionalProperties`."""
    assert list(boolean_schemas(document)) == []


def boolean_schemas(value: Any, place: str = "") -> Any:
    items: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    for name, item in items:
        if name in ("items", "prefixItems", "not") and isinstance(item, bool):
            yield f"{place}.{name}"
        yield from boolean_schemas(item, f"{place}.{name}")
