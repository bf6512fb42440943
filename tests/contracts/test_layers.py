"""The suite talks to its target as a user does: what its modules may import, and their form.

Only `deviants`, which break the fake on purpose, import what they break.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import contracts
from tests.sources import Sources, is_within

SOURCES = Sources(Path(contracts.__file__).parent)
every_module = pytest.mark.parametrize("module", SOURCES.modules)

#: What each module or package may import of the fake. A dotted name allows that module only.
OF_THE_FAKE: dict[str, tuple[str, ...]] = {
    "": ("__init__", "core", "client", "transport", "wire", "web.shapes"),
    "embedded": ("live",),
    "deviants": ("",),
    # For users: they hold a sandbox, and are no part of a run.
    "strategies": ("history", "receiver.behaviours", "sandbox"),
    "partner_machine": ("history", "sandbox"),
    "partner_road": ("sandbox",),
}

#: Modules that speak of nothing but words and shapes.
VOCABULARY = ("vocabulary", "results", "matrix")

#: Where each package of others may be imported.
HOMES: dict[str, tuple[str, ...]] = {
    "msgspec": (
        "baseline",
        "matrix",
        "proof",
        "replay",
        "requirements",
        "results",
        "snapshots",
    ),
    "httptools": ("endpoint.raw",),
    "hypothesis": (
        "generated",
        "partner",
        "partner_machine",
        "provider",
        "registry",
        "strategies",
    ),
    "jinja2": ("report",),
    "markupsafe": ("report",),
    "fastapi": ("deviants.partners.good",),
    "flask": ("deviants",),
    "pytest": ("test_contract",),
    "trustme": ("deviants.partners.certificates",),
}


@every_module
def test_only_deviants_import_what_they_break(module: str) -> None:
    allowed = OF_THE_FAKE[""] + OF_THE_FAKE.get(module.split(".")[0], ())
    for imported in SOURCES.imports_of(module):
        if imported.split(".")[0] == "mockserver":
            name = imported.removeprefix("mockserver").lstrip(".") or "__init__"
            assert any(not home or is_within(name, home) for home in allowed), (
                f"{module} imports {imported}; it may import {allowed}"
            )


@pytest.mark.parametrize("module", VOCABULARY)
def test_the_words_stand_alone(module: str) -> None:
    assert SOURCES.own_imports_of(module) <= set(VOCABULARY)
    assert not any(name.startswith("mockserver") for name in SOURCES.imports_of(module))


@pytest.mark.parametrize(
    "module", [name for name in SOURCES.modules if is_within(name, "provider")]
)
def test_cases_know_a_target_and_nothing_behind_it(module: str) -> None:
    allowed = ("api", "provider", "recorder", "registry", "target", "vocabulary")
    for imported in SOURCES.own_imports_of(module):
        assert any(is_within(imported, name) for name in allowed), f"{module} imports {imported}"


@pytest.mark.parametrize("module", [name for name in SOURCES.modules if is_within(name, "partner")])
def test_cases_about_an_endpoint_know_that_and_nothing_else(module: str) -> None:
    allowed = ("endpoint", "partner", "recorder", "registry", "vocabulary")
    for imported in SOURCES.own_imports_of(module):
        assert any(is_within(imported, name) for name in allowed), f"{module} imports {imported}"


@pytest.mark.parametrize(
    "module", [name for name in SOURCES.modules if is_within(name, "endpoint")]
)
def test_an_endpoint_knows_no_case(module: str) -> None:
    allowed = ("endpoint", "exchange", "masks", "pace", "recorder", "results", "vocabulary")
    for imported in SOURCES.own_imports_of(module):
        assert any(is_within(imported, name) for name in allowed), f"{module} imports {imported}"


@pytest.mark.parametrize("module", [name for name in SOURCES.modules if is_within(name, "report")])
def test_reports_are_functions_of_results(module: str) -> None:
    allowed = ("masks", "report", *VOCABULARY)
    for imported in SOURCES.own_imports_of(module):
        assert any(is_within(imported, name) for name in allowed), f"{module} imports {imported}"


@every_module
def test_packages_of_others_stay_in_their_homes(module: str) -> None:
    for imported in SOURCES.imports_of(module):
        package = imported.split(".")[0]
        if package in HOMES:
            assert any(is_within(module, home) for home in HOMES[package]), (
                f"{module} imports {imported}; its homes are {HOMES[package]}"
            )
        else:
            known = {"contracts", "mockserver", *sys.stdlib_module_names}
            assert package in known, f"say in HOMES where {package} may be imported"


@every_module
def test_every_module_says_what_it_decides(module: str) -> None:
    SOURCES.check_docstring(module)


@every_module
def test_modules_are_short_enough_to_be_read(module: str) -> None:
    SOURCES.check_length(module)


def test_cases_never_assert_bare() -> None:
    """An assert vanishes under -O and is no deviation; `rec` says what is expected."""
    for module in SOURCES.modules:
        if is_within(module, "provider") or is_within(module, "partner"):
            asserts = [
                node
                for node in ast.walk(SOURCES.tree_of(module))
                if isinstance(node, ast.Assert) and "is not None" not in ast.unparse(node.test)
            ]
            assert not asserts, f"{module} asserts at line {asserts[0].lineno}"


def test_the_package_names_its_modules_in_reading_order() -> None:
    docstring = ast.get_docstring(SOURCES.tree_of("__init__"))
    assert docstring
    named = set(re.findall(r"`([a-z_]+)`", docstring))
    top = {name.split(".")[0] for name in SOURCES.modules} - {"__init__"}
    assert top == named
