"""Who may import whom, and that every module says what it does.

The table is the rule: a module that is not in it, or an import that it does not allow, fails
here. `ARCHITECTURE.md` says why.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import mockserver
from tests.sources import Sources, is_within

PACKAGE = Path(mockserver.__file__).parent
EVERYTHING = frozenset({"*"})

#: What each top-level module or package may import of this package, itself apart. A dotted
#: name allows that module only. From the innermost to the outermost.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "version": frozenset(),
    "core": frozenset(),
    "net": frozenset({"core"}),
    "schema": frozenset({"core"}),
    "ledger": frozenset({"core", "net.monotonic"}),
    "time": frozenset({"core", "net.monotonic", "ledger.protocol"}),
    "transport": frozenset({"core", "net"}),
    "receiver": frozenset({"core", "net"}),
    "api": frozenset({"core", "net.visible_text", "receiver"}),
    "reports": frozenset({"core", "net.built_once", "net.monotonic", "net.user_file"}),
    "delivery": frozenset({"core", "net", "time", "ledger.protocol", "transport", "receiver"}),
    "sandbox": frozenset(
        {
            "api",
            "core",
            "time",
            "ledger.memory",
            "ledger.protocol",
            "transport.protocol",
            "receiver.inboxes",
            "delivery",
        }
    ),
    "load": frozenset(
        {"version", "core", "net", "schema", "ledger", "time", "transport", "delivery", "sandbox"}
    ),
    "web": frozenset(
        {
            "version",
            "core",
            "schema",
            "net",
            "time",
            "receiver",
            "api",
            "delivery",
            "reports",
            "sandbox",
        }
    ),
    "client": frozenset({"core", "net", "web.shapes", "web.api_shapes", "web.receiver_shapes"}),
    "live": frozenset({"ledger.opening", "time", "delivery", "sandbox", "web"}),
    "config": frozenset({"core", "net.user_file", "schema", "ledger.opening"}),
    "doctor": frozenset({"core", "net", "receiver", "transport", "delivery", "sandbox"}),
    "demo": frozenset({"core", "delivery", "sandbox", "web"}),
    "testing": frozenset(
        {
            "api",
            "core",
            "net",
            "time",
            "transport",
            "receiver",
            "delivery",
            "sandbox",
            "web",
            "client",
            "live",
        }
    ),
    "pytest_plugin": frozenset({"core", "receiver", "testing"}),
    "agents": frozenset({"core", "client", "version", "web.shapes"}),
    "cli": frozenset(
        {
            "agents",
            "live",
            "api.calls",
            "version",
            "core",
            "net.certificates",
            "net.listener",
            "net.masks",
            "net.trust",
            "net.user_file",
            "net.visible_text",
            "time",
            "transport.resolved_host",
            "ledger.opening",
            "ledger.protocol",
            "receiver",
            "delivery",
            "sandbox",
            "load",
            "web",
            "client",
            "config",
            "demo",
            "doctor",
            "reports",
        }
    ),
    "__main__": frozenset({"cli"}),
    # The public names, each imported when it is asked for.
    "__init__": EVERYTHING,
}

#: What is imported by children of a load, and by locustfiles, alone.
LOCUST = (
    "load.locust_master",
    "load.locust_process",
    "load.locust_user",
    "load.locust_worker",
    "load.master_process",
    "load.worker_process",
)

#: Where each package of others may be imported; those who have no business there are
#: spared its cost, and can be tested without it.
HOMES: dict[str, tuple[str, ...]] = {
    "flask": ("web", "cli.serving", "demo"),
    "werkzeug": ("web",),
    "waitress": ("web.server",),
    "sqlalchemy": (),
    "sqlite3": ("ledger.sqlite",),
    "psycopg": ("ledger.postgresql",),
    "mcp": ("agents.server",),
    "pycurl": ("transport.curl",),
    "httptools": ("receiver",),
    "asyncio": ("net.real_time_loop", "receiver", "testing.aio", "transport.application"),
    "click": ("cli",),
    "rich": ("cli",),
    "platformdirs": ("cli", "config", "reports.place"),
    "jinja2": ("load.report",),
    "markupsafe": ("load.report",),
    "msgspec": (
        "receiver",
        "web",
        "client",
        "cli",
        "time",
        "ledger",
        "testing.live",
        "schema",
        "reports",
    ),
    # For the type checker alone: it brings the name itself.
    "typing_extensions": ("transport.protocol",),
    "trustme": ("net.certificates",),
    # What of it may be imported, its own test of layers says.
    "postbacks_entry": ("cli", "doctor"),
    "pytest": ("pytest_plugin",),
    "_pytest": ("pytest_plugin",),
    "hypothesis": (),
    "freezegun": (),
    "time_machine": (),
    "responses": ("testing.interception", "testing.mocked_api", "testing.mocked_partner"),
    "requests": ("testing.interception", "testing.mocked_api", "testing.mocked_partner"),
    "urllib3": ("testing.interception", "testing.told_answers"),
    "simpy": (),
    # Locust replaces sockets and threads as it is imported: only a process of its own does that.
    "locust": LOCUST,
    "gevent": LOCUST,
    "hdrh": ("load.report",),
}

#: What a module's own docstring rules out beyond the table.
MUST_NOT_IMPORT: dict[str, tuple[str, ...]] = {
    "ledger.memory.due_queue": ("mockserver",),
    "ledger.sql.codec": ("mockserver.ledger",),
    "ledger.sql.outcomes": ("mockserver.ledger.sql.database",),
    "ledger.sql.schema": ("mockserver",),
    "receiver.answers": ("socket", "mockserver.receiver"),
    "receiver.accounted": ("socket", "mockserver.receiver.faults"),
    "receiver.journal": ("socket", "mockserver.receiver"),
    "receiver.inboxes": ("socket",),
    "receiver.in_process": ("socket",),
    "transport.routing": ("mockserver.transport.curl",),
    "web.shapes": ("flask", "mockserver.sandbox"),
    "web.receiver_shapes": ("flask", "mockserver.sandbox"),
    "web.encoding": ("flask",),
    "web.facts": ("flask", "mockserver.sandbox"),
    "web.openapi": ("mockserver.sandbox",),
    "web.routes": ("mockserver.sandbox",),
    "web.security": ("mockserver.sandbox",),
    "web.arguments": ("mockserver.sandbox",),
    "web.leanplum": ("mockserver.web.control",),
    "web.server": ("flask", "mockserver.sandbox"),
}

#: Time has one source. Beside it the real present is asked for where there is no sandbox to
#: ask: by a receiver that serves alone, for how long a stopped clock has missed, and in Locust's
#: own statistics, which are kept by the time of day.
MAY_READ_THE_CLOCK = (
    "time.clocks",
    "receiver.journal",
    "time.saved_clock",
    "load.locust_worker",
)

SOURCES = Sources(PACKAGE)
MODULES = SOURCES.modules
tree_of, imports_of, own_imports_of = SOURCES.tree_of, SOURCES.imports_of, SOURCES.own_imports_of
every_module = pytest.mark.parametrize("module", MODULES)


@every_module
def test_imports_point_inwards(module: str) -> None:
    layer = module.split(".")[0]
    assert layer in MAY_IMPORT, f"say in MAY_IMPORT where {layer} belongs"
    allowed = MAY_IMPORT[layer]
    for imported in own_imports_of(module):
        if not is_within(imported, layer) and allowed is not EVERYTHING:
            assert any(is_within(imported, home) for home in allowed), (
                f"{module} imports {imported}; {layer} may import {sorted(allowed)}"
            )


def test_the_table_itself_has_a_direction() -> None:
    """Every row only names rows above it, so no two layers can lean on each other."""
    above: set[str] = {"__init__"}
    for layer, allowed in MAY_IMPORT.items():
        for name in allowed - EVERYTHING:
            assert name.split(".")[0] in above, f"{layer} names {name}, which stands below it"
        above.add(layer)


@every_module
def test_packages_of_others_stay_in_their_homes(module: str) -> None:
    for imported in imports_of(module):
        package = imported.split(".")[0]
        if package in HOMES:
            assert any(is_within(module, home) for home in HOMES[package]), (
                f"{module} imports {imported}; its homes are {HOMES[package]}"
            )
        else:
            assert package == "mockserver" or package in sys.stdlib_module_names, (
                f"say in HOMES where {package} may be imported"
            )


@pytest.mark.parametrize("module", MUST_NOT_IMPORT)
def test_a_module_keeps_to_its_own_docstring(module: str) -> None:
    for inner in (name for name in MODULES if is_within(name, module)):
        for imported in imports_of(inner):
            for forbidden in MUST_NOT_IMPORT[module]:
                assert not is_within(imported, forbidden), f"{inner} imports {imported}"


@every_module
def test_a_kind_of_store_is_named_in_its_own_package_only(module: str) -> None:
    """So that another one is a package of its own, and a row in `ledger.opening`."""
    named = {"SqlLedger", "SqliteDatabase", "open_sqlite"} & {
        node.id for node in ast.walk(tree_of(module)) if isinstance(node, ast.Name)
    }
    if not is_within(module, "ledger"):
        assert not named
    if is_within(module, "ledger.sql"):
        assert not [name for name in imports_of(module) if "sqlite" in name]
        assert not [
            name for name in imports_of(module) if is_within(name, "mockserver.ledger.memory")
        ]


@pytest.mark.parametrize("module", [name for name in MODULES if is_within(name, "core")])
def test_the_core_is_pure(module: str) -> None:
    for imported in imports_of(module):
        package = imported.split(".")[0]
        assert package == "mockserver" or package in sys.stdlib_module_names
        assert package not in {"time", "socket", "threading", "asyncio", "os", "random", "io"}
        assert package not in {"sqlite3", "http", "logging", "subprocess", "pathlib", "uuid"}


@pytest.mark.parametrize("module", [name for name in MODULES if is_within(name, "receiver.faults")])
def test_a_fault_describes_and_does_nothing_itself(module: str) -> None:
    for imported in own_imports_of(module):
        homes = ("core", "net.raw_client", "receiver.answers", "receiver.faults")
        package = imported == "receiver" and module == "receiver.faults.registry"
        assert package or any(is_within(imported, home) for home in homes), imported
    assert not imports_of(module) & {"asyncio", "httptools", "socket", "ssl", "threading", "time"}


@every_module
def test_the_time_is_read_in_one_place(module: str) -> None:
    reads = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today", "time", "time_ns"}
        and ast.unparse(node.value) in {"datetime", "date", "datetime.datetime", "time"}
    ]
    assert not reads or module in MAY_READ_THE_CLOCK, f"{module} reads the time: {reads}"


@every_module
def test_every_module_opens_with_what_it_does(module: str) -> None:
    SOURCES.check_docstring(module)


def test_the_package_names_its_modules_in_reading_order() -> None:
    """Listings are alphabetical; the docstring of the package is where to begin."""
    docstring = ast.get_docstring(tree_of("__init__"))
    assert docstring
    named = set(re.findall(r"`([a-z_]+)`", docstring))
    top = {name.split(".")[0] for name in MODULES} - {"__init__", "__main__"}
    core = {name.removeprefix("core.") for name in MODULES if name.startswith("core.")}
    assert (top | core) - named == set(), "these are not named"
    assert named - top - core == set(), "these do not exist"


@every_module
def test_modules_are_short_enough_to_be_read(module: str) -> None:
    SOURCES.check_length(module)
