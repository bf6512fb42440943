"""Offers `postbacks lint`, which checks the postback URLs that stand in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mockserver.cli.parameters import a_channel
from mockserver.cli.session import Session, json_option
from mockserver.cli.shortening import bounded
from mockserver.core.wording import count

if TYPE_CHECKING:
    from mockserver.cli.linting import Linted, LintFinding
    from mockserver.cli.output import Output


@click.command(short_help="Check the postback URLs that stand in your files.")
@click.argument("paths", metavar="[FILE|FOLDER]...", type=click.Path(path_type=Path), nargs=-1)
@click.option(
    "--channel",
    "channels",
    type=a_channel,
    metavar="NAME",
    multiple=True,
    help="What the rules listen to: push, email or in-app; may be repeated. Only what is wrong for "
    "every channel is told unless given.",
)
@click.option(
    "--strict", is_flag=True, help="Exit with 1 for remarks as well, not for errors only."
)
@click.option(
    "--github", is_flag=True, help="Write what GitHub shows beside the lines of a change."
)
@json_option
@click.pass_obj
def lint(
    session: Session, paths: tuple[Path, ...], channels: tuple[str, ...], strict: bool, github: bool
) -> None:
    """Find the postback URLs in files and say what is wrong with them; sends nothing.

    A URL with a placeholder like {{User ID}} is one, however it is quoted, joined or encoded. An
    error is what addPostback refuses or cuts off, a remark what causes trouble later. A line with
    "postbacks: ignore" is left out. Without a file or folder, this folder is checked.
    """
    from mockserver.cli.linting import lint_files
    from mockserver.core.catalog import Channel

    if session.json and github:
        raise click.UsageError("--json and --github exclude each other")
    linted = lint_files(paths or (Path(),), [Channel(each) for each in channels])
    output = session.output
    if session.json:
        output.document(linted)
    else:
        for finding in linted.findings:
            output.url_line(_for_github(finding) if github else _line(finding))
    for file, reason in linted.not_read:
        output.remark(f"not checked: {bounded(file)} {reason}")
    if not session.json:
        _write_summary(output, linted)
    if linted.not_read or linted.errors or (strict and linted.findings):
        raise click.exceptions.Exit(1)


def _line(finding: LintFinding) -> str:
    place = f"{bounded(finding.file)}:{finding.line}:{finding.column}"
    return f"{place}: {finding.level}: {finding.text} [{finding.code}]"


def _for_github(finding: LintFinding) -> str:
    kind = "error" if finding.level == "error" else "warning"
    place = f"file={_escaped(finding.file)},line={finding.line},col={finding.column}"
    text = finding.text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{kind} {place},title=postback URL ({finding.code})::{text}"


def _escaped(name: str) -> str:
    for letter, written in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        name = name.replace(letter, written)
    return name


def _write_summary(output: Output, linted: Linted) -> None:
    found = f"{count(linted.urls, 'postback URL')} in {count(linted.files, 'file')}"
    if not linted.findings and not linted.ignored:
        told = "nothing is wrong with them" if linted.urls else "nothing to check"
        output.remark(f"{found}: {told}")
        return
    remarks = len(linted.findings) - linted.errors
    parts = [count(linted.errors, "error"), count(remarks, "remark")]
    if linted.ignored:
        parts.append(f"{linted.ignored:,} left out by a comment")
    output.remark(f"{found}: {', '.join(parts)}")
