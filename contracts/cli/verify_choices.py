"""Turns the options of `postbacks verify` into an endpoint for each URL, and cases for it.

Nothing is sent here. An option that cannot be read is refused with what it takes.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click

from contracts.cli.verify_headers import header_of
from contracts.suite.registry import Case, NothingSelected, endpoint_cases, select_cases
from contracts.suite.request_budget import RequestBudget
from contracts.suite.results import Remark
from contracts.suite.vocabulary import Need, Profile, TargetKind
from contracts.verify.lint import Secret, remarks, secrets_in
from contracts.verify.operator import AskingOperator, CommandOperator, Operator, OperatorFailed
from contracts.verify.postbacks import Subscription
from contracts.verify.recording import fitting, read_recording
from contracts.verify.run_time import SHORTEST, USUAL, RunTime
from contracts.verify.sender import SocketPostbackSender, Trust
from contracts.verify.subject import EndpointSubject
from mockserver.client.probe import Probe, probe_of
from mockserver.core.catalog import (
    ALL_CHANNELS,
    Channel,
    EventKind,
    event_kind,
    parse_channel,
    parse_type,
)
from mockserver.core.durations import format_duration, parse_duration
from mockserver.core.errors import InvalidConfig, InvalidTemplate, PostbacksError, ServerUnreachable
from mockserver.core.models import ParametersEncoding
from mockserver.core.template import Template
from mockserver.net.masks import Masks, secret_variable
from mockserver.transport.resolved_host import ResolvedHost, resolve_host

#: How long a proxy may take to accept a connection, in real seconds.
PROXY_REAL_SECONDS = 5.0
#: What libcurl takes unless told.
_PROXY_PORT = 1080
#: Requests a second beyond this machine, unless told.
CAREFUL_RATE = 5.0
_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of `verify`, as they were given.

    Attributes:
        again: The words of a command line that give those again that another run needs.
    """

    urls: tuple[str, ...]
    type_name: str
    channels: tuple[str, ...]
    events: tuple[str, ...]
    parameters_encoding: ParametersEncoding
    profile: str
    globs: tuple[str, ...]
    probe: str | None
    observe: str | None
    down_command: str | None
    up_command: str | None
    ask: bool
    outage: str
    concurrency: int
    rate: str | None
    max_requests: int
    max_time: str | None
    headers: tuple[str, ...]
    reports: tuple[str, ...]
    github: bool
    baseline: str | None
    seed: int | None
    strict: bool
    allowed_hosts: tuple[str, ...]
    ca_file: str | None
    insecure: bool
    proxy: str | None
    only_post: bool
    dry_run: bool
    progress_lines: bool = False
    again: tuple[str, ...] = ()


def cases_of(choices: Choices) -> list[Case]:
    """Return the cases that are chosen.

    Raises:
        NothingSelected: A glob matches no case about an endpoint, or none is left.
    """
    profiles = list(Profile)[: list(Profile).index(Profile(choices.profile)) + 1]
    known = endpoint_cases()
    if choices.globs:
        return select_cases(choices.globs, target=TargetKind.ENDPOINT)
    # What was recorded is sent in place of what is made up, not beside it.
    chosen = [
        case
        for case in known
        if case.profile in profiles and (Need.RECORDING in case.needs) == bool(choices.observe)
    ]
    if not chosen:
        raise NothingSelected(f"no case is left with --profile {choices.profile}")
    return chosen


def endpoints_of(choices: Choices) -> list[EndpointSubject]:
    """Return the endpoints that a run is aimed at; nothing is sent yet.

    Raises:
        click.UsageError: An option cannot be read.
        HostNotAllowed: A host is neither this machine nor was it named.
        HostUnknown: A host has no address.
    """
    probe = None if choices.probe is None else probe_of(choices.probe)
    operator = _operator(choices)
    recording = read_recording(Path(choices.observe)) if choices.observe else []
    headers = [header_of(text) for text in choices.headers]
    found = []
    for url in choices.urls:
        endpoint = _endpoint(url, choices, probe, operator, headers)
        if choices.observe:
            _record(endpoint, url, recording, choices.observe)
        found.append(endpoint)
    return found


