"""Offers `postbacks load`: what a campaign of millions does to an endpoint.

Exit codes: 0 done; 1 a --stop-when was met, or a worker was lost; 2 wrong usage, or a host or a
number that was not allowed; 3 nobody listens, workers did not come, or the master is lost; 130
interrupted.
"""

from __future__ import annotations

from typing import Any

import click

from mockserver.cli.load_shapes import shape_options
from mockserver.cli.parameters import WholeNumber
from mockserver.cli.session import Session, json_option


@click.command(short_help="Send your endpoint a campaign, and see what it takes.")
@click.argument("url", metavar="URL_TEMPLATE", required=False)
@shape_options
@click.option(
    "--until",
    metavar="DURATION",
    help="Leave out what is planned later: opens and clicks of a campaign come for hours.",
)
@click.option(
    "--workers",
    metavar="N",
    type=WholeNumber(0, 256),
    help="Processes that send, on this machine (1; 0 with --expect-workers).",
)
@click.option(
    "--expect-workers", metavar="N", type=WholeNumber(1, 1000), help="Workers to wait for, in all."
)
@click.option(
    "--master-bind",
    metavar="ADDR[:PORT]",
    help="Where workers of other machines connect to (127.0.0.1:5557).",
)
@click.option("--worker", is_flag=True, help="Be a worker of the load of another machine.")
@click.option("--master", metavar="HOST[:PORT]", help="Whose worker to be, with --worker.")
@click.option(
    "--wait",
    metavar="DURATION",
    default="30s",
    show_default=True,
    help="How long workers, or the master, are waited for.",
)
@click.option(
    "--connections",
    metavar="N",
    type=WholeNumber(1, 900),
    default=256,
    show_default=True,
    help="Postbacks that a worker has under way at most.",
)
@click.option(
    "--patience",
    metavar="DURATION",
    default="30s",
    show_default=True,
    help="How late a postback may still be sent when no connection is free.",
)
@click.option(
    "--max-requests",
    metavar="N",
    type=WholeNumber(1),
    help="The most that is sent (1,000,000 to this machine, 10,000 beyond it).",
)
@click.option(
    "--stop-when",
    "conditions",
    metavar="CONDITION",
    multiple=True,
    help="End when this is so for five seconds: errors>1%, unsent>0, p99>5s.",
)
@click.option(
    "--to-the-end", is_flag=True, help="With --shape steps: go on after a step is not passed."
)
@click.option(
    "--probe",
    metavar="URL|COMMAND",
    help="Answers what is stored: a number, lines, or a JSON array; {prefix} is replaced by what "
    "the run's user ids begin with.",
)
@click.option(
    "--outage",
    "outages",
    metavar="DURATION|FROM..TO",
    multiple=True,
    help="With --shape steps: when the endpoint is down in the echo; may be repeated.",
)
@click.option(
    "--jitter",
    metavar="SHARE",
    default="10%",
    show_default=True,
    help="By how much pauses may differ in the echo, beside none.",
)
@click.option(
    "--report",
    "reports",
    metavar="FORMAT=FILE",
    multiple=True,
    help="Write a report: html, json, md, csv or hgrm (HdrHistogram); may be repeated.",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    metavar="HOST",
    multiple=True,
    help="Allow real postbacks to this host; needed beyond this machine, by each worker.",
)
@click.option("--ca-file", metavar="FILE", help="Trust these certificates, not the system's.")
@click.option("--insecure", is_flag=True, help="Do not check certificates.")
@click.option("--dry-run", is_flag=True, help="Say how much would be sent when; send nothing.")
@json_option
@click.pass_obj
def load(session: Session, /, **options: Any) -> int:
    """Send an endpoint the postbacks of a campaign, each at its planned instant.

      postbacks load 'http://127.0.0.1:5000/in?user={{User ID}}&at={{Trigger time}}' --rate 500/s

    Real postbacks are sent, and the endpoint stores what it stores: user ids begin with
    postbacks-load-. A postback is sent when it is planned, whether or not earlier ones were
    answered; latency counts from that instant. --shape steps finds how many a second the endpoint
    takes. What runs on other machines is `postbacks load --worker --master HOST`.
    """
    from mockserver.cli.load_runs import run_load

    if "ca_file" in session.given and options["ca_file"] is None:
        options["ca_file"] = session.ca_file
    return run_load(session, options)
