"""Offers `postbacks demo`, which plays the whole story of a postback on this machine."""

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
