"""The command line that tries a case again."""

from __future__ import annotations

import shlex

import msgspec
import pytest

from contracts.suite.report.again import replay_command, replay_hint

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
