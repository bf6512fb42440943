"""Makes text fit to be read: nothing invisible, nothing that reorders what stands around it.

Decides: which characters are shown as an escape, and how long a value may grow in a report
that has no room. Place in the flow: every report passes every value through here before it
escapes for its own format. Must not import: anything of this project.
"""

from __future__ import annotations

import re
import unicodedata

#: Control, format (text direction, zero width), surrogate, separators, spaces that look like one.
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
#: All else is plain, or lays text out: every format of a report can carry line feeds and tabs.
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


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, and how many were left out.

    Examples:
        >>> shortened("abcdef", 4)
        'abcd … (2 more characters)'
    """
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters)"


def count(number: int, noun: str) -> str:
    """Return how many there are, with the noun in its number.

    Examples:
        >>> count(1, "id"), count(1200, "id")
        ('1 id', '1,200 ids')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


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
