"""Secrets, and what stands for them in whatever is written down."""

from __future__ import annotations

import html
import json
import re
import shlex
import shutil
import subprocess
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.net.masks import SHORT, VARIABLE, Masks, secret_variable, shell_word

FIRST, SECOND = secret_variable(1), secret_variable(2)


def hiding(*secrets: str) -> Masks:
    masks = Masks()
    for number, secret in enumerate(secrets, 1):
        masks.hide(secret_variable(number), secret)
    return masks


def by_the_shell(text: str, **variables: str) -> str:
    """Return what a shell makes of a text that was quoted for it."""
    shell = shutil.which("sh")
    if shell is None:
        pytest.skip("needs a shell")
    said = subprocess.run(
        [shell, "-c", f"printf %s {shell_word(text)}"],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout


def test_without_secrets_a_text_stays_as_it_is() -> None:
    assert Masks().masked("anything $POSTBACKS_KEY") == "anything $POSTBACKS_KEY"
    masks = Masks()
    masks.hide(FIRST, "")
    assert masks.masked("anything") == "anything"


def test_a_secret_is_hidden_wherever_it_stands() -> None:
    masks = hiding("s3cr3t-key")
    assert masks.masked("/s3cr3t-key/?k=s3cr3t-key&x=as3cr3t-key") == (
        f"/${FIRST}/?k=${FIRST}&x=a${FIRST}"
    )


def test_a_secret_within_another_does_not_spoil_it() -> None:
    masks = hiding("s3cr3t", "s3cr3t-longer", "longer-still")
    assert masks.masked("s3cr3t-longer-still s3cr3t longer-still") == (
        f"${SECOND}-still ${FIRST} ${secret_variable(3)}"
    )


def test_names_of_variables_are_no_place_for_secrets() -> None:
    masks = hiding("SECRET_2", "POSTBACKS")
    assert masks.masked("SECRET_2 POSTBACKS") == f"${FIRST} ${SECOND}"


@pytest.mark.parametrize("secret", ["a", "abc", "12345"])
def test_a_short_secret_is_hidden_only_where_it_was_found(secret: str) -> None:
    assert len(secret) < SHORT
    masks = Masks()
    masks.hide(FIRST, secret, before="key=")
    assert masks.masked(f"/{secret}?key={secret}&user={secret}") == (
        f"/{secret}?key=${FIRST}&user={secret}"
    )


def test_a_short_secret_is_hidden_in_each_of_its_places() -> None:
    masks = Masks()
    masks.hide(FIRST, "abc", before="key=")
    masks.hide(FIRST, "abc", before="ada:", after="@")
    assert masks.masked("http://ada:abc@abc.example/?key=abc&x=abc") == (
        f"http://ada:${FIRST}@abc.example/?key=${FIRST}&x=abc"
    )


def test_a_secret_of_six_characters_is_long_enough_to_be_hidden_anywhere() -> None:
    masks = Masks()
    masks.hide(FIRST, "abcdef", before="key=")
    assert masks.masked("see abcdef") == f"see ${FIRST}"


def test_what_follows_a_secret_does_not_join_its_name() -> None:
    masks = hiding("s3cr3t-key")
    masked = masks.masked("https://partner.example/s3cr3t-key23_a/s3cr3t-key/{s3cr3t-key}")
    assert masked == f"https://partner.example/${{{FIRST}}}23_a/${FIRST}/{{${FIRST}}}"
    assert by_the_shell(masked, **{FIRST: "s3cr3t-key"}) == (
        "https://partner.example/s3cr3t-key23_a/s3cr3t-key/{s3cr3t-key}"
    )


def test_a_secret_that_was_found_percent_encoded_is_hidden_decoded_as_well() -> None:
    masks = hiding("p%40ss-w%C3%B6rd")
    assert masks.masked("p%40ss-w%C3%B6rd p%40ss-w%c3%b6rd p@ss-wörd") == " ".join(
        [f"${FIRST}"] * 3
    )


#: How else a secret may stand in what an endpoint, a proxy or a shell says.
FORMS = {
    "as it is": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded, slashes left": quote,
    "percent-encoded in small letters": lambda text: re.sub(
        "%..", lambda match: match[0].lower(), quote(text, safe="")
    ),
    "a form": quote_plus,
    "encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON as UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with escaped slashes": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "HTML": html.escape,
    "HTML with numbers": lambda text: html.escape(text, quote=False).replace("'", "&#39;"),
}


@pytest.mark.parametrize("form", FORMS)
@example(secret="a/b+c\"d'e&f<g>h\\i=j@k l:m%n")
@example(secret="p%40ss%2Fword")
@given(secret=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=7, max_size=20))
def test_no_form_of_a_secret_survives(form: str, secret: str) -> None:
    written = FORMS[form](secret)
    assert hiding(secret).masked(f"\n{written}\n") == f"\n${FIRST}\n"


@given(
    secrets=st.lists(
        st.text("ab1/_$", min_size=6, max_size=9), min_size=1, max_size=4, unique=True
    ),
    text=st.text("ab1/_$ {}'\"", max_size=20),
    data=st.data(),
)
def test_the_shell_puts_the_secrets_in_their_places_again(
    secrets: list[str], text: str, data: st.DataObject
) -> None:
    whole = text + "".join(
        f"{data.draw(st.sampled_from(secrets))}{data.draw(st.text('ab1_/', max_size=3))}"
        for _ in range(3)
    )
    masked = hiding(*secrets).masked(whole)
    assert not any(secret in VARIABLE.sub("\n", masked) for secret in secrets)
    values = {secret_variable(number): secret for number, secret in enumerate(secrets, 1)}
    assert VARIABLE.sub(lambda match: values[match["name"]], masked) == whole


def test_a_masked_line_for_a_shell_is_the_line_again_once_it_is_run() -> None:
    masks = hiding("p'w\"$(x)`y`", "t0ken-1")
    url = "https://ada:p'w\"$(x)`y`@partner.example/t0ken-1?t=t0ken-1t0ken-1234&u='x'"
    secrets = {FIRST: "p'w\"$(x)`y`", SECOND: "t0ken-1"}
    assert by_the_shell(masks.masked(url), **secrets) == url


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_text_is_one_word(text: str) -> None:
    if not VARIABLE.search(text):
        assert shlex.split(shell_word(text)) == [text]
