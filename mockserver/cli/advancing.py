"""Carries out an advance for `postbacks advance`: watched while it lasts, ended by Ctrl-C.

One request moves the clock all the way, in a thread. Meanwhile the clock is asked how far it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mockserver.core.errors import PostbacksError

if TYPE_CHECKING:
    from mockserver.cli.output import Output
    from mockserver.client.sandbox_client import SandboxClient
    from mockserver.web.shapes import AdvanceAnswer, AdvanceRequest, AdvanceUnderWay, ClockState

#: How often the clock is asked how far it is.
POLL_REAL_SECONDS = 0.25
#: From then on it is said what would make the wait shorter.
HINT_REAL_SECONDS = 5.0
#: How long an advance may take to end after it was cancelled.
_END_REAL_SECONDS = 10.0

#: Shows how far an advance is; called now and then.
Show = Callable[["ClockState"], None]


class Interrupted(Exception):
    """Raised when an advance was ended by Ctrl-C.

    Attributes:
        answer: What was done before; None if the server does not say so in time.
    """

    def __init__(self, answer: AdvanceAnswer | None) -> None:
        super().__init__()
        self.answer = answer


def advance_all_the_way(
    client: SandboxClient, request: AdvanceRequest, output: Output
) -> AdvanceAnswer:
    """Return one answer for all the way, however many requests it takes.

    Raises:
        Interrupted: Ctrl-C was pressed; the advance was cancelled at the server, too.
    """
    call = _Call(lambda: _merged(client, request))
    try:
        if not call.ended.wait(POLL_REAL_SECONDS):
            hint = _Hint(output)
            with _progress_shown(output) as show:
                while not call.ended.is_set():
                    _look(client, hint, show)
                    call.ended.wait(POLL_REAL_SECONDS)
    except KeyboardInterrupt:
        client.cancel_advance()
        ended = call.ended.wait(_END_REAL_SECONDS)
        raise Interrupted(call.answer() if ended else None) from None
    return call.answer()


class _Call:
    """A call in a thread of its own, so that Ctrl-C is heard while it lasts."""

    def __init__(self, ask: Callable[[], AdvanceAnswer]) -> None:
        self.ended = threading.Event()
        self._ask = ask
        self._answer: AdvanceAnswer | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="postbacks-advance", daemon=True).start()

    def answer(self) -> AdvanceAnswer:
        """Return the answer, or raise what came in its place."""
        if self._error is not None:
            raise self._error
        assert self._answer is not None, "to be called when it has ended"
        return self._answer

    def _run(self) -> None:
        try:
            self._answer = self._ask()
        except BaseException as error:
            self._error = error
        finally:
            self.ended.set()


def _merged(client: SandboxClient, request: AdvanceRequest) -> AdvanceAnswer:
    assert isinstance(request.real_seconds, float)
    answers = client.patient(request.real_seconds + _END_REAL_SECONDS).advances(request)
    whole = next(answers)
    for answer in answers:
        whole.attempts += answer.attempts
        whole.attempts_made += answer.attempts_made
        for kind, number in answer.outcomes.items():
            whole.outcomes[kind] = whole.outcomes.get(kind, 0) + number
        whole.now, whole.next_due = answer.now, answer.next_due
        whole.complete, whole.cancelled = answer.complete, answer.cancelled
    return whole


def _look(client: SandboxClient, hint: _Hint, show: Show) -> None:
    try:
        clock = client.clock()
    except PostbacksError:
        # If the server is gone, the advance itself will say so.
        return
    if clock.advance is not None:
        hint.give_if_due(clock.advance)
        show(clock)


class _Hint:
    """Says once what would make waiting for an endpoint shorter."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._given = False

    def give_if_due(self, advance: AdvanceUnderWay) -> None:
        from mockserver.net.visible_text import one_line

        late = [each for each in advance.waiting_for if each.real_seconds >= HINT_REAL_SECONDS]
        if late and not self._given:
            self._given = True
            self._output.remark(
                f"{one_line(late[0].url)} has not answered for {late[0].real_seconds:.0f} s. An "
                "endpoint of yours is waited for in real time; `postbacks serve --real-timeout 2` "
                "gives up after 2 s"
            )


@contextmanager
def _progress_shown(output: Output) -> Iterator[Show]:
    """Lend what shows progress: one line that is rewritten on a terminal, nothing elsewhere."""
    from rich.progress import Progress, SpinnerColumn, TextColumn
    from rich.table import Column

    from mockserver.cli.output import plain_console

    console = plain_console(stderr=True)
    if output.as_json or not console.is_terminal:
        yield lambda clock: None
        return
    line = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis"))
    # What is written meanwhile comes above the line.
    with Progress(SpinnerColumn(), line, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda clock: progress.update(task, description=progress_text(clock))


def progress_text(clock: ClockState) -> str:
    """Return in a line how far an advance is, and what it waits for."""
    from mockserver.cli.output import count, instant
    from mockserver.net.visible_text import one_line

    advance = clock.advance
    assert advance is not None
    parts = [instant(clock.now), count(advance.attempts_made, "attempt")]
    if advance.from_at is None:
        parts.append("waits for attempts that were under way")
    if advance.waiting_for:
        first = advance.waiting_for[0]
        others = f" and {count(advance.under_way - 1, 'other')}" if advance.under_way > 1 else ""
        parts.append(f"waits {first.real_seconds:.0f} s for {one_line(first.url)}{others}")
    return ", ".join(parts)
