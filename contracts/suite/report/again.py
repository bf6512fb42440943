"""Returns the command line that tries a case again, the same for every report."""

from __future__ import annotations

import re

from contracts.suite.results import CaseResult, RunTarget
from contracts.suite.vocabulary import TargetKind
from mockserver.net.masks import VARIABLE, shell_word

#: The file name that stands in a replay token; only a command line knows the real one.
REPLAY_FILE = "FILE"


def replay_command(case: CaseResult, target: RunTarget) -> str:
    """Return the command line that tries the case again; an endpoint is asked anew."""
    if target.kind is TargetKind.ENDPOINT:
        options = "".join(f" {_option_word(word)}" for word in target.options)
        return f"postbacks verify {shell_word(target.url)} --case {case.id}{options}"
    return f"postbacks contracts replay {REPLAY_FILE}#{case.id}"


def replay_hint(target: RunTarget) -> str:
    """Return what has to be known before the command is used."""
    if target.kind is not TargetKind.ENDPOINT:
        return f"{REPLAY_FILE} is the JSON report of this run"
    if any(map(VARIABLE.search, (target.url, *target.options))):
        return "with the secrets in the environment"
    return "with the options of this run"


def _option_word(word: str) -> str:
    return word if _PLAIN(word) else shell_word(word)


_PLAIN = re.compile(r"[A-Za-z0-9._:/@%+=,-]+").fullmatch
