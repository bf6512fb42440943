"""Writes foreign text so that people see all of it and nothing in it can steer a terminal."""

from __future__ import annotations

import re
import unicodedata

#: Control, format (text direction, zero width), surrogate, separators, spaces that look like one.
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
#: All else is plain, or lays text out: line feeds and tabs.
SUSPECT = re.compile(r"[^\t\n -~]")
SHORT_NAMES = {"\r": "\\r"}


def visible(text: str) -> str:
    r"""Return `text` with every character that cannot be seen written as an escape.

    Line feeds and tabs stay. What is left can stand in XML 1.0, and cannot change the
    direction in which its surroundings are read.

    Examples:
        >>> visible("a\x00b\u202ec\r\n")
        'a\\x00b\\u202ec\\r\n'
    """
    return SUSPECT.sub(lambda match: _visible_character(match.group()), text)


def one_line(text: str) -> str:
    r"""Return `text` made visible, line feeds and tabs as well.

    Examples:
        >>> one_line("a\n\tb")
        'a\\n\\tb'
    """
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def json_visible(document: str, *, as_ascii: bool = False) -> str:
    r"""Return a JSON document with every character that cannot be seen as an escape of JSON.

    It means the same: outside of its texts a document has none of these characters.

    Args:
        document: Valid JSON.
        as_ascii: Whether to write everything beyond ASCII so.

    Examples:
        >>> json_visible('"a\u202eb"')
        '"a\\u202eb"'
    """

    def written(match: re.Match[str]) -> str:
        character = match.group()
        return json_escape(character) if as_ascii or _is_hidden(character) else character

    return SUSPECT.sub(written, document)


def json_escape(character: str) -> str:
    r"""Return a character as JSON escapes it: `\u202e`, or a pair of surrogates."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _visible_character(character: str) -> str:
    if not _is_hidden(character):
        return character
    code = ord(character)
    if character in SHORT_NAMES:
        return SHORT_NAMES[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _is_hidden(character: str) -> bool:
    # The two last code points of each plane are no characters; XML refuses two of them.
    is_no_character = ord(character) & 0xFFFE == 0xFFFE
    return is_no_character or unicodedata.category(character) in HIDDEN_CATEGORIES
