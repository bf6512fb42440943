"""Runs a command of the contract suite, which is never imported here, for an agent's tool."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from typing import Any

from mockserver.client.sandbox_client import Refused

_LONGEST = 600


def answer_of(*words: str, ended: Collection[int] = (0,)) -> dict[str, Any]:
    """Return the JSON document that a command of `postbacks` writes.

    Args:
        words: The command with `--json`, and its arguments.
        ended: The exit codes with which it has come to its end.

    Raises:
        Refused: It has not; the message is what it said.
    """
    command = [sys.executable, "-m", "mockserver", *words]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode not in ended:
        raise Refused(_reason(done))
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """Return what the command said in the place of its document."""
    try:
        return str(json.loads(done.stderr.strip().splitlines()[-1])["detail"])
    except (ValueError, LookupError, TypeError):
        return done.stderr.strip()[-_LONGEST:] or f"the command ended with {done.returncode}"
