"""Tells what an application raised that means the test, from what its server answers with a 500.

A server would make a 500 of all of it. But an assertion that stands in an application of a test,
`pytest.fail()` in a helper, a time limit and Ctrl-C are there to end the test.
"""

from __future__ import annotations

import sys
from unittest import SkipTest


def meant_by(error: BaseException) -> BaseException | None:
    """Return what in an exception means the test; None if all of it is the server's.

    Those are `AssertionError`, what `pytest.fail`, `skip`, `xfail` and `exit` raise (a time limit
    of pytest-timeout is one of them), `unittest.SkipTest`, `SystemExit` and `KeyboardInterrupt`;
    also within an exception group, and as the cause of another exception.

    Examples:
        >>> meant_by(AssertionError("no user"))
        AssertionError('no user')
        >>> meant_by(LookupError("no user")) is None
        True
    """
    kinds = (AssertionError, SkipTest, SystemExit, KeyboardInterrupt, *_pytests())
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, kinds):
            return each
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
        # What was caught and raised again as something else is meant as well.
        waiting += [linked for linked in (each.__cause__,) if linked is not None]
    return None


def _pytests() -> tuple[type[BaseException], ...]:
    # Who does not run pytest has raised nothing of it.
    outcomes = sys.modules.get("_pytest.outcomes")
    return () if outcomes is None else (outcomes.OutcomeException, outcomes.Exit)
