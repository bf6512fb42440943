"""Starts `postbacks verify` against an endpoint on this machine, and tells how far it is.

What may be asked for sends requests to a loopback address and no more: no other host, no command,
no file. Whoever wants those uses the command itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mockserver.core.errors import InvalidValue
from mockserver.core.hosts import host_of, is_loopback
from mockserver.delivery.reach import Reach
from mockserver.net.built_once import BuiltOnce
from mockserver.reports.shelf import verdict_of
from mockserver.sandbox import Sandbox
from mockserver.web import shapes
from mockserver.web.current import own_port
from mockserver.web.routes import ControlRoute

if TYPE_CHECKING:
    from mockserver.reports.verify_run import RunState, VerifyRuns

#: Its place in the OpenAPI document.
ORDER = 9

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on the run; it ends with the sandbox."""

    def made() -> VerifyRuns:
        # A server should start fast, and few ask it for a run.
        from mockserver.reports.verify_run import VerifyRuns

        runs = VerifyRuns()
        sandbox.closing.append(runs.close)
        return runs

    runs = BuiltOnce(made)

    def state() -> shapes.VerifyAnswer:
        return _answer(runs().state())

    def start(body: shapes.VerifyRequest) -> shapes.VerifyAnswer:
        _check(body, sandbox.destinations[0])
        return _answer(runs().start(words_of(body, sandbox.reach)))

    def cancel() -> shapes.VerifyAnswer:
        return _answer(runs().cancel())

    answer = shapes.VerifyAnswer
    return [
        ControlRoute("GET", "verify", "How far the last run of `verify` is.", state, answer),
        ControlRoute(
            "POST",
            "verify",
            "Put an endpoint on this machine through what Leanplum will do to it.",
            start,
            answer,
            body=shapes.VerifyRequest,
        ),
        ControlRoute(
            "POST",
            "verify/cancel",
            "End the run with a report of what was tried; asked again, at once.",
            cancel,
            answer,
        ),
    ]


def words_of(request: shapes.VerifyRequest, reach: Reach) -> list[str]:
    """Return the words of the command line that does what is asked for.

    Args:
        request: What is asked for.
        reach: Whose certificates are trusted: those that postbacks of the sandbox trust.
    """
    words = [f"--type={request.type}"] if request.type != "messageEvents" else []
    if request.parameters_encoding != "once":
        words.append(f"--parameters-encoding={request.parameters_encoding}")
    if request.profile != "quick":
        words.append(f"--profile={request.profile}")
    words += [f"--channels={name}" for name in request.channels]
    words += [f"--event={name}" for name in request.events]
    words += [f"--case={name}" for name in request.cases]
    words += ["--strict"] if request.strict else []
    if request.url.lower().startswith("https:"):
        words += [f"--ca-file={reach.ca_file}"] if reach.ca_file is not None else []
        words += [] if reach.verify_tls else ["--insecure"]
    # Whatever the URL begins with, it is no option.
    return ["verify", *words, "--", request.url]


def _check(request: shapes.VerifyRequest, addresses: str) -> None:
    """Go on only if an endpoint on this machine is meant, and not the sandbox itself.

    Raises:
        InvalidValue: Another is.
    """
    texts = [request.url, *request.channels, *request.events, *request.cases]
    if any(_CONTROL.search(text) for text in texts):
        raise InvalidValue("control characters cannot stand in a URL, nor in a name")
    host = host_of(request.url)
    if host is None:
        raise InvalidValue(
            "a run needs the postbackUrl as you would register it, like "
            f"'http://127.0.0.1:5000/in?user={{{{User ID}}}}', got {request.url[:200]!r}"
        )
    if not is_loopback(host.name):
        raise InvalidValue(
            f"a run is started here against this machine only, not against {host.name}; "
            f"`postbacks verify --allow-host {host.name} URL_TEMPLATE` does that"
        )
    if addresses == "public":
        raise InvalidValue(
            'nothing is sent to this machine while addresses is "public"; use `postbacks verify`'
        )
    if host.port == own_port():
        raise InvalidValue(f"port {host.port} is this sandbox's own API; name your endpoint's port")


def _answer(state: RunState | None) -> shapes.VerifyAnswer:
    if state is None:
        return shapes.VerifyAnswer(None)
    return shapes.VerifyAnswer(
        shapes.VerifyRunJson(
            state.number,
            state.command,
            state.is_running,
            state.is_cancelled,
            state.cases,
            state.current,
            dict(state.by_status),
            [shapes.FoundCaseJson(each.id, each.title, each.level, each.status)
             for each in state.found],
            list(state.said),
            state.exit_code,
            None if state.exit_code is None else verdict_of(state.exit_code),
            state.report_id,
            round(state.real_seconds, 3),
        )
    )  # fmt: skip
