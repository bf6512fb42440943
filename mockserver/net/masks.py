"""Replaces secrets by names of environment variables in everything that is written down.

A secret is found in all the forms in which URLs, JSON and HTML write it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote, unquote_plus

from mockserver.net.curl_command import single_quoted

#: What stands in a text for a secret; the shell puts the secret in its place again.
VARIABLE = re.compile(
    r"\$(?P<brace>\{)?(?P<name>POSTBACKS_(?:KEY|TOKEN|SECRET_[0-9]+))(?(brace)\})"
)

#: A secret of fewer characters may be anything where nothing tells what it is.
SHORT = 6


def secret_variable(number: int) -> str:
    """Return the name of the variable for the secret of this number, counted from 1."""
    return f"POSTBACKS_SECRET_{number}"


def shell_word(text: str) -> str:
    """Return a word for a shell: everything in single quotes, but for the variables.

    Examples:
        >>> print(shell_word("http://partner.test/$POSTBACKS_SECRET_1?user={{User ID}}"))
        'http://partner.test/'"${POSTBACKS_SECRET_1}"'?user={{User ID}}'
    """
    words, end = [], 0
    for match in VARIABLE.finditer(text):
        words += [_quoted(text[end : match.start()]), f'"${{{match["name"]}}}"']
        end = match.end()
    return "".join([*words, _quoted(text[end:])]) or "''"


class Masks:
    """Puts names of environment variables in the place of secrets."""

    def __init__(self) -> None:
        self._variables: dict[str, str] = {}
        self._places: dict[str, list[tuple[str, str]]] = {}
        self._masks: list[str] = []
        self._pattern = re.compile("(?!)")

    def hide(self, variable: str, secret: str, *, before: str = "", after: str = "") -> None:
        """Write the name of an environment variable for a secret from now on.

        Args:
            variable: One that `VARIABLE` knows.
            secret: What is not to be written down, as it was found.
            before: What stands before a secret that is too short to be looked for alone; a short
                one may be hidden in several places, one call each.
            after: What stands behind it then.
        """
        if not secret:
            return
        self._variables[secret] = variable
        if len(secret) < SHORT:
            self._places.setdefault(secret, []).append((before, after))
        # In one pass, the longer first: one secret may begin with, or hold, another.
        known = sorted(self._variables, key=len, reverse=True)
        self._masks = [self._variables[secret] for secret in known]
        self._pattern = re.compile("|".join(f"({self._pattern_of(secret)})" for secret in known))

    def masked(self, text: str) -> str:
        """Return a text in which names of variables stand for secrets."""
        pieces: list[str] = []
        end = 0
        for match in self._pattern.finditer(text):
            between = text[end : match.start()]
            pieces += [between, self._masks[(match.lastindex or 1) - 1]]
            end = match.end()
        pieces.append(text[end:])
        # What follows a name must not be read as a part of it.
        pieces[1::2] = [
            f"${{{name}}}" if _JOINS(following) else f"${name}"
            for name, following in zip(pieces[1::2], pieces[2::2], strict=True)
        ]
        return "".join(pieces)

    def _pattern_of(self, secret: str) -> str:
        forms = f"(?:{'|'.join(_forms(secret))})"
        places = self._places.get(secret, [("", "")])
        return "|".join(
            (f"(?<={re.escape(before)})" if before else "")
            + forms
            + (f"(?={re.escape(after)})" if after else "")
            for before, after in places
        )


def _forms(secret: str) -> Iterator[str]:
    """Return patterns for a secret as it was found, and as it is once it has been decoded."""
    yield _pattern_of(secret)
    for decoded in {unquote(secret), unquote_plus(secret)} - {secret}:
        if len(decoded) >= SHORT:
            yield _pattern_of(decoded)


def _pattern_of(secret: str) -> str:
    return "".join(map(_character, secret))


def _character(character: str) -> str:
    """Return a pattern for the ways in which a character may be written, the longest first."""
    if _UNRESERVED(character):
        return re.escape(character)
    encoded = quote(character, safe="", errors="surrogatepass")
    ways = {
        encoded,
        encoded.replace("%", "%25"),
        json.dumps(character)[1:-1],
        html.escape(character),
        f"&#{ord(character)};",
        f"&#x{ord(character):x};",
    }
    if character.isascii():
        # In JSON, and in what programming languages print.
        ways |= {f"\\{character}", f"\\u{ord(character):04x}"}
    # Only the letters of an escape may be small or large.
    patterns = {f"(?i:{re.escape(way)})" for way in ways if way != character}
    exact = [re.escape(character)] + (["\\+"] if character == " " else [])
    return f"(?:{'|'.join([*sorted(patterns, key=len, reverse=True), *exact])})"


_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]").fullmatch
_JOINS = re.compile(r"[A-Za-z0-9_]").match


def _quoted(text: str) -> str:
    return single_quoted(text) if text else ""
