"""Tests that what pytest means is told from what a server answers with a 500."""

from __future__ import annotations

from unittest import SkipTest

import pytest

from mockserver.testing.meant import meant_by


def raised_by(act: object, *arguments: object) -> BaseException:
    try:
        act(*arguments)  # type: ignore[operator]
    except BaseException as error:
        return error
    raise LookupError("nothing was raised")


MEANT = [
    AssertionError("no"),
    SkipTest("no"),
    SystemExit(3),
    KeyboardInterrupt(),
    raised_by(pytest.fail, "no"),
    raised_by(pytest.skip, "no"),
    raised_by(pytest.xfail, "no"),
    raised_by(pytest.exit, "no"),
]


@pytest.mark.parametrize("error", MEANT, ids=lambda error: type(error).__name__)
def test_it_is_found_alone_in_groups_and_as_a_cause(error: BaseException) -> None:
    assert meant_by(error) is error
    assert meant_by(BaseExceptionGroup("two", [ValueError(), error])) is error
    nested = BaseExceptionGroup("one", [BaseExceptionGroup("one", [error])])
    assert meant_by(nested) is error
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = error
    assert meant_by(wrapped) is error


@pytest.mark.parametrize(
    "error", [LookupError("no"), OSError(), TimeoutError(), ExceptionGroup("one", [ValueError()])]
)
def test_all_else_is_the_servers(error: Exception) -> None:
    assert meant_by(error) is None


def test_a_cause_that_leads_back_is_no_end() -> None:
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert meant_by(first) is None
