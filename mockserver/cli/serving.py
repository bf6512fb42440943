"""Runs a served sandbox from its configuration: put together, announced, served, stopped.

What is started last is stopped first.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mockserver.api.calls import ApiCall
from mockserver.cli.exposure import check_keys, generated_token
from mockserver.cli.process import tell, writing
from mockserver.cli.server_info import ServerInfo
from mockserver.cli.stop_signals import StopSignals
from mockserver.cli.storage import place_of_ledger, readable_by_others
from mockserver.config import Config
from mockserver.core.assumed import AssumedAnswers
from mockserver.core.clock import MovableClock
from mockserver.core.errors import LedgerUnusable
from mockserver.core.models import Attempt
from mockserver.core.outcome import OutcomeKind
from mockserver.core.wording import count
from mockserver.delivery.apps import readable_apps
from mockserver.delivery.feed import Feed
from mockserver.delivery.retention import Keep
from mockserver.delivery.wiring import SocketOptions
from mockserver.ledger.opening import IN_MEMORY, described, open_ledger
from mockserver.ledger.protocol import Ledger
from mockserver.receiver.inboxes import Inboxes
from mockserver.sandbox import Sandbox
from mockserver.time.saved_clock import restore_clock, save_clock
from mockserver.web.app import create_app
from mockserver.web.routes import problem_of
from mockserver.web.server import QUICK_IN_MEMORY, WAITING_FOR_NOTHING, ApiServer, listen_at

if TYPE_CHECKING:
    from flask import Flask, Response

    from mockserver.cli.serving_tls import ServingTls

#: How long a stop may take. Then the process ends anyway; the ledger survives that at any moment.
STOP_REAL_SECONDS = 0.7
#: How many rules are told of when it starts.
_MOST_RULES = 10
#: How many different remarks about calls are told.
_MOST_WARNINGS = 1000


def serve_until_told(config: Config, *, as_json: bool) -> None:
    """Serve as configured until SIGINT, SIGTERM or SIGHUP.

    Raises:
        PostbacksError: A port is taken, the ledger cannot be opened, the clock would go back, or
            others could get in with the example keys.
    """
    with StopSignals() as signals, ExitStack() as stack:
        info, server = start(config, stack)
        for warning in info.warnings:
            tell(f"postbacks: warning: {warning}")
        with writing():
            sys.stdout.write(info.as_json() if as_json else info.as_text())
            sys.stdout.flush()
        server.start()
        if signals.wait() is signal.SIGINT and sys.stderr.isatty():
            # The terminal has written ^C, and the prompt begins on a line of its own.
            tell("")
        _end_within(STOP_REAL_SECONDS, stack.pop_all().close)


def start(config: Config, stack: ExitStack) -> tuple[ServerInfo, ApiServer]:
    """Put everything together and bind the ports.

    Args:
        config: What was asked for.
        stack: Gets what closes it all again.

    Returns:
        What to tell the user, and the server, which does not answer yet.
    """
    generated = generated_token(config)
    place = place_of_ledger(config)
    ledger = open_ledger(place)
    ledger_open = stack.enter_context(ExitStack())
    ledger_open.callback(ledger.close)
    stored = readable_apps(ledger)
    check_keys(config, stored.apps)
    ended = ledger.free_ended()
    recovered = ledger.recover()
    # Before there is a sandbox, which may send at once: it must know where it never sends to.
    listener = stack.enter_context(listen_at(config.host, config.port))
    tls = _tls(config, place, stack)
    sandbox = _sandbox(config, ledger, tls, api_port=listener.getsockname()[1])
    # From here on the sandbox closes its ledger.
    ledger_open.pop_all()
    stack.callback(sandbox.close)
    sandbox.api.on_call(_WarnedOnce())
    _tell_what_is_blocked(sandbox)
    app = create_app(
        sandbox,
        token=config.token or generated,
        allowed_hosts=frozenset((config.host, *config.allow_hosts)),
    )
    _keep_clock(app, sandbox)
    server = ApiServer(
        app,
        config.host,
        listener=listener,
        tls_context=None if tls is None else tls.context,
        quick_paths=QUICK_IN_MEMORY if place == IN_MEMORY else WAITING_FOR_NOTHING,
    )
    stack.callback(server.stop)
    # Closed before the server, whose stop waits for requests that wait for the feed.
    stack.callback(sandbox.feed.close)
    # Before that: an advance whose client is gone would give back what is under way, and the next
    # start would not know that it was.
    stack.callback(sandbox.engine.stop)
    stack.callback(_save_clock_at_the_end, ledger, sandbox.clock)
    given = {app.app_id for app in config.apps}
    info = ServerInfo(
        api_url=reachable(server.url),
        receiver_url=reachable(sandbox.receiver_url),
        host=config.host,
        storage=described(place),
        clock_mode=config.clock,
        now=sandbox.now(),
        rate=config.rate,
        # In the warnings stands which of them cannot be read.
        apps=[app for app in readable_apps(ledger).apps if app.app_id in given]
        or list(config.apps),
        needs_token=(config.token or generated) is not None,
        generated_token=generated,
        repeated_attempts=recovered,
        warnings=[
            *stored.problems,
            *_about_ended(ended),
            *readable_by_others(place),
            *_about_insecure(config),
            *_about_rules(sandbox),
        ],
        ca_file=None if tls is None else tls.client_ca_file,
        verifies=not config.insecure,
        addresses=config.addresses,
        send_to=config.named_hosts,
        keep=Keep(config.keep, config.keep_deliveries),
    )
    return info, server


def reachable(url: str) -> str:
    """Return `url` with an address that can be called in place of a wildcard like 0.0.0.0."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _tls(config: Config, place: str, stack: ExitStack) -> ServingTls | None:
    if not (config.tls or config.tls_cert or config.ca_file):
        return None
    # Only those who ask for it pay for reading what the system trusts.
    from mockserver.cli.serving_tls import tls_of

    return tls_of(config, place, stack)


