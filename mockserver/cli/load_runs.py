"""Runs `postbacks load`: says what will be sent, shows how it goes, and writes what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import click

from mockserver.cli.live_line import LiveLine
from mockserver.cli.load_choices import PREFIX, LoadPlan, duration_of, host_and_port, plan_of
from mockserver.cli.load_probe import LoadProbe
from mockserver.cli.load_text import write_planned, write_result
from mockserver.cli.output import Output, count
from mockserver.cli.process import INTERRUPTED, tell
from mockserver.cli.report_files import files_of, write_file
from mockserver.cli.session import Session
from mockserver.client.probe_answer import ProbeFailed
from mockserver.core.durations import format_duration
from mockserver.core.errors import InvalidConfig
from mockserver.load.aftermath import calendar_of, echo_of
from mockserver.load.capacity import capacity_of
from mockserver.load.crew import Crew, start_child
from mockserver.load.hidden import hidden_in
from mockserver.load.planned import steps_of
from mockserver.load.result import LoadResult
from mockserver.load.run import LoadRun
from mockserver.load.target import check_listening
from mockserver.net.visible_text import one_line

FORMATS = ("html", "json", "md", "csv", "hgrm")
#: What a worker's own child ends with, beside its exit codes.
_KILLED = 4


def run_load(session: Session, options: Mapping[str, Any]) -> int:
    """Do what the options of `postbacks load` say, and return what to exit with."""
    files = files_of(options["reports"], FORMATS)
    if options["worker"]:
        check_installed()
        return _be_worker(options)
    plan = plan_of(options)
    output = session.output
    if options["dry_run"]:
        write_planned(output, plan)
        return 0
    check_installed()
    check_listening(plan.target)
    probe = plan.probe
    if probe is not None:
        probe.begin()
    result = _run(output, plan, options)
    facts = facts_of(result, plan)
    if probe is not None:
        _add_stored(facts, result, probe)
    _write_files(files, facts)
    if output.as_json:
        output.document(facts)
    else:
        write_result(output, facts)
    return result.exit_code


def check_installed() -> None:
    """Go on only if Locust and HdrHistogram are there; neither is loaded.

    Raises:
        InvalidConfig: One is not.
    """
    for package, name in (("locust", "Locust"), ("hdrh", "HdrHistogram")):
        if find_spec(package) is None:
            raise InvalidConfig(
                f"postbacks load needs {name}, which is not installed; install 'postbacks[load]'"
            )


def facts_of(result: LoadResult, plan: LoadPlan) -> dict[str, Any]:
    """Return the facts of a load, without the secrets of its URL."""
    from mockserver.load.report.document import Facts, document

    steps = steps_of(plan.job.stream)
    capacity = capacity_of(steps, result.totals.seconds) if steps else None
    facts = Facts(
        url=plan.masks.masked(plan.job.url),
        stream=plan.job.stream,
        run=plan.run,
        capacity=capacity,
        calendar=calendar_of(result),
        echo=echo_of(plan.stream, capacity, plan.outages, plan.jitter),
    )
    found = document(result, facts)
    return hidden_in(found, plan.job.url)


def _add_stored(facts: dict[str, Any], result: LoadResult, probe: LoadProbe) -> None:
    """Add what is stored, or why that is not known."""
    try:
        found = probe.found(result.totals)
    except ProbeFailed as error:
        facts["remarks"].append(f"what is stored is not known: {error}")
        return
    facts["stored"] = found.as_json()
    facts["remarks"] += found.sentences


def _run(output: Output, plan: LoadPlan, options: Mapping[str, Any]) -> LoadResult:
    _write_banner(output, plan)
    with Crew(plan.job, plan.place, options["allowed_hosts"]) as crew, LiveLine() as line:
        run = LoadRun(
            crew,
            plan.planned.total,
            plan.endings,
            on_said=lambda said: _tell_of(said, plan, line),
            on_progress=line.show,
        )
        return run.run()


def _write_banner(output: Output, plan: LoadPlan) -> None:
    """Say what is about to be sent where, before the first postback."""
    output.flush()
    amount, place = plan.planned, plan.place
    left_out = ""
    if amount.whole > amount.total:
        left_out = f" ({count(amount.whole - amount.total, 'postback')} later than --until)"
    workers = count(place.local, "worker") + " on this machine" if place.local else ""
    others = place.expected - place.local
    if others:
        far = f"{count(others, 'worker')} of other machines, at {place.bind}:{place.port}"
        workers = f"{workers}, {far}" if workers else far
    tell(
        f"{count(amount.total, 'postback')} within {format_duration(amount.lasts)}, at most "
        f"{amount.peak:,} in a second{left_out}\n"
        f"to {one_line(plan.masks.masked(plan.job.url))}\n"
        f"{workers}; user ids begin with {PREFIX}{plan.run}-; Ctrl-C ends it, with a report"
    )
    for remark in plan.remarks:
        tell(f"NOTE  {one_line(remark)}")
    if place.bind not in ("127.0.0.1", "localhost", "::1"):
        tell(
            "NOTE  Locust's master asks for no password: whoever reaches "
            f"{place.bind}:{place.port} can take part"
        )


def _tell_of(said: Mapping[str, Any], plan: LoadPlan, line: LiveLine) -> None:
    """Tell what happens to workers."""
    match said["kind"]:
        case "lost":
            line.tell(
                f"LOST  worker {said['part'] + 1} on {said['host']} (process {said['pid']}); what "
                "it has not told of counts as not sent"
            )
        case "back":
            line.tell(f"worker {said['part'] + 1} on {said['host']} is there again")
        case "refused":
            line.tell(f"NOTE  {one_line(said['why'])}")
        case "came" if plan.place.expected > plan.place.local:
            line.tell(
                f"worker {said['part'] + 1} of {plan.place.expected} is here, on {said['host']}"
            )


def _write_files(files: list[tuple[str, Any]], facts: Mapping[str, Any]) -> None:
    if not files:
        return
    from mockserver.load.report.formats import WRITERS

    for name, path in files:
        write_file(path, WRITERS[name](facts))


def _be_worker(options: Mapping[str, Any]) -> int:
    """Be a worker of the load of another machine, until that has ended."""
    if options["master"] is None:
        raise click.UsageError("--worker needs --master HOST: whose worker to be")
    if options["url"] is not None:
        raise click.UsageError("--worker takes no URL_TEMPLATE: the master says what is sent")
    host, port = host_and_port(options["master"], "--master")
    settings = {
        "host": host,
        "port": port,
        "wait_seconds": duration_of(options["wait"], "--wait").total_seconds(),
        "allowed_hosts": list(options["allowed_hosts"]),
    }
    process = start_child("worker", settings)
    assert process.stdout is not None
    assert process.stdin is not None
    tell(f"a worker of the load at {host}:{port}; Ctrl-C ends it")
    try:
        for text in process.stdout:
            said = json.loads(text)
            if "why" in said:
                tell(f"postbacks: {one_line(said['why'])}")
        code = process.wait()
    except KeyboardInterrupt:
        process.stdin.close()
        process.wait()
        code = INTERRUPTED
    finally:
        process.stdout.close()
        process.stdin.close()
    return code if code >= 0 else _KILLED
