"""Runs a suite beside plugins of others that only have to be installed to change something."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.testing.pytest_runs import QUIET


def run_beside(
    pytester: pytest.Pytester, plugins: str, source: str, *arguments: str
) -> pytest.RunResult:
    """Run a test file in a process of its own, with these plugins as if they were installed."""
    pytester.makepyfile(test_user=dedent(source))
    loaded = [word for plugin in plugins.split() for word in ("-p", plugin)]
    return pytester.runpytest_subprocess(*QUIET, *loaded, *arguments)
