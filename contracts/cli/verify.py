"""Declares the command `postbacks verify` and its options.

The suite is imported only when the command runs.

Exit codes: 0 every MUST passed; 1 one did not, or a baseline entry is stale; 2 wrong usage, a host
that was not allowed, or nothing selected; 3 the endpoint is unreachable; 4 a fault of the suite;
130 interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from contracts.cli.contracts import check_installed
from contracts.cli.run_options import run_options
from mockserver.cli.session import Session, json_option


@click.command(short_help="Put your endpoint through what Leanplum will do to it.")
@click.argument("urls", metavar="URL_TEMPLATE...", nargs=-1, required=True)
@click.option(
    "--type",
    "type_name",
    type=click.Choice(("messageEvents", "abTestEvents")),
    default="messageEvents",
    show_default=True,
    help="What the rule listens to.",
)
@click.option(
    "--channels",
    metavar="NAMES",
    multiple=True,
    help="Channels of the rule, e.g. 'Email, Push Notification'; all unless given.",
)
@click.option(
    "--event",
    "events",
    metavar="NAME",
    multiple=True,
    help="An event that the endpoint keeps, like push.open (email.click unless given); the others "
    "need only be answered.",
)
@click.option(
    "--parameters-encoding",
    type=click.Choice(("once", "twice")),
    default="once",
    show_default=True,
    help="How {{Parameters}} is written.",
)
@click.option(
    "--profile",
    type=click.Choice(("quick", "full", "soak")),
    default="quick",
    show_default=True,
    help="full: also values that are made up; soak: until the budget is spent.",
)
@click.option(
    "--case", "globs", metavar="GLOB", multiple=True, help="Only these ids, e.g. 'PB-REPEAT-*'."
)
@click.option(
    "--probe",
    metavar="URL|COMMAND",
    help="Answers what is stored: a number, lines, or a JSON array; {prefix} is replaced by what "
    "the run's ids begin with.",
)
@click.option(
    "--observe",
    metavar="FILE",
    help="Send recorded postbacks instead: HAR, an access log, or JSON of a sandbox.",
)
@click.option(
    "--down-command", metavar="COMMAND", help="Takes the endpoint down, with --up-command."
)
@click.option("--up-command", metavar="COMMAND", help="Takes it up again; it must end.")
@click.option("--ask", is_flag=True, help="Ask you to take the endpoint down and up.")
@click.option(
    "--outage",
    metavar="DURATION",
    default="4h",
    show_default=True,
    help="How long it is down for, in the time of Leanplum's retries.",
)
@click.option(
    "--concurrency",
    metavar="N",
    type=click.IntRange(2, 100),
    default=10,
    show_default=True,
    help="Postbacks in a burst.",
)
@click.option(
    "--rate", metavar="N/s", help="Requests a second on the average (5/s beyond this machine)."
)
@click.option(
    "--max-requests",
    metavar="N",
    type=click.IntRange(1, 100_000),
    default=600,
    show_default=True,
    help="The most that is sent to an endpoint.",
)
@click.option(
    "--max-time",
    metavar="DURATION",
    help="How long a run takes at most (10m, and what the rate needs); what is left is not tried.",
)
@click.option(
    "--header",
    "headers",
    metavar="NAME=VALUE",
    multiple=True,
    help="Send this header as well, e.g. for a gateway; Leanplum sends none.",
)
@run_options("partner", "Make up other values than the usual ones.")
@click.option(
    "--allow-host",
    "allowed_hosts",
    metavar="HOST",
    multiple=True,
    help="Allow real requests to this host; needed beyond this machine.",
)
@click.option("--ca-file", metavar="FILE", help="Trust these certificates, not the system's.")
@click.option("--insecure", is_flag=True, help="Do not check certificates.")
@click.option("--proxy", metavar="URL", help="Send through this proxy; none unless given.")
@click.option(
    "--only-post",
    is_flag=True,
    help="Send nothing but POSTs, for an endpoint that bans who sends anything else.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@json_option
@click.pass_obj
def verify(session: Session, /, **options: Any) -> int:
    """Put an endpoint through what Leanplum will do to it, and say what goes wrong.

    URL_TEMPLATE is the postbackUrl as you would register it, in single quotes:

      postbacks verify 'http://127.0.0.1:5000/in?user={{User ID}}&at={{Trigger time}}'

    Real requests are sent, and the endpoint stores what it stores: ids begin with
    postbacks-verify-. With --probe the run finds out what was stored; with --down-command and
    --up-command what becomes of an outage. `postbacks contracts explain ID` tells what a case is
    about.
    """
    check_installed()
    from contracts.cli.verify_choices import Choices
    from contracts.cli.verify_runs import verify_endpoints

    if "ca_file" in session.given and options["ca_file"] is None:
        # `postbacks --ca-file FILE verify ...`
        options["ca_file"] = session.ca_file
    again = again_options(click.get_current_context().command, options)
    return int(verify_endpoints(session, Choices(**options, again=again)))


#: Options that choose cases, or say where the results are written: to try one case again they are
#: left out. What decides how a run ends, like --strict and --baseline, is given again.
NOT_AGAIN = frozenset({"globs", "reports", "github", "dry_run", "json", "progress_lines"})


def again_options(command: click.Command, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words that give the same options again, but for those in `NOT_AGAIN`.

    Args:
        command: Has the options.
        values: What was given for each, by name.
    """
    words: list[str] = []
    for option in command.params:
        if not isinstance(option, click.Option) or option.name in NOT_AGAIN:
            continue
        value = values.get(option.name or "")
        if option.is_flag:
            words += option.opts if value else []
            continue
        for each in value if option.multiple and value else [value]:
            if each not in (None, ()) and each != option.default:
                words += [option.opts[0], str(each)]
    return tuple(words)
