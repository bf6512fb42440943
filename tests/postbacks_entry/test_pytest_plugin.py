"""Tests that pytest gets the plugin itself, under its old name, and that it costs nothing."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from tests.postbacks_entry.sites import ROOT, package, python


def test_an_import_returns_the_plugin() -> None:
    module = importlib.import_module("postbacks_entry.pytest_plugin")
    assert module is sys.modules["mockserver.pytest_plugin"]


def test_another_package_is_not_run(tmp_path: Path) -> None:
    package(tmp_path, "mockserver")
    code = "import postbacks_entry.pytest_plugin as plugin; print(plugin.__name__)"
    done = python("-c", code, path=[tmp_path, ROOT], cwd=Path("/"))
    assert (done.stdout, done.stderr) == ("postbacks_entry.pytest_plugin\n", "")


def test_the_entry_imports_nothing_more_than_python_has() -> None:
    code = (
        "import sys, __future__; before = set(sys.modules); "
        "from postbacks_entry.origin import problem_of; "
        "assert problem_of('mockserver') is None; print(sorted(set(sys.modules) - before))"
    )
    done = python("-c", code, path=[ROOT], cwd=Path("/"))
    assert done.stdout == "['postbacks_entry', 'postbacks_entry.origin']\n"


@pytest.mark.parametrize("name", ["mockserver", "postbacks_entry"])
def test_a_run_may_begin_after_the_package_was_imported(name: str) -> None:
    docstring = importlib.import_module(name).__doc__
    assert docstring is not None
    assert "PYTEST_DONT_REWRITE" in docstring