def _about_insecure(config: Config) -> list[str]:
    if not config.insecure:
        return []
    return [
        "--insecure: no certificate is checked where postbacks go to https, so whoever is between "
        "can read and answer them; better trust the authority of your endpoint with --ca-file FILE"
    ]


def _about_ended(number: int) -> list[str]:
    if not number:
        return []
    verb = "was" if number == 1 else "were"
    return [
        f"{count(number, 'attempt')} of deliveries that a resend had ended {verb} under way when "
        "the last process ended; it is not known what came of that, and it is not repeated"
    ]


def _about_rules(sandbox: Sandbox) -> list[str]:
    """Return which rules that are there already lead to where nothing will be sent."""
    found = []
    for rule in sandbox.ledger.rules():
        refused = sandbox.foreseen_refusal(rule.url)
        if refused is not None:
            found.append(f"rule {rule.postback_id} of {rule.app_id}: {refused}")
    more = len(found) - _MOST_RULES
    told = found[:_MOST_RULES]
    return [*told, f"{count(more, 'more rule')} of that kind"] if more > 0 else told


def _sandbox(config: Config, ledger: Ledger, tls: ServingTls | None, api_port: int) -> Sandbox:
    if config.apps_given:
        for app in config.apps:
            ledger.put_app(app)
    clock = restore_clock(
        ledger,
        mode=config.clock,
        start_at=config.start,
        rate=config.rate,
        remark=lambda text: print(text, file=sys.stderr, flush=True),
    )
    save_clock(ledger, clock)
    return Sandbox(
        apps=config.apps,
        clock=clock,
        ledger=ledger,
        feed=Feed(kept_bytes=config.feed_bytes),
        inboxes=Inboxes(
            now=clock.now,
            max_requests=config.journal_requests,
            max_bytes=config.journal_bytes,
            max_script_bytes=config.behaviour_bytes,
        ),
        sockets=SocketOptions(
            receiver_host=config.host,
            receiver_port=config.receiver_port,
            capacity=config.capacity,
            real_timeout=config.real_timeout,
            addresses=config.addresses,
            tls_context=None if tls is None else tls.context,
            ca_file=None if tls is None else tls.trusted_file,
            verify_tls=not config.insecure,
            api_port=api_port,
            send_to=config.named_hosts,
        ),
        keep=Keep(config.keep, config.keep_deliveries),
        answers=AssumedAnswers(config.unknown_app, config.unknown_postback),
        keep_clock=lambda stands_at: save_clock(ledger, clock, stands_at=stands_at),
    )


class _WarnedOnce:
    """Tells whoever serves what is odd about calls, each thing once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, call: ApiCall) -> None:
        for warning in call.warnings:
            # So that a client that calls for ever fills no log.
            if warning not in self._told and len(self._told) < _MOST_WARNINGS:
                self._told.add(warning)
                tell(f"postbacks: warning: {call.action} of {call.app_id or 'no app'}: {warning}")


def _tell_what_is_blocked(sandbox: Sandbox) -> None:
    told = _BlockedOnce()
    sandbox.on_attempt(told)
    # A running clock makes attempts as soon as there is a sandbox.
    for happening in sandbox.feed.after(0):
        if happening.kind == "attempt":
            told(happening.payload["attempt"])


class _BlockedOnce:
    """Tells whoever serves which deliveries are sent nowhere, each reason once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, attempt: Attempt) -> None:
        why = attempt.outcome.error
        if attempt.outcome.kind is not OutcomeKind.BLOCKED or not why or why in self._told:
            return
        if len(self._told) < _MOST_WARNINGS:
            self._told.add(why)
            tell(
                f"postbacks: warning: delivery {attempt.delivery_id}: {why} "
                "(told once; `postbacks deliveries` lists all)"
            )


def _keep_clock(app: Flask, sandbox: Sandbox) -> None:
    """Save the clock before a reset of it is answered, so that a crash cannot undo that."""

    def save(response: Response) -> Response:
        from flask import request

        if request.path.endswith("/reset"):
            try:
                save_clock(sandbox.ledger, sandbox.clock)
            except LedgerUnusable as error:
                # Who hears that time has moved may rely on it after a restart as well.
                return problem_of(error)
        return response

    app.after_request(save)


def _save_clock_at_the_end(ledger: Ledger, clock: MovableClock) -> None:
    try:
        save_clock(ledger, clock)
    except LedgerUnusable as error:
        tell(
            f"postbacks: warning: where the clock stands cannot be written: {error}. The next "
            "start goes on from where it was last written down, or from the latest attempt"
        )


def _end_within(real_seconds: float, stop: Callable[[], object]) -> None:
    """Call `stop`; end the process if that waits too long for an endpoint or a client."""
    stopper = threading.Thread(target=stop, name="postbacks-stop", daemon=True)
    stopper.start()
    stopper.join(real_seconds)
    if stopper.is_alive():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
