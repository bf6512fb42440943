"""Writes what an endpoint answered to the attempts of a delivery, headers and body, in bounds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mockserver.cli.output import Output, count
from mockserver.cli.shortening import bounded
from mockserver.cli.timeline import outcome_of
from mockserver.web.shapes import AttemptJson

#: How much of an answer is shown.
_HEADERS = 20
_HEADER_CHARACTERS = 200
_BODY_CHARACTERS = 500


def write_answers(output: Output, attempts: Sequence[AttemptJson]) -> None:
    """Write each answer once, with the attempts in a row that got it."""
    for _, group in groupby(attempts, _answer_of):
        alike = list(group)
        attempt = alike[-1]
        if attempt.outcome == "response":
            output.line(f"answer to {_which(alike)}: {outcome_of(attempt)}", "bold")
            _write_answer(output, attempt)


def _write_answer(output: Output, attempt: AttemptJson) -> None:
    for name, value in attempt.headers[:_HEADERS]:
        output.url_line(f"    {bounded(f'{name}: {value}', _HEADER_CHARACTERS)}")
    rest = len(attempt.headers) - _HEADERS
    if rest > 0:
        output.line(f"    … ({count(rest, 'more header')}; --json has all)", "dim")
    if attempt.body:
        output.url_line(f"    body: {bounded(attempt.body, _BODY_CHARACTERS)}")
    else:
        output.line("    no body", "dim")


def _answer_of(attempt: AttemptJson) -> tuple[object, ...]:
    headers = tuple(field for field in attempt.headers if field[0].lower() != "date")
    return attempt.outcome, attempt.status, headers, attempt.body


def _which(attempts: Sequence[AttemptJson]) -> str:
    """Return which attempts they are, e.g. `attempts 1 to 9, the same each time`."""
    numbers = [str(each.number) for each in attempts if each.number is not None]
    resends = len(attempts) - len(numbers)
    names = []
    if len(numbers) == 1:
        names.append(f"attempt {numbers[0]}")
    elif numbers:
        names.append(f"attempts {numbers[0]} {'and' if len(numbers) == 2 else 'to'} {numbers[-1]}")
    if resends:
        names.append("a resend" if resends == 1 else f"{resends} resends")
    return " and ".join(names) + (", the same each time" if len(attempts) > 1 else "")
