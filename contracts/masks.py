"""Secrets, and the environment variables whose names stand for them in what is written down.

Decides: in which forms a secret is found in a text. Place in the flow: everything that is
recorded goes through here first. Must not import: wires, cases, the runner.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

#: What stands in a text for a secret; the shell puts the secret in its place again.
VARIABLE = re.compile(r"\$(POSTBACKS_(?:KEY|TOKEN|SECRET_[0-9]+))")

#: A secret of fewer characters may be anything where nothing tells what it is.
SHORT = 6


def secret_variable(number: int) -> str:
    """Return the name of the variable for the secret of this number, counted from 1."""
    return f"POSTBACKS_SECRET_{number}"


class Masks:
    """Puts names of environment variables in the place of secrets."""

    def __init__(self) -> None:
        self._variables: dict[str, str] = {}
        self._places: dict[str, tuple[str, str]] = {}
        self._masks: list[str] = []
        self._pattern = re.compile("(?!)")

    def hide(self, variable: str, secret: str, *, before: str = "", after: str = "") -> None:
        """Write the name of an environment variable for a secret from now on.

        Args:
            variable: One that `VARIABLE` knows.
            secret: What is not to be written down.
            before: What stands before a secret that is too short to be looked for alone.
            after: What stands behind it then.
        """
        if not secret:
            return
        self._variables[secret] = variable
        if len(secret) < SHORT:
            self._places[secret] = (before, after)
        # In one pass, the longer first: one secret may begin with, or hold, another.
        known = sorted(self._variables, key=len, reverse=True)
        self._masks = [self._variables[secret] for secret in known]
        self._pattern = re.compile("|".join(f"({self._pattern_of(secret)})" for secret in known))

    def masked(self, text: str) -> str:
        """Return a text in which names of variables stand for secrets."""
        return self._pattern.sub(lambda match: f"${self._masks[(match.lastindex or 1) - 1]}", text)

    def _pattern_of(self, secret: str) -> str:
        forms = f"(?:{'|'.join(_forms(secret))})"
        before, after = (re.escape(text) for text in self._places.get(secret, ("", "")))
        return (f"(?<={before})" if before else "") + forms + (f"(?={after})" if after else "")


def _forms(secret: str) -> list[str]:
    """Return patterns for the ways in which a secret may be written, the longest first."""
    encoded = re.escape(quote(secret, safe=""))
    # Only the letters of an escape may be small or large.
    patterns = {re.sub(r"%[0-9A-F]{2}", lambda match: f"(?i:{match[0]})", encoded)}
    patterns |= {re.escape(json.dumps(secret, ensure_ascii=way)[1:-1]) for way in (False, True)}
    return sorted(patterns | {re.escape(secret)}, key=len, reverse=True)
