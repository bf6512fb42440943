"""Offers `postbacks doctor`, which proves that every fault happens here, or looks at a database."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from mockserver.cli.session import Session, json_option
from mockserver.core.wording import count
from mockserver.net.visible_text import one_line

if TYPE_CHECKING:
    from mockserver.ledger.opening import LookedThrough


@click.command(short_help="Prove every fault and the 30 s deadline here, or check a database.")
@click.option(
    "--db",
    metavar="URL|PATH",
    help="Look through this database for damaged rows instead; nothing in it is changed, and "
    "`postbacks serve` may have it open.",
)
@json_option
@click.pass_obj
def doctor(session: Session, db: str | None) -> None:
    """Prove every fault of the receiver and the 30 s deadline on this machine.

    With --db, name what is damaged in a database, a line for each kind of damage.
    """
    if db is None:
        _prove_faults(session)
    elif not db.strip():
        raise click.UsageError("--db is empty; give it the file of a ledger")
    else:
        _look_through(session, db)


def _prove_faults(session: Session) -> None:
    from mockserver.client.sandbox_client import Refused
    from mockserver.doctor import run_checks

    output = session.output
    results = []
    for result in run_checks():
        results.append(result)
        if not session.json:
            mark = "ok    " if result.passed else "FAILED"
            line = f"{mark}  {result.name}: {result.detail}  ({result.real_seconds:.2f} s)"
            for part in textwrap.wrap(line, 80, subsequent_indent=" " * 8, break_long_words=False):
                output.line(part, "green" if result.passed else "red")
    failed = [result.name for result in results if not result.passed]
    if session.json:
        output.document({"passed": not failed, "checks": results})
    if failed:
        raise Refused(
            f"{len(failed)} of {count(len(results), 'check')} failed: {', '.join(failed)}"
        )
    if not session.json:
        output.line(f"all {len(results)} checks passed", "bold")


def _look_through(session: Session, db: str) -> None:
    from pathlib import Path

    from mockserver.client.sandbox_client import Refused
    from mockserver.ledger.opening import below, look_through
    from mockserver.time.saved_clock import SETTING, is_saved_clock

    place = below(Path.cwd(), db)
    looked = look_through(place, {SETTING: is_saved_clock})
    if session.json:
        session.output.document(
            {
                "passed": not looked.damages,
                "database": place,
                "version": looked.version,
                "rows": looked.rows,
                "damages": looked.damages,
            }
        )
    else:
        _write_looked_through(session, looked)
    if looked.damages:
        raise Refused(f"{count(len(looked.damages), 'kind')} of damage in {place}")
    if not session.json:
        session.output.line("nothing is damaged", "bold")


def _write_looked_through(session: Session, looked: LookedThrough) -> None:
    for table, rows in looked.rows.items():
        if all(damage.table != table for damage in looked.damages):
            session.output.line(f"ok      {table}: {count(rows, 'row')}", "green")
    for damage in looked.damages:
        noun = "fault" if damage.table == "file" else "row"
        number = "" if damage.count is None else f"{count(damage.count, noun)} "
        first = f", the first {damage.first}" if damage.first else ""
        line = f"{damage.table}: {number}{damage.what}{first}; {damage.put_right}"
        session.output.line(one_line(f"FAILED  {line}"), "red")
