"""No key is kept of a call, wherever it stands."""

from __future__ import annotations

import json

import pytest

from mockserver.api.masking import LONGEST_VALUE, MASK, MOST_ARGUMENTS, Masked

KEY = "exp_8aK2mQ0v7YwT1xLr"


@pytest.mark.parametrize(
    "name",
    ["clientKey", "clientkey", "client_key", "KEY", "apiKey", "token", "secret", "password",
     "Authorization"],
)  # fmt: skip
def test_what_is_named_like_a_secret_is_masked(name: str) -> None:
    assert Masked({name: KEY}).arguments == {name: MASK}
    # Whether there was one at all is what one looks for.
    assert Masked({name: ""}).arguments == {name: ""}


@pytest.mark.parametrize("value", [[KEY, "x"], {"k": KEY}, 12345678, None])
def test_a_secret_of_another_type_is_masked(value: object) -> None:
    assert Masked({"clientKey": value}).arguments == {"clientKey": MASK}


def test_a_secret_is_masked_in_other_arguments_and_in_texts() -> None:
    masked = Masked({"clientKey": KEY, "postbackUrl": f"https://x.example/?k={KEY}", KEY: "1"})
    assert KEY not in json.dumps(dict(masked.arguments))
    assert masked.text(f"what {KEY} is", 100) == f"what {MASK} is"


def test_keys_that_are_known_are_masked_where_none_belongs() -> None:
    masked = Masked({"appId": "YOUR_DATA_EXPORT_KEY"}, ["YOUR_DATA_EXPORT_KEY", "YOUR_PROD_KEY"])
    assert masked.arguments == {"appId": MASK}


@pytest.mark.parametrize("prefix", ["prod", "dev", "exp", "cro", "crw"])
def test_what_looks_like_a_key_of_leanplums_is_masked_in_the_place_of_the_app_id(
    prefix: str,
) -> None:
    assert Masked({"appId": f"{prefix}_8aK2mQ0v7YwT1xLr"}).arguments == {"appId": MASK}


def test_a_secret_is_not_cut_in_half() -> None:
    text = "x" * (LONGEST_VALUE - 4) + KEY
    shown = Masked({"clientKey": KEY, "v": text}).arguments["v"]
    assert KEY[:4] not in shown


def test_the_longer_secret_is_looked_for_first() -> None:
    masked = Masked({"clientKey": "abcdefgh", "token": "abcdefgh-ijkl"})
    assert masked.text("abcdefgh-ijkl", 100) == MASK


def test_what_is_short_stays_readable() -> None:
    assert Masked({"clientKey": "a", "channels": "a b a"}).arguments["channels"] == "a b a"


def test_values_are_one_line_and_bounded_in_size_and_number() -> None:
    given = {f"name{number}": "v" for number in range(MOST_ARGUMENTS + 5)}
    assert len(Masked(given).arguments) == MOST_ARGUMENTS
    shown = Masked({"a": "x" * 5000, "b": "1\n2\x1b", "c": [1, {"d": "é"}]}).arguments
    assert shown["a"] == "x" * LONGEST_VALUE + "... (cut, 5000 characters)"
    assert shown["b"] == "1\\n2\\x1b"
    assert shown["c"] == '[1, {"d": "é"}]'
