"""Returns the command line that tries a case again, the same for every report."""

from __future__ import annotations

from contracts.suite.masks import VARIABLE, shell_word
from contracts.suite.results import CaseResult, RunTarget
from contracts.suite.vocabulary import TargetKind

#: The file name that stands in a replay token; only a command line knows the real one.
REPLAY_FILE = "FILE"


def replay_command(case: CaseResult, target: RunTarget) -> str:
    """Return the command line that tries the case again; an endpoint is asked anew."""
    if target.kind is TargetKind.ENDPOINT:
        return f"postbacks verify {shell_word(target.url)} --case {case.id}"
    return f"postbacks contracts replay {REPLAY_FILE}#{case.id}"


def replay_hint(target: RunTarget) -> str:
    """Return what has to be known before the command is used."""
    if target.kind is not TargetKind.ENDPOINT:
        return f"{REPLAY_FILE} is the JSON report of this run"
    if VARIABLE.search(target.url):
        return "with the other options of this run, and the secrets in the environment"
    return "with the other options of this run"
