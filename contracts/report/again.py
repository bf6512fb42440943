"""The command line that tries a case again.

Decides: which command that is for each kind of target, and how a URL with masked secrets gets
through a shell. Place in the flow: every report asks here, so that no two of them differ. Must
not import: the runner, cases, targets.
"""

from __future__ import annotations

import re

from contracts.results import CaseResult, RunTarget
from contracts.vocabulary import TargetKind

#: The file name that stands in a replay token; only a command line knows the real one.
REPLAY_FILE = "FILE"
#: What stands for a secret in a report: the name of an environment variable.
MASK = re.compile(r"\$(POSTBACKS_(?:KEY|TOKEN|SECRET_[0-9]+))")
#: What a shell takes as it is.
PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+", re.ASCII)


def replay_command(case: CaseResult, target: RunTarget) -> str:
    """Return the command line that tries the case again; an endpoint is asked anew."""
    if target.kind is TargetKind.PARTNER:
        return f"postbacks verify {shell_word(target.url)} --case {case.id}"
    return f"postbacks contracts replay {REPLAY_FILE}#{case.id}"


def replay_hint(target: RunTarget) -> str:
    """Return what has to be known before the command is used."""
    if target.kind is not TargetKind.PARTNER:
        return f"{REPLAY_FILE} is the JSON report of this run"
    if MASK.search(target.url):
        return "with the other options of this run, and the secrets in the environment"
    return "with the other options of this run"


def shell_word(text: str) -> str:
    """Return one word for a shell, which puts secrets in the place of their masks.

    Examples:
        >>> print(shell_word("http://partner.test/$POSTBACKS_SECRET_1?user={{User ID}}"))
        http://partner.test/"${POSTBACKS_SECRET_1}"'?user={{User ID}}'
    """
    pieces = MASK.split(text)
    quoted = [_quoted(piece) for piece in pieces]
    quoted[1::2] = (f'"${{{name}}}"' for name in pieces[1::2])
    return "".join(quoted) or "''"


def _quoted(piece: str) -> str:
    if not piece or PLAIN.fullmatch(piece):
        return piece
    return "'" + piece.replace("'", "'\\''") + "'"
