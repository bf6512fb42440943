"""Finds the pages of the documentation and their parts, for who reads a piece at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mockserver.core.catalog import suggestion
from mockserver.core.errors import InvalidValue

#: A longer part is cut; its parts can be asked for.
LONGEST = 12_000

_PACKAGE = Path(__file__).parents[1]
_HEADING = re.compile(r"(?m)^(#{1,3}) (.+)$")


def docs(page: str | None = None, section: str | None = None) -> str:
    """Read the documentation: without `page` a list of all pages and their sections."""
    pages = _pages()
    if page is None:
        return "\n".join(f"{name}: {', '.join(_sections(text))}" for name, text in pages.items())
    name = page.removesuffix(".md")
    if name not in pages:
        raise InvalidValue(
            f"there is no page {page!r}{suggestion(page, pages)}; there are: {', '.join(pages)}"
        )
    text = pages[name] if section is None else _part(name, pages[name], section)
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n... cut; sections: {', '.join(_sections(text))}"


def _part(name: str, text: str, section: str) -> str:
    headings = list(_HEADING.finditer(text))
    for place, found in enumerate(headings):
        if found[2].strip().lower() == section.strip().lower():
            ends = (each.start() for each in headings[place + 1 :] if len(each[1]) <= len(found[1]))
            return text[found.start() : next(ends, len(text))]
    known = list(_sections(text))
    raise InvalidValue(
        f"{name} has no section {section!r}{suggestion(section, known)}; it has: {', '.join(known)}"
    )


def _sections(text: str) -> Iterator[str]:
    # A line of a shell in a block of code begins with # as well.
    outside = re.sub(r"(?ms)^```.*?^```", "", text)
    return (found[2].strip() for found in _HEADING.finditer(outside) if len(found[1]) > 1)


@cache
def _pages() -> dict[str, str]:
    folder = next(each for each in (_PACKAGE / "docs", _PACKAGE.parent / "docs") if each.is_dir())
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
