"""The command line that tries a case again."""

from __future__ import annotations

import shlex
import subprocess

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.masks import VARIABLE, Masks, secret_variable
from contracts.report.again import MASK, replay_command, replay_hint, shell_word

from . import samples


def test_a_sandbox_is_asked_by_what_was_recorded() -> None:
    command = replay_command(samples.FAILED, samples.EVERYTHING.target)
    assert command == "postbacks contracts replay FILE#PB-API-RULES-CAP"
    assert replay_hint(samples.EVERYTHING.target) == "FILE is the JSON report of this run"


def test_an_endpoint_is_asked_anew_at_its_url() -> None:
    words = shlex.split(replay_command(samples.REFUSED, samples.ENDPOINT.target))
    assert words[:2] == ["postbacks", "verify"]
    assert words[2].replace("${POSTBACKS_SECRET_1}", "$POSTBACKS_SECRET_1") == samples.ENDPOINT_URL
    assert words[3:] == ["--case", "PB-VALUES-CHARACTERS"]


@pytest.mark.parametrize(("url", "asked"), [("http://p.test/in", False), ("$POSTBACKS_KEY", True)])
def test_secrets_are_asked_for_if_there_are_any(url: str, asked: bool) -> None:
    target = msgspec.structs.replace(samples.ENDPOINT.target, url=url)
    hint = replay_hint(target)
    assert ("secrets" in hint) == asked


def test_what_masks_write_is_what_is_recognised() -> None:
    masks = Masks()
    masks.hide(secret_variable(12), "s3cret")
    assert MASK.findall(masks.masked("a/s3cret?b")) == ["POSTBACKS_SECRET_12"]
    assert MASK.pattern == VARIABLE.pattern


def test_a_shell_puts_the_secret_in_its_place() -> None:
    word = shell_word("http://p.test/$POSTBACKS_SECRET_1/it's?u={{User ID}}&v=`id`$HOME")
    printed = subprocess.run(
        ["sh", "-c", f"printf %s {word}"],
        env={"POSTBACKS_SECRET_1": "a b'\"c"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert printed.stdout == "http://p.test/a b'\"c/it's?u={{User ID}}&v=`id`$HOME"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_text_is_one_word(text: str) -> None:
    if not MASK.search(text):
        assert shlex.split(shell_word(text)) == [text]
