"""Writes how Leanplum's API behaves, and the calls that it got, as text."""

from __future__ import annotations

from rich.text import Text

from mockserver.cli.output import Output, count, instant
from mockserver.cli.shortening import bounded
from mockserver.web.shapes import ApiBehaviourAnswer, ApiCallJson, ApiCallsAnswer, ApiScriptJson


def write_scripts(output: Output, answer: ApiBehaviourAnswer) -> None:
    """Write what the API does, and for which calls; nothing if it is as usual."""
    for script in answer.scripts:
        what = f"{_whose(script)}: {bounded(script.behaviour)}; the last one stays"
        output.line(what, "yellow")


def write_calls(output: Output, answer: ApiCallsAnswer) -> None:
    """Write the calls, each with its arguments and what came of it."""
    if answer.dropped:
        output.line(f"{count(answer.dropped, 'older call')} dropped to bound memory", "yellow")
    if not answer.calls:
        output.line("there are no such calls")
    for call in answer.calls:
        _write_call(output, call)


def call_text(action: str, app_id: str, status: int | None, end: str | None, told: str) -> Text:
    """Return what was called and how it was answered, without its time."""
    text = Text(f"{bounded(action) or 'no action'}  ")
    text.append(f"{bounded(app_id) or 'no app'}  ", "dim")
    answered = str(status) if status is not None else end or "under way"
    text.append(answered, "green" if answered == "200" else "red")
    if told:
        text.append(f"  as told: {bounded(told)}", "yellow")
    return text


def _write_call(output: Output, call: ApiCallJson) -> None:
    heading = Text(f"#{call.number}  ", "bold")
    heading.append(f"{instant(call.called_at)}  {call.method}  ", "not bold")
    output.line(
        heading + call_text(call.action, call.app_id, call.status, call.end, call.behaviour)
    )
    for name, value in call.arguments.items():
        if name not in ("action", "appId", "clientKey", "apiVersion"):
            output.url_line(f"    {bounded(name)} = {bounded(value)}")
    if call.refused is not None:
        output.url_line(f"    refused: {bounded(call.refused)}")
    for warning in call.warnings:
        output.url_line(f"    warning: {bounded(warning)}")


def _whose(script: ApiScriptJson) -> str:
    what = script.action or "every call"
    return what if script.app_id is None else f"{what} of {bounded(script.app_id)}"
