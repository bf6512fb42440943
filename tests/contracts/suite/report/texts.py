"""Texts that break reports, and the means to put them into every field of one."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from itertools import cycle
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st

Document = TypeVar("Document")

FRAGMENTS = [
    *("\"'<>&|`*_~#$@\\"),
    *("\n", "\r", "\r\n", "\t", "    ", "\x00", "\x0b", "\x1b[31m", "\x7f", "\x85", "\xa0"),
    *("\u2028", "\u202e", "\u2066", "\u200d", "\ufeff", "\ufffe", "\uffff", "\U0001fffe"),
    *("😀", "\U000e0041", "שלום", "e\u0301"),
    *("]]>", "<![CDATA[", "-->", "<!--", "<?x?>", "&lt;", "&#60;", "&amp;amp;", "&unknown;"),
    *("<script>alert(1)</script>", "</script>", "</style>", "</pre>", "</details>", "</summary>"),
    *('" onclick="x', "' onclick='x", "<img src=x>", "<a href=javascript:x>", "<b", "</table>"),
    *("{{ 7 * 7 }}", "{% raw %}", "{# no #}", "${x}", "%0A", "%25", "::error::x", "::", "a:b,c"),
    *(
        "\n```\n",
        "\n`````\n",
        "\n~~~\n",
        "```",
        "````",
        "~~~",
        "# ",
        "- ",
        "1. ",
        "> ",
        "---",
        "| a | b |",
        "\n\n",
        "[x](y)",
    ),
    *(
        "![x](http://example.test)",
        "**bold**",
        "@someone",
        "#1",
        "http://example.test",
        "\\|",
        "\\",
    ),
]

#: Not empty: whether a field is empty decides what a report shows, not how.
nasty_texts = st.lists(
    st.sampled_from(FRAGMENTS) | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8
).map("".join)


def nasty(document: Document) -> st.SearchStrategy[Document]:
    """Draw `document` with another text in every field that has one."""
    texts = st.lists(nasty_texts, min_size=3, max_size=12)
    return texts.map(lambda chosen: with_texts(document, _numbered(chosen)))


def harmless(document: Document) -> Document:
    """Return `document` with a word for every text; the same text becomes the same word."""
    words: dict[str, str] = {}
    return with_texts(document, lambda text: words.setdefault(text, f"word{len(words)}"))


def texts_of(document: Any) -> list[str]:
    """Return every text in a document."""
    found: list[str] = []
    with_texts(document, lambda text: found.append(text) or text)
    return found


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return `value` with every text changed.

    Empty ones and words of the vocabulary stay, and links: what they hold decides what they
    are, so they have tests of their own.
    """
    if isinstance(value, Enum) or value == "":
        return value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)(with_texts(one, change) for one in value)
    if isinstance(value, dict):
        return {with_texts(key, change): with_texts(one, change) for key, one in value.items()}
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.asdict(value)
        kept = {"by_status", "link"} & fields.keys()
        changed = {
            name: with_texts(one, change) for name, one in fields.items() if name not in kept
        }
        return msgspec.structs.replace(value, **changed)
    return value


def _numbered(chosen: list[str]) -> Callable[[str], str]:
    """Return a change that gives the same text the same nasty one, and no other text that."""
    source, known = cycle(chosen), {}
    return lambda text: known.setdefault(text, f"{next(source)}{len(known)}")
