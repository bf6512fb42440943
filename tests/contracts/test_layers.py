"""The suite talks to its target as a user does: what its modules may import, and their form.

Only deviants, which break the fake on purpose, import what they break.
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

#: What each top-level module or package may import of this package, itself apart. A dotted
#: name allows that module only. From the innermost to the outermost.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "suite": frozenset(),
    "conformance": frozenset({"suite"}),
    "verify": frozenset({"suite"}),
    "proof": frozenset({"suite", "conformance.deviants", "verify.endpoints"}),
    "kinds": frozenset(),
    "strategies": frozenset({"kinds"}),
    "flaky_transport": frozenset(),
    "stored_once": frozenset(),
    "partner_machine": frozenset({"strategies", "flaky_transport", "stored_once"}),
    "order_explorer": frozenset({"partner_machine"}),
    "test_contract": frozenset({"suite", "conformance"}),
    "cli": frozenset({"suite", "conformance", "verify", "proof"}),
    "__init__": frozenset(),
}

#: What each module or package may import of the fake. A dotted name allows that module only.
OF_THE_FAKE: dict[str, tuple[str, ...]] = {
    "": ("version", "core", "net", "client", "transport", "web.shapes"),
    "cli": ("cli", "reports.place", "reports.shelf"),
    "conformance.embedded": ("live",),
    "conformance.deviants": ("",),
    "verify.endpoints": ("web.server",),
    # For users: they hold a sandbox, and are no part of a run.
    "strategies": ("delivery.history", "receiver.behaviours", "sandbox"),
    "partner_machine": ("sandbox",),
    "flaky_transport": ("sandbox", "testing.meant"),
    "order_explorer": ("testing.meant",),
}

#: Modules that speak of nothing but words and shapes.
VOCABULARY = ("suite.vocabulary", "suite.results")

#: Where each package of others may be imported.
HOMES: dict[str, tuple[str, ...]] = {
    "msgspec": (
        "suite.baseline",
        "suite.fidelity",
        "suite.requirements",
        "suite.results",
        "conformance.replay",
        "conformance.snapshots",
        "proof.drawn",
        "proof.matrix",
        "proof.mutation",
        "proof.proof",
    ),
    "httptools": ("verify.raw_answer",),
    "hypothesis": (
        "suite.generated",
        "suite.registry",
        "conformance.cases",
        "verify.cases.values",
        "strategies",
        "partner_machine",
    ),
    "jinja2": ("suite.report",),
    "markupsafe": ("suite.report",),
    "click": ("cli",),
    "rich": ("cli",),
    "fastapi": ("verify.endpoints.good",),
    "flask": ("conformance.deviants", "verify.endpoints.good"),
    "pytest": ("test_contract",),
    "trustme": ("verify.endpoints.certificates",),
}


@every_module
def test_imports_point_inwards(module: str) -> None:
    layer = module.split(".")[0]
    assert layer in MAY_IMPORT, f"say in MAY_IMPORT where {layer} belongs"
    for imported in SOURCES.own_imports_of(module):
        if not is_within(imported, layer):
            assert any(is_within(imported, home) for home in MAY_IMPORT[layer]), (
                f"{module} imports {imported}; {layer} may import {sorted(MAY_IMPORT[layer])}"
            )


@every_module
def test_only_deviants_import_what_they_break(module: str) -> None:
    allowed = [
        name
        for home, names in OF_THE_FAKE.items()
        if not home or is_within(module, home)
        for name in names
    ]
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


#: What the modules of a room may know of this package, beyond their own room.
ROOMS: dict[str, tuple[str, ...]] = {
    # A case knows what it holds, and nothing behind that.
    "conformance.cases": (
        "conformance.attempt_model",
        "conformance.api",
        "conformance.schedule",
        "conformance.target",
        "suite.recorder",
        "suite.registry",
        "suite.vocabulary",
    ),
    # An endpoint can be checked without a runner, reports or requirements.
    "verify": (
        "suite.exchange",
        "suite.recorder",
        "suite.registry",
        "suite.request_budget",
        "suite.subject",
        *VOCABULARY,
    ),
    "verify.cases": (
        "verify.consequence",
        "verify.lookalikes",
        "verify.meant",
        "verify.odd_values",
        "verify.postbacks",
        "verify.reckoning",
        "verify.sent",
        "verify.raw",
        "verify.recording",
        "verify.stored",
        "verify.target",
        "suite.recorder",
        "suite.registry",
        "suite.vocabulary",
    ),
    # Reports are functions of results.
    "suite.report": ("suite.scanning", *VOCABULARY),
    # Broken endpoints know no case, and no more of the suite than an endpoint's user does.
    "verify.endpoints": (
        "verify.in_process",
        "verify.operator",
        "verify.postbacks",
        "verify.sender",
        "verify.subject",
        "suite.request_budget",
        "suite.vocabulary",
    ),
    "conformance.deviants": ("conformance.subject", "suite.vocabulary"),
}


@every_module
def test_a_room_keeps_its_doors(module: str) -> None:
    for room, allowed in ROOMS.items():
        if is_within(module, room):
            for imported in SOURCES.own_imports_of(module):
                assert any(is_within(imported, name) for name in (room, *allowed)), (
                    f"{module} imports {imported}; {room} may import {allowed}"
                )


@every_module
def test_what_a_case_holds_knows_no_case(module: str) -> None:
    for room in ("conformance", "verify"):
        if is_within(module, room) and not is_within(module, f"{room}.cases"):
            for imported in SOURCES.own_imports_of(module):
                assert not is_within(imported, f"{room}.cases"), f"{module} imports {imported}"


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
def test_every_module_opens_with_what_it_does(module: str) -> None:
    SOURCES.check_docstring(module)


@every_module
def test_modules_are_short_enough_to_be_read(module: str) -> None:
    SOURCES.check_length(module)


def test_cases_never_assert_bare() -> None:
    """An assert vanishes under -O and is no deviation; `rec` says what is expected."""
    for module in SOURCES.modules:
        if is_within(module, "conformance.cases") or is_within(module, "verify.cases"):
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