def rate_of(choices: Choices, resolved_host: ResolvedHost | None) -> float | None:
    """Return the requests a second that are allowed on the average; None for no limit.

    Raises:
        click.UsageError: It is no rate.
    """
    if choices.rate is None:
        return None if resolved_host is not None and resolved_host.is_loopback else CAREFUL_RATE
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*(s|m|min|h))?\s*", choices.rate)
    if not found or not float(found[1]):
        raise click.UsageError(f"--rate takes requests a second like 5/s, got {choices.rate!r}")
    return float(found[1]) / {"s": 1, "m": 60, "min": 60, "h": 3600}[found[2] or "s"]


def time_of(choices: Choices, resolved_host: ResolvedHost | None, requests: int) -> timedelta:
    """Return how long a run may take.

    Raises:
        click.UsageError: It is no duration, or too short.
    """
    if choices.max_time is None:
        rate = rate_of(choices, resolved_host)
        return USUAL + timedelta(seconds=round(requests / rate) if rate else 0)
    try:
        most = parse_duration(choices.max_time)
    except PostbacksError as error:
        raise click.UsageError(f"--max-time: {error}") from None
    if most < SHORTEST:
        raise click.UsageError(
            f"--max-time takes {format_duration(SHORTEST)} or more: one postback that is not "
            f"answered takes 30 s; got {choices.max_time!r}"
        )
    return most


def check_proxy(choices: Choices) -> None:
    """Go on only if somebody listens at the proxy: it must not be taken for the endpoint.

    Raises:
        ServerUnreachable: Nobody does.
    """
    if choices.proxy is None:
        return
    parts = urlsplit(choices.proxy)
    try:
        address = (parts.hostname or "", parts.port or _PROXY_PORT)
        socket.create_connection(address, PROXY_REAL_SECONDS).close()
    except OSError as error:
        raise ServerUnreachable(
            f"nobody listens at --proxy {parts.hostname}: {error.strerror or error}"
        ) from None


def _endpoint(
    url: str,
    choices: Choices,
    probe: Probe | None,
    operator: Operator | None,
    headers: Sequence[tuple[str, str]],
) -> EndpointSubject:
    subscription = _subscription(url, choices)
    trust = Trust(_readable(choices.ca_file), verify=not choices.insecure)
    resolved_host = resolve_host(url, allowed_hosts=choices.allowed_hosts)
    rate = rate_of(choices, resolved_host)
    return EndpointSubject(
        subscription,
        SocketPostbackSender(
            resolved_host, headers=headers, trust=trust, proxy=_proxy(choices.proxy)
        ),
        resolved_host=resolved_host,
        trust=trust,
        probe=probe,
        operator=operator,
        outage=_outage(choices.outage),
        budget=RequestBudget(choices.max_requests, 1 / rate if rate else 0.0),
        profile=Profile(choices.profile),
        burst=choices.concurrency,
        headers=headers,
        masks=_masks(url, headers, [choices.probe or "", choices.proxy or ""]),
        remarks=[*remarks(subscription, resolved_host), *_about_the_run(choices)],
        is_proxied=choices.proxy is not None,
        only_post=choices.only_post,
        time=RunTime(time_of(choices, resolved_host, choices.max_requests)),
    )


def _record(endpoint: EndpointSubject, url: str, recording: Sequence[str], file: str) -> None:
    """Have an endpoint sent what was recorded for it, and name what was not.

    Raises:
        InvalidConfig: Nothing was.
    """
    kept, left_out = fitting(url, recording)
    places = ", ".join(dict.fromkeys(left_out))[:300]
    if not kept:
        raise InvalidConfig(
            f"the recording {file} holds nothing for this endpoint: none of {len(recording)} POSTs "
            f"has the names of the URL ({places})"
        )
    endpoint.recording = kept
    if left_out:
        endpoint.remarks = [
            *endpoint.remarks,
            Remark(
                "recording-left-out",
                f"{len(left_out)} of {len(recording)} recorded POSTs are not for this endpoint "
                f"and are not sent: {places}",
                "they lack the names of the URL; if they are for it, write the URL as it was then",
            ),
        ]


def _subscription(url: str, choices: Choices) -> Subscription:
    try:
        template = Template(url)
    except InvalidTemplate as error:
        raise click.UsageError(f"addPostback would refuse this URL: {error}") from None
    subscription = Subscription(
        template,
        parse_type(choices.type_name),
        _channels(choices.channels),
        choices.parameters_encoding,
    )
    return replace(subscription, kept=_kept(choices.events, subscription))


