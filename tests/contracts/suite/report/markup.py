"""Reads what was written: the tags of a page, its text, its links."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"meta", "input", "br", "hr", "img", "link"})


class Page(HTMLParser):
    """A page, taken apart; unclosed or wrongly closed elements are refused.

    Attributes:
        tags: Each start tag with the names of its attributes, without marks of differences.
        text: All text, and nothing between pieces of it.
        words: The same, a single space between any two words or elements.
        links: Where the page leads.
        values: The values of all attributes.
        anchors: Every id.
    """

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self._pieces: list[str] = []
        self.links: list[str] = []
        self.values: list[str] = []
        self.anchors: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []
        self.words = " ".join(self._pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append(tag)
        if tag != "mark":
            self.tags.append((tag, tuple(name for name, _ in attrs)))
        given = {name: value or "" for name, value in attrs}
        self.values += given.values()
        self.links += [given["href"]] if "href" in given else []
        self.anchors += [given["id"]] if "id" in given else []

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data
            self._pieces += data.split()

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")
