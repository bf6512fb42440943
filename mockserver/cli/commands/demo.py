"""`postbacks demo` and `postbacks doctor`: what it does, and that it does it here.

Decides: how their results are shown. Place in the flow: both bring a sandbox of their own.
Must not import: the sandbox, rich or the demo before they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mockserver.cli.session import Session, json_option

if TYPE_CHECKING:
    from mockserver.cli.output import Output
    from mockserver.demo import DemoReport


@click.command(short_help="Play the whole story in a second: begin here.")
@json_option
@click.pass_obj
def demo(session: Session) -> None:
    """Play the whole story: three rules, four events, failures, 65 hours of retries."""
    from mockserver.demo import run_demo

    report = run_demo()
    if session.json:
        session.output.document(report.document())
    else:
        _write_demo(session.output, report)


def _write_demo(output: Output, report: DemoReport) -> None:
    from mockserver.cli.output import count
    from mockserver.cli.timeline import write_delivery

    output.line(f"Rules registered with addPostback: {len(report.rules)}", "bold underline")
    for rule in report.rules:
        listens_to = ", ".join(rule.channels) if rule.type == "messageEvents" else "A/B tests"
        output.line(f"rule {rule.postback_id}  {rule.type}: {listens_to}", "bold")
        output.url_line(f"  {rule.url}")
    output.line("a fourth one", "bold")
    output.line(f"  refused with HTTP {report.refused.status}: {report.refused.message}", "red")
    output.line()
    output.line("Events fired, and what became of their postbacks", "bold underline")
    for delivery in report.deliveries:
        write_delivery(output, delivery)
        output.line()
    attempts = sum(len(delivery.attempts) for delivery in report.deliveries)
    output.line(
        f"{count(attempts, 'attempt')} over {report.virtual_hours:.4g} hours of the sandbox, "
        f"in {report.real_seconds:.2g} real seconds.",
        "bold",
    )
    output.line("Next: run `postbacks serve`, and `postbacks trigger email.click` beside it.")


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
            output.line(line, "green" if result.passed else "red")
    failed = [result.name for result in results if not result.passed]
    if session.json:
        output.document({"passed": not failed, "checks": results})
    if failed:
        raise Refused(f"{len(failed)} of {len(results)} checks failed: {', '.join(failed)}")
    if not session.json:
        output.line(f"all {len(results)} checks passed", "bold")
