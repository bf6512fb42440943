"""Turns the options of `postbacks load` into what its processes are told; nothing is sent here."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

import click
from click.core import ParameterSource

from mockserver.cli.load_probe import LoadProbe
from mockserver.cli.load_shapes import stream_of
from mockserver.client.probe import probe_of
from mockserver.core.durations import parse_duration
from mockserver.core.errors import InvalidConfig, InvalidValue
from mockserver.load.arrival import Stream
from mockserver.load.capacity import FailedStep
from mockserver.load.crew import Place
from mockserver.load.hidden import masks_of
from mockserver.load.job import Job
from mockserver.load.people import People
from mockserver.load.plan import DEFAULT_JITTER
from mockserver.load.planned import Planned, planned, steps_of
from mockserver.load.quantities import parse_share, parse_window
from mockserver.load.stopping import Ending, condition_of
from mockserver.load.target import budget_of, target_of
from mockserver.net.masks import Masks
from mockserver.time.clocks import RunningClock
from mockserver.transport.resolved_host import ResolvedHost

#: Where a master waits for workers of other machines; Locust's own usual port.
USUAL_PORT = 5557
#: What all user ids begin with.
PREFIX = "postbacks-load-"
_HOST_AND_PORT = re.compile(r"(\[[^\]]+\]|[^:\s]+)(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What a load is, before it begins.

    Attributes:
        job: What workers are told.
        stream: What is sent when.
        planned: How much that is.
        run: What user ids have behind `postbacks-load-`.
        place: Where the workers are.
        target: Where it goes.
        endings: What ends it early.
        masks: Takes secrets of the URL out of what is written.
        outages: When the endpoint is down in the echo.
        jitter: By which share pauses may differ there.
        probe: Says what is stored; None if its user gave none.
        remarks: What a user should know of the stream.
    """

    job: Job
    stream: Stream
    planned: Planned
    run: str
    place: Place
    target: ResolvedHost
    endings: tuple[Ending, ...]
    masks: Masks
    outages: tuple[tuple[timedelta, timedelta], ...] = ()
    jitter: Fraction = DEFAULT_JITTER
    probe: LoadProbe | None = None
    remarks: tuple[str, ...] = ()


def plan_of(options: Mapping[str, Any]) -> LoadPlan:
    """Return the load that is meant.

    Raises:
        click.UsageError: An option is missing, or cannot be read.
        PostbacksError: The URL, its host or the number of postbacks is refused.
    """
    url = options["url"]
    if url is None:
        raise click.UsageError("missing URL_TEMPLATE: the postbackUrl, in single quotes")
    if options["master"] is not None:
        raise click.UsageError("--master is for --worker; a load has --master-bind")
    target = target_of(url, allowed_hosts=options["allowed_hosts"])
    place = place_of(options)
    if target.is_loopback and place.bind not in _LOOPBACK:
        raise click.UsageError(
            f"the endpoint is {target.host}, which is each worker's own machine; name it by an "
            "address that all workers reach, or leave --master-bind out"
        )
    run = _run_of(options)
    people = People(options["seed"], prefix=f"{PREFIX}{run}-", starts_at=RunningClock().now())
    stream = stream_of(options, people, url)
    until = None if options["until"] is None else duration_of(options["until"], "--until")
    amount = planned(stream, until)
    if not amount.total:
        raise click.UsageError("nothing is planned within --until, so nothing would be sent")
    endings: list[Ending] = [condition_of(text) for text in options["conditions"]]
    steps = steps_of(stream.as_json())
    if options["outages"] and not steps:
        raise click.UsageError(
            "--outage is about the echo at the capacity found, so it needs --shape steps; "
            "`postbacks plan` works with a capacity that is known"
        )
    if steps and not options["to_the_end"]:
        endings.append(FailedStep(tuple(steps)))
    job = Job(
        url=url,
        stream=stream.as_json(),
        most=budget_of(amount.total, options["max_requests"], target),
        addresses=target.addresses,
        resolved=target.resolved(),
        until_seconds=None if until is None else until.total_seconds(),
        connections=options["connections"],
        patience_seconds=duration_of(options["patience"], "--patience").total_seconds(),
        ca_file=_readable(options["ca_file"]),
        verify_tls=not options["insecure"],
    )
    return LoadPlan(
        job,
        stream,
        amount,
        run,
        place,
        target,
        tuple(endings),
        masks_of(url),
        *_echo_choices(options),
        _probe(options, f"{PREFIX}{run}-", job.stream),
        tuple(getattr(stream, "remarks", ())),
    )


def place_of(options: Mapping[str, Any]) -> Place:
    """Return where the workers are.

    Raises:
        click.UsageError: The options do not fit each other.
    """
    local, expected = options["workers"], options["expect_workers"]
    if expected is None:
        if options["master_bind"] is not None:
            raise click.UsageError("--master-bind needs --expect-workers N: how many to wait for")
        local = 1 if local is None else local
        if not local:
            raise click.UsageError("--workers 0 sends nothing; give --expect-workers N as well")
        return Place(local, local, wait_seconds=_wait(options))
    local = 0 if local is None else local
    if local > expected:
        raise click.UsageError(
            f"--workers {local} are more than --expect-workers {expected}, which counts all"
        )
    bind, port = host_and_port(options["master_bind"] or "127.0.0.1", "--master-bind")
    return Place(local, expected, bind, port, _wait(options))


def host_and_port(text: str, option: str) -> tuple[str, int]:
    """Return host and port that a user means.

    Raises:
        click.UsageError: They cannot be read.
    """
    found = _HOST_AND_PORT.fullmatch(text.strip())
    port = USUAL_PORT if found is None or found[2] is None else int(found[2])
    if found is None or not 0 < port < 65536:
        raise click.UsageError(f"{option} takes an address like 10.0.0.5:5557, got {text!r}")
    return found[1].strip("[]"), port


def duration_of(text: str, option: str) -> timedelta:
    """Return a duration that a user means, longer than nothing.

    Raises:
        click.UsageError: It is none.
    """
    try:
        duration = parse_duration(text)
    except InvalidValue as error:
        raise click.UsageError(f"{option}: {error}") from None
    if duration <= timedelta(0):
        raise click.UsageError(f"{option} takes more than nothing, got {text!r}")
    return duration


_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _wait(options: Mapping[str, Any]) -> float:
    return duration_of(options["wait"], "--wait").total_seconds()


def _run_of(options: Mapping[str, Any]) -> str:
    """Return what the ids of this run have in common: the seed, if one was given."""
    source = click.get_current_context().get_parameter_source("seed")
    if source is ParameterSource.COMMANDLINE:
        return str(options["seed"])
    return secrets.token_hex(4)


def _probe(options: Mapping[str, Any], prefix: str, stream: Mapping[str, Any]) -> LoadProbe | None:
    if options["probe"] is None:
        return None
    has_one_each = stream["shape"] in ("constant", "ramp", "steps") and not stream["audience"]
    return LoadProbe(probe_of(options["probe"]), prefix, one_each=has_one_each)


def _echo_choices(
    options: Mapping[str, Any],
) -> tuple[tuple[tuple[timedelta, timedelta], ...], Fraction]:
    try:
        return (
            tuple(parse_window(each, "--outage") for each in options["outages"]),
            parse_share(options["jitter"], "--jitter"),
        )
    except InvalidValue as error:
        raise click.UsageError(str(error)) from None


def _readable(path: str | None) -> str | None:
    if path is not None and not os.path.isfile(path):
        raise InvalidConfig(f"cannot read --ca-file {path}: there is no such file")
    return None if path is None else os.path.abspath(path)
