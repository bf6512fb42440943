"""Declares the commands of `postbacks contracts` and their options.

The suite is imported only by the command that needs it: `--help` stays fast, and works without
it.

Exit codes of `run`: 0 every MUST passed; 1 one did not, or a baseline entry is stale; 2 wrong
usage, or nothing selected; 3 the target is unreachable; 4 a fault of the suite;
130 interrupted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from contracts.cli.run_options import report_option, run_options
from mockserver.cli.session import Session, SuggestingGroup, json_option, own_sandbox_options

if TYPE_CHECKING:
    from contracts.suite.registry import Case

_LEVELS = ("MUST", "SHOULD", "MAY", "UNSPECIFIED")
_TARGETS = ("fake", "real", "partner")

_level = click.option(
    "--level",
    "levels",
    multiple=True,
    type=click.Choice(_LEVELS, case_sensitive=False),
    help="Only cases of this level; may be repeated.",
)


@click.group(cls=SuggestingGroup, short_help="Check every documented statement, and prove it.")
@own_sandbox_options
def contracts() -> None:
    """Check every statement of Leanplum's documentation against a sandbox.

    Each statement has cases, each case is proved able to fail by broken fakes ("deviants").
    `list` shows the cases, `run` runs them, `explain` tells what one is about.
    """
    check_installed()


def _known_by(case: Case) -> str:
    # A case about an endpoint has no origin: it follows from statements about Leanplum.
    return "" if case.follows_from else case.origin


def check_installed() -> None:
    """Go on only if everything is there that the contract suite needs.

    Raises:
        ContractsNotInstalled: Something is missing.
    """
    from importlib.util import find_spec

    from contracts.suite.requirements import not_installed

    packages = {"hypothesis": "hypothesis", "yaml": "pyyaml"}
    missing = [package for module, package in packages.items() if find_spec(module) is None]
    if missing:
        raise not_installed(missing)


@contracts.command("list", short_help="Show the cases.")
@_level
@click.option("--target", type=click.Choice(_TARGETS), help="Only cases for this target.")
@click.option("--case", "globs", metavar="GLOB", multiple=True, help="Only these ids.")
@json_option
@click.pass_obj
def list_cases(
    session: Session, levels: tuple[str, ...], target: str | None, globs: tuple[str, ...]
) -> None:
    """Show id, level, source, targets and title of each case."""
    cases = _selected(globs, levels, target)
    output = session.output
    if session.json:
        output.document({"cases": [case_document(case) for case in cases]})
        return
    from contracts.cli.texts import write_cases

    write_cases(
        output,
        [
            (case, f"{_known_by(case):<10}  {', '.join(sorted(case.targets))}", case.title)
            for case in cases
        ],
    )
    from mockserver.cli.output import count

    output.remark(f"{count(len(cases), 'case')}; `postbacks contracts explain ID` tells more")


@contracts.command(short_help="Tell what a case checks, why, and how to fix it.")
@click.argument("case_id", metavar="ID")
@json_option
@click.pass_obj
def explain(session: Session, case_id: str) -> None:
    """Tell which statement a case checks, how, why, and what it must catch."""
    from contracts.suite.registry import find_case

    case = find_case(case_id)
    if session.json:
        session.output.document(case_document(case))
        return
    from contracts.cli.texts import write_explanation

    write_explanation(session.output, case)


@contracts.command(short_help="Run the cases against a sandbox, or against Leanplum.")
@click.option("--embedded", is_flag=True, help="Start a sandbox for the run (the default).")
@click.option(
    "--target",
    type=click.Choice(_TARGETS),
    default="fake",
    show_default=True,
    help="real: Leanplum's own API, with your credentials.",
)
@click.option(
    "--case", "globs", metavar="GLOB", multiple=True, help="Only these ids, e.g. 'PB-RETRY-*'."
)
@_level
@run_options("fake", "Draw other values than the fixed ones.")
@click.option(
    "--deviant", metavar="NAME", help="Aim at a broken fake, to see what a failure looks like."
)
@click.option("--dry-run", is_flag=True, help="Show what would be run, and send nothing.")
@click.option(
    "--i-own-this-app",
    is_flag=True,
    help="With --target real: allow rules to be added and deleted in your app.",
)
@click.option(
    "--snapshots",
    metavar="FOLDER",
    default="leanplum-snapshots",
    show_default=True,
    help="With --target real: where answers are kept and compared.",
)
@own_sandbox_options
@click.pass_obj
def run(session: Session, /, **options: Any) -> int:
    """Run the cases and say what came of them.

    Without --url (or POSTBACKS_URL) a sandbox is started for the run and goes away with it. A
    sandbox that is given is used as you would use it: the run adds apps and inboxes of its own,
    which it deletes, and moves the clock by days. Cases that it cannot serve are skipped, with
    the reason.
    """
    from contracts.cli.runs import Choices, run_contracts

    if options["target"] == "partner":
        raise click.UsageError("an endpoint is put to the test by `postbacks verify URL_TEMPLATE`")
    cases = _selected(options.pop("globs"), options.pop("levels"), options["target"])
    own = options.pop("embedded") or options["deviant"] is not None
    _settle_url(session, embedded=own, target=options["target"])
    return int(run_contracts(session, cases, Choices(**options)))


@contracts.command(short_help="Send a failing exchange of a JSON report again.")
@click.argument("source", metavar="FILE[#CASE]")
@own_sandbox_options
@click.pass_obj
def replay(session: Session, source: str) -> int:
    """Send what a JSON report recorded of a case again, and compare the answers.

    CASE is an id, or the number of the case among those that did not pass; the first one
    unless told. Without --url the exchanges go to a sandbox started for it.
    """
    from contracts.cli.runs import replay_report

    return int(replay_report(session, source))


def _proof_formats() -> Iterable[str]:
    from contracts.cli.proofs import proof_writers

    return proof_writers()


@contracts.command(short_help="Run every case against every broken fake.")
@report_option("Write the kill matrix as", _proof_formats)
@click.option(
    "--deviant", "globs", metavar="GLOB", multiple=True, help="Only deviants of these names."
)
@click.option("--workers", type=click.IntRange(1, 64), help="Processes (default: one each core).")
@click.option(
    "--drawn",
    type=click.IntRange(0, 10_000),
    default=0,
    metavar="NUMBER",
    help="Draw so many more broken fakes, which no case can know.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="What --drawn draws from.",
)
@click.option("--list", "only_list", is_flag=True, help="Show the deviants, and run nothing.")
@click.option(
    "--allow-skipped", is_flag=True, help="Prove the others, where some cannot be tried here."
)
@json_option
@click.pass_obj
def prove(session: Session, /, **options: Any) -> int:
    """Run every case against every deviant: each must be caught by the cases that name it.

    With --drawn, more fakes are broken at random in a status, a pause, a length, a set, an event or
    an argument, and the suite is run against each until a case catches it. To try these alone, add
    --deviant 'drawn-*'; `run --deviant drawn-SEED-NUMBER` shows one.

    Exit codes: 0 proved; 1 this is no proof; 2 wrong usage, or what could not be tried here, for
    want of trustme or nginx, is not allowed to be skipped; 130 interrupted.
    """
    from contracts.cli.proofs import list_deviants, prove_contracts

    if options.pop("only_list"):
        list_deviants(session, options["globs"])
        return 0
    return int(prove_contracts(session, **options))


def case_document(case: Case) -> dict[str, Any]:
    """Return what `list --json` and `explain --json` say of a case."""
    from contracts.suite import requirements

    return {
        "id": case.id,
        "title": case.title,
        "level": case.level,
        "origin": case.origin,
        "kind": case.kind,
        "targets": sorted(case.targets),
        "needs": sorted(case.needs),
        "check": case.check,
        "why": case.why,
        "fix": case.fix,
        "catches": case.catches,
        "statements": requirements.load().statements_for(case.id, case.follows_from),
    }


def _settle_url(session: Session, *, embedded: bool, target: str) -> None:
    """Leave the URL in the session that the run is to be aimed at, None for its own."""
    if embedded and "url" in session.given:
        raise click.UsageError(
            "--embedded and --deviant start a sandbox of their own; leave out --url"
        )
    if embedded and target == "real":
        raise click.UsageError(
            "--embedded and --deviant start a sandbox; they contradict --target real"
        )
    # The environment names a sandbox, which must never be taken for Leanplum.
    if embedded or (target == "real" and "url" not in session.given):
        session.url = None


def _selected(globs: tuple[str, ...], levels: tuple[str, ...], target: str | None) -> list[Case]:
    from contracts.suite.registry import select_cases
    from contracts.suite.vocabulary import Level, TargetKind

    return select_cases(
        globs,
        [Level(level.upper()) for level in levels],
        None if target is None else TargetKind(target),
    )
