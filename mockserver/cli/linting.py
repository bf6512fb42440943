"""Checks the postback URLs that stand in files, for `postbacks lint`."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mockserver.core.catalog import ALL_CHANNELS, Channel, PostbackType
from mockserver.core.errors import PostbacksError
from mockserver.core.hosts import host_of, is_loopback
from mockserver.core.template import Template
from mockserver.core.url_remarks import UrlRemark, remarks_on
from mockserver.core.written_urls import VARIABLE, WrittenUrl, written_urls
from mockserver.net.user_file import read_user_file

#: What is larger is no source of anybody's.
LARGEST_FILE = 4 * 1024 * 1024
#: Folders that hold what others have written, or what was made.
LEFT_OUT = frozenset(
    ("node_modules", "__pycache__", "venv", "site-packages", "build", "dist", "vendor", "target")
)

#: An `error` is what `addPostback` refuses or cuts off; a `remark` is what causes trouble later.
Level = Literal["error", "remark"]


@dataclass(frozen=True, slots=True)
class LintFinding:
    """Something that is wrong with a postback URL in a file.

    Attributes:
        file: Where it stands, as it was named.
        line: The line in which the URL begins, from 1.
        column: The column in which it begins, from 1.
        level: How bad it is.
        code: A stable, dashed name of it.
        text: What is wrong, and how to put it right.
        url: The URL.
    """

    file: str
    line: int
    column: int
    level: Level
    code: str
    text: str
    url: str


@dataclass(slots=True)
class Linted:
    """What was looked at, and what was found there.

    Attributes:
        files: How many files were read.
        urls: How many postback URLs stand in them.
        ignored: How many of these say that nothing is to be said of them.
        findings: What is wrong, in the order of files and lines.
        not_read: The files that were not read, each with the reason.
    """

    files: int
    urls: int
    ignored: int
    findings: list[LintFinding]
    not_read: list[tuple[str, str]]

    @property
    def errors(self) -> int:
        """Return how many findings are errors."""
        return sum(each.level == "error" for each in self.findings)


def lint_files(paths: Iterable[Path], channels: Collection[Channel] = ()) -> Linted:
    """Check the postback URLs in files.

    Args:
        paths: Files, and folders with all that is in them but hidden files, what version control
            or package managers keep there, and what is no text.
        channels: What the rules listen to; without it only what is wrong for every channel counts.
    """
    linted = Linted(0, 0, 0, [], [])
    for path, is_named in _files(paths):
        text = _text_of(path, is_named, linted)
        if text is None:
            continue
        linted.files += 1
        for url in written_urls(text):
            linted.urls += 1
            if url.is_ignored:
                linted.ignored += 1
            else:
                linted.findings += _about(str(path), url, channels)
    return linted


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield the files, and whether each was named itself."""
    for path in paths:
        # Not `Path.is_dir`, which raises for a name that no file can have.
        if not os.path.isdir(path):
            yield path, True
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(
                name for name in folders if name not in LEFT_OUT and not name.startswith(".")
            )
            for name in sorted(names):
                if not name.startswith(".") and (Path(folder) / name).is_file():
                    yield Path(folder) / name, False


def _text_of(path: Path, is_named: bool, linted: Linted) -> str | None:
    """Return the text of a file; None, with the reason noted, if it cannot be checked."""
    try:
        if not path.is_file():
            # A device may have no end, and a pipe no beginning.
            path.stat()
            linted.not_read.append((str(path), "is no file"))
            return None
        if path.stat().st_size > LARGEST_FILE:
            linted.not_read.append((str(path), f"is larger than {LARGEST_FILE >> 20} MiB"))
            return None
        content = read_user_file(path)
    except (OSError, ValueError) as error:
        linted.not_read.append((str(path), getattr(error, "strerror", None) or str(error)))
        return None
    if b"\0" in content:
        # In a folder there are always some, and nobody takes them for text.
        if is_named:
            linted.not_read.append((str(path), "is no text"))
        return None
    return content.decode("utf-8", "replace")


def _about(file: str, found: WrittenUrl, channels: Collection[Channel]) -> Iterator[LintFinding]:
    def finding(level: Level, code: str, text: str) -> LintFinding:
        return LintFinding(file, found.line, found.column, level, code, text, found.url)

    if found.is_bare:
        yield finding(
            "error",
            "cut-off",
            "the URL stands in the query of another one and ends there at its first '&'; "
            "percent-encode the whole of it",
        )
    try:
        template = Template(found.url)
    except PostbacksError as error:
        yield finding("error", error.code, str(error))
        return
    for remark in _remarks(template, channels):
        yield finding("remark", remark.code, f"{remark.text}; {remark.advice}")


def _remarks(template: Template, channels: Collection[Channel]) -> list[UrlRemark]:
    kind = _type_of(template)
    host = host_of(template.url)
    # A host that a variable holds may be this machine.
    is_local = host is not None and (host.name == VARIABLE or is_loopback(host.name))
    if channels or kind is PostbackType.AB_TEST_EVENTS:
        return remarks_on(template, kind, channels, is_local=is_local)
    found = [remarks_on(template, kind, (each,), is_local=is_local) for each in ALL_CHANNELS]
    return [remark for remark in found[0] if all(remark in others for others in found[1:])]


def _type_of(template: Template) -> PostbackType:
    names = set(template.placeholders)
    if names & {"AB test ID", "Variant ID"} and "Message event" not in names:
        return PostbackType.AB_TEST_EVENTS
    return PostbackType.MESSAGE_EVENTS