def _kept(names: Sequence[str], subscription: Subscription) -> tuple[EventKind, ...]:
    try:
        kept = tuple(dict.fromkeys(event_kind(name) for name in names))
    except PostbacksError as error:
        raise click.UsageError(f"--event: {error}") from None
    for kind in kept:
        if kind not in subscription.kinds:
            raise click.UsageError(
                f"--event: {kind.name} does not fire a rule with this type and these channels; see "
                "--type and --channels"
            )
    return kept


def _channels(texts: Sequence[str]) -> tuple[Channel, ...]:
    names = [name.strip() for text in texts for name in text.strip("[]").split(",")]
    try:
        chosen = [parse_channel(name) for name in names if name]
    except PostbacksError as error:
        raise click.UsageError(f"--channels: {error}") from None
    return tuple(dict.fromkeys(chosen)) or ALL_CHANNELS


def _operator(choices: Choices) -> Operator | None:
    down, up = choices.down_command, choices.up_command
    if (down is None) is not (up is None):
        raise click.UsageError("--down-command and --up-command go together; give both")
    if down is not None and up is not None:
        if choices.ask:
            raise click.UsageError("--ask and --down-command say two ways; keep one")
        return CommandOperator(down, up)
    return AskingOperator(_ask) if choices.ask else None


def _ask(text: str) -> None:
    """Show a text and wait for Enter.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed instead: the run ends, as it does anywhere else.
        OperatorFailed: Nobody can answer.
    """
    try:
        click.prompt(text, default="", show_default=False, prompt_suffix=": ", err=True)
    except click.Abort as error:
        # click raises `Abort` for Ctrl-C and for the end of stdin. A run would record it as the
        # error of one case and go on.
        if isinstance(error.__context__, EOFError):
            raise OperatorFailed(
                "--ask: nobody is there to answer (stdin has ended); give --down-command and "
                "--up-command"
            ) from None
        raise KeyboardInterrupt from None


def _outage(text: str) -> timedelta:
    try:
        duration = parse_duration(text)
    except PostbacksError as error:
        raise click.UsageError(f"--outage: {error}") from None
    if duration <= timedelta(0):
        raise click.UsageError(f"--outage takes a duration like 4h or 72h, got {text!r}")
    return duration


def _readable(path: str | None) -> str | None:
    if path is not None and not os.path.isfile(path):
        raise InvalidConfig(f"cannot read --ca-file {path}: there is no such file")
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        # Without CA certificates, every endpoint would seem to have a bad certificate.
        raise InvalidConfig(
            f"cannot read --ca-file {path}: it takes certificates as PEM, which begin with "
            "-----BEGIN CERTIFICATE-----"
        ) from None
    return path


def _proxy(text: str | None) -> str:
    if text is None:
        return ""
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in _PROXY_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise click.UsageError(f"--proxy takes a URL like http://127.0.0.1:8080, got {text!r}")
    return text


def _masks(url: str, headers: Sequence[tuple[str, str]], others: Sequence[str]) -> Masks:
    """Return what hides the secrets of a run: of its URL, of its headers, of other URLs."""
    masks = Masks()
    variables: dict[str, str] = {}
    found = [*secrets_in(url), *(Secret(value) for _, value in headers)]
    for other in others:
        # A probe may be a command.
        found += secrets_in(other) if "://" in other.partition(" ")[0] else []
    for secret in found:
        # The same secret in two places is one variable.
        variable = variables.setdefault(secret.text, secret_variable(len(variables) + 1))
        masks.hide(variable, secret.text, before=secret.before, after=secret.after)
    return masks


def _about_the_run(choices: Choices) -> list[Remark]:
    found = []
    if choices.headers:
        found.append(
            Remark(
                "headers-added",
                "this run sends headers that Leanplum does not send",
                "make sure that the endpoint works without them, or is reached by another way",
            )
        )
    if choices.insecure:
        found.append(
            Remark(
                "certificate-not-checked",
                "this run does not check certificates (--insecure)",
                "run once without it, or with --ca-file: a certificate that is not trusted "
                "means that nothing arrives",
            )
        )
    return found
