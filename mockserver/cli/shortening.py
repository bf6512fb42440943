"""Cuts foreign text that is too long to be shown, with a mark that says so."""

from __future__ import annotations

from rich.text import Text

from mockserver.net.visible_text import one_line

#: What is shown of a text that is not cut to the width of a terminal. Most URLs are shorter.
LONGEST = 1_000


def fitted(text: str, room: int) -> str:
    """Return `text` in one visible line of at most `room` columns; a cut is marked by `…`."""
    room = max(room, 1)
    # Characters beyond the room are not looked at; combining ones take none, so the mark is added.
    line = Text(one_line(text[: room + 1]) + ("…" if len(text) > room + 1 else ""))
    line.truncate(room, overflow="ellipsis")
    return line.plain


def bounded(text: str, most: int = LONGEST, whole: str = "--json has all") -> str:
    """Return `text` in one visible line; of a long one the beginning, and how much is left out.

    Args:
        text: What somebody sent.
        most: How many characters of it to show.
        whole: How to get all of it.
    """
    if len(text) <= most:
        return one_line(text)
    left_out = len(text) - most
    return f"{one_line(text[:most])}… ({left_out:,} more characters; {whole})"
