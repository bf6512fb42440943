"""Offers `postbacks doctor`, which proves that every fault happens here as it should."""

from __future__ import annotations

import textwrap

import click

from mockserver.cli.session import Session, json_option
from mockserver.core.wording import count


@click.command(short_help="Prove every fault and the 30 s deadline here.")
@json_option
@click.pass_obj
def doctor(session: Session) -> None:
    """Prove every fault of the receiver and the 30 s deadline on this machine."""
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
