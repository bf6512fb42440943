"""Tests that what says whose packages these are needs neither of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import contracts
import mockserver
import postbacks_entry
from tests.sources import Sources

SOURCES = Sources(Path(postbacks_entry.__file__).parent)
STANDALONE = ("__init__", "interrupts", "origin")
ABOVE = {
    "command": {"postbacks_entry.interrupts", "postbacks_entry.origin", "mockserver.cli"},
    "pytest_plugin": {"postbacks_entry.origin"},
    "pytest_check": {"postbacks_entry.origin", "pytest", "_pytest"},
}


@pytest.mark.parametrize("module", SOURCES.modules)
def test_imports_point_inwards(module: str) -> None:
    allowed = ABOVE.get(module, set())
    assert module in STANDALONE or allowed
    for imported in SOURCES.imports_of(module):
        inner = any(imported == each or imported.startswith(f"{each}.") for each in allowed)
        assert inner or imported.split(".")[0] in sys.stdlib_module_names, imported


@pytest.mark.parametrize("package", [mockserver, contracts])
def test_the_packages_use_what_stands_alone(package: object) -> None:
    sources = Sources(Path(str(getattr(package, "__file__", ""))).parent)
    used = {
        ".".join(imported.split(".")[:2])
        for module in sources.modules
        for imported in sources.imports_of(module)
        if imported.startswith("postbacks_entry")
    }
    assert used - {"postbacks_entry"} <= {f"postbacks_entry.{each}" for each in STANDALONE}


@pytest.mark.parametrize("module", SOURCES.modules)
def test_every_module_opens_with_what_it_does(module: str) -> None:
    SOURCES.check_docstring(module)
