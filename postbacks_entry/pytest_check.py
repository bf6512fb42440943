"""Tells users of pytest in one line that another package is found in place of ours, or ours of it.

`-p no:mockserver` turns this off with the fixtures.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator, Iterator
from textwrap import fill
from types import ModuleType
from typing import Any

import pytest
from _pytest.config import ConftestImportFailure

from postbacks_entry.origin import HOME, PACKAGES, hidden_by_ours, is_ours, problem_of

_OFF = "`-p no:mockserver` runs without the fixtures of postbacks"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """End the run if the fixtures cannot be there: it would be another run than it seems."""
    if pluginmanager.is_blocked("mockserver"):
        return
    problem = problem_of("mockserver")
    if problem is not None:
        raise pytest.UsageError(f"postbacks: {problem}; {_OFF}")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """Say why a conftest.py cannot be imported, if it is for one of our names."""
    try:
        return (yield)
    except ConftestImportFailure as failure:
        reason = _reason(failure.cause, [str(failure.path.parent), *_folders(early_config)])
        if reason is None or early_config.pluginmanager.is_blocked("mockserver"):
            raise
        raise pytest.UsageError(f"{failure.path}: {failure.cause}; {reason}") from None


def pytest_exception_interact(
    node: pytest.Item | pytest.Collector, call: pytest.CallInfo[Any], report: Any
) -> None:
    """Say below a test that fails for one of our names which file hides which."""
    if call.excinfo is None or node.config.pluginmanager.is_blocked("mockserver"):
        return
    reason = _reason(call.excinfo.value, _folders(node.config))
    if reason is not None:
        text = fill(reason, 80, break_long_words=False, break_on_hyphens=False)
        report.sections.append(("Packages of postbacks", text))


def _reason(error: BaseException, folders: list[str]) -> str | None:
    for name in _missing(error):
        package = name.partition(".")[0]
        problem = problem_of(package)
        if problem is not None:
            # What is missing in their package is theirs to explain.
            return problem if is_ours(name) else None
        theirs = None if is_ours(name) else hidden_by_ours(package, folders)
        if theirs is not None:
            return (
                f"the package {package} of postbacks ({os.path.join(HOME, package)}) hides "
                f"{theirs}, because it was imported first; rename that, or keep postbacks out of "
                "this environment"
            )
    return None


def _missing(error: BaseException) -> Iterator[str]:
    """Yield the names in our packages that were looked for in vain, also if that is a cause."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        name = _name_in(each)
        if name.partition(".")[0] in PACKAGES:
            yield name
        each = each.__cause__ or each.__context__


def _name_in(error: BaseException) -> str:
    if isinstance(error, ImportError):
        attribute = re.search(r"cannot import name '(\w+)'", str(error))
        return f"{error.name}.{attribute[1]}" if attribute else str(error.name)
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType):
        return f"{error.obj.__name__}.{error.name}"
    return ""


def _folders(config: pytest.Config) -> list[str]:
    """Return where a project keeps packages of its own: the import path, and its root."""
    return [*sys.path, str(config.rootpath), str(config.invocation_params.dir)]
