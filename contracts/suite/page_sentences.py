"""Finds the statements whose sentence is no longer on a page, for whoever reads a page again.

Nothing calls it in a run: the text of the pages is no part of this project. `requirements.yaml`
says how its hashes are made; this makes them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from contracts.suite.requirements import Requirement

#: How many pieces of a page may make up one sentence: copies of a page break sentences at
#: markup, and an abbreviation or an ellipsis looks like the end of one.
LONGEST_RUN = 8


def sentence_hash(sentence: str) -> str:
    """Return the first 16 hexadecimal digits of a sentence's SHA-256, blanks normalised."""
    return hashlib.sha256(" ".join(sentence.split()).encode()).hexdigest()[:16]


def changed(statements: Iterable[Requirement], page_text: str) -> list[Requirement]:
    """Return the statements whose sentence is no longer on their page.

    A text is split at line ends and after `.`, `!` or `?` with a blank behind it; bullets
    are taken off. Runs of up to `LONGEST_RUN` such pieces count as sentences, too. Of JSON
    documents every text is split like this, and every member whose value is not a filled
    object is one more sentence, as `"name": value`.

    Args:
        statements: Those of the page, see `Requirements.on_page`.
        page_text: The page, as plain text or as the JSON document that it is.
    """
    found = {sentence_hash(sentence) for sentence in _sentences(page_text)}
    return [row for row in statements if row.sha is not None and row.sha not in found]


def _sentences(page_text: str) -> Iterator[str]:
    documents = _json_documents(page_text)
    for text in [page_text] if documents is None else _texts(documents):
        pieces = [piece for piece in map(_bare, _SENTENCE_END.split(text)) if piece]
        for start in range(len(pieces)):
            for length in range(1, LONGEST_RUN + 1):
                yield " ".join(pieces[start : start + length])
    yield from _members(documents)


_SENTENCE_END = re.compile(r"\s*[\r\n]+\s*|(?<=[.!?])\s+")


def _bare(piece: str) -> str:
    """Return a piece without the bullet before it."""
    return re.sub(r"^\s*[•*-]\s+", "", piece).strip()


def _json_documents(text: str) -> list[Any] | None:
    """Return the JSON documents that follow one another in `text`; None if it is no JSON."""
    documents: list[Any] = []
    rest = text.strip()
    while rest:
        try:
            document, end = json.JSONDecoder().raw_decode(rest)
        except ValueError:
            return None
        documents.append(document)
        rest = rest[end:].lstrip()
    return documents


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in _items(value):
        yield from _texts(item)


def _members(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if not (isinstance(item, dict) and item):
                yield f"{json.dumps(name)}: {json.dumps(item, ensure_ascii=False)}"
    for item in _items(value):
        yield from _members(item)


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
