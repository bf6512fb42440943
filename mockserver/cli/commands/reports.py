"""Offers `postbacks reports`, which lists what runs of the suite have left on this machine.

It reads the folder itself: no sandbox need be running.
"""

from __future__ import annotations

import os

import click

from mockserver.cli.browser import shown_in_browser
from mockserver.cli.session import Session, json_option
from mockserver.net.visible_text import one_line
from mockserver.reports.place import reports_folder
from mockserver.reports.shelf import Shelf


@click.command(short_help="List the reports of past runs; open one.")
@click.option("--open", "opened", metavar="ID", help="Show a report in a browser.")
@click.option("--forget", "forgotten", metavar="ID", help="Remove a report.")
@json_option
@click.pass_obj
def reports(session: Session, opened: str | None, forgotten: str | None) -> None:
    """List the reports of `contracts run` and `verify` on this machine, the newest first.

    They are kept in your state directory, or where POSTBACKS_REPORTS says (none: nowhere).
    """
    if opened is not None and forgotten is not None:
        raise click.UsageError("--open and --forget are two things; give one of them")
    folder = reports_folder(os.environ)
    if folder is None:
        raise click.UsageError("no reports are kept: POSTBACKS_REPORTS is 'none'")
    shelf = Shelf(folder)
    if opened is not None:
        _open(session, shelf, opened)
    elif forgotten is not None:
        shelf.forget(forgotten)
        if session.json:
            session.output.document({"id": forgotten, "forgotten": True})
        else:
            session.output.line(f"report {forgotten} is gone")
    else:
        _list(session, shelf)


def _list(session: Session, shelf: Shelf) -> None:
    import msgspec

    output = session.output
    listed = shelf.listed()
    if session.json:
        rows = [{"id": kept.id, **msgspec.structs.asdict(kept.facts)} for kept in listed]
        output.document({"folder": str(shelf.folder), "reports": rows})
        return
    for kept in listed:
        facts = kept.facts
        output.line(
            one_line(
                f"{kept.id}  {facts.verdict:<13}  {facts.must_passed:>3} of "
                f"{facts.must_applicable:>3} MUST  {facts.command}"
            )
        )
        output.url_line(f"  {one_line(facts.target)}")
    if listed:
        output.line("`postbacks reports --open ID` shows one", "dim")
    else:
        output.line("there is none yet; `postbacks verify URL_TEMPLATE` makes one")


def _open(session: Session, shelf: Shelf, report_id: str) -> None:
    path = shelf.path(report_id)
    opened = shown_in_browser(path.as_uri())
    if session.json:
        session.output.document({"file": str(path), "opened": opened})
        return
    click.echo(path)
    if not opened:
        session.output.line("no browser was found here; open this file in one", "yellow")
