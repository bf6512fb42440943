"""The tests stand where what they test stands, so that either is found from the other.

`mockserver/time/advance.py` is tested in `tests/time/test_advance.py`, and maybe in more files that
begin so (`test_advance_frozen.py`); `contracts/suite/run.py` is in
`tests/contracts/suite/test_run.py`. What does not fit is named here with its reason.
"""

from __future__ import annotations

import ast
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent

#: Folders whose modules are each tried by one test, and by which.
TRIED_TOGETHER = {
    # The kill matrix tries every case against every deviant that it has to catch.
    "contracts/conformance/cases": "contracts/proof/test_matrix.py",
    "contracts/conformance/deviants": "contracts/proof/test_matrix.py",
    "contracts/verify/cases": "contracts/verify/endpoints/test_caught.py",
    "contracts/verify/endpoints": "contracts/verify/endpoints/test_caught.py",
    # A fault is found in its folder, and tried without a word here.
    "mockserver/receiver/faults": "receiver/faults/test_every_fault.py",
    # What a store promises, it promises as a whole; each kind of store has the same tests.
    "mockserver/ledger/memory": "ledger/test_behaviour.py",
    "mockserver/ledger/sql": "ledger/test_behaviour.py",
    "mockserver/ledger/sqlite": "ledger/test_behaviour.py",
}

#: Modules that are tested elsewhere: where, and why.
TESTED_ELSEWHERE = {
    "contracts/cli/github.py": ("contracts/cli/test_runs.py", "what --github writes"),
    "contracts/cli/texts.py": ("contracts/cli/test_runs.py", "read in what commands print"),
    "contracts/cli/verify_choices.py": ("contracts/cli/test_verify.py", "options of that command"),
    "contracts/cli/verify_headers.py": (
        "contracts/cli/test_verify.py",
        "an option of that command",
    ),
    "contracts/cli/verify_runs.py": ("contracts/cli/test_verify.py", "how that command runs"),
    "contracts/conformance/subject.py": ("contracts/conformance/test_real.py", "a base class"),
    "contracts/flaky_transport.py": ("contracts/test_partner_machine.py", "its only use"),
    "contracts/stored_once.py": ("contracts/test_partner_machine.py", "judges for it"),
    "contracts/test_contract.py": ("contracts/suite/test_generated.py", "it is a test itself"),
    "contracts/verify/expectations.py": ("contracts/verify/test_target.py", "a base class"),
    "contracts/verify/sent.py": ("contracts/verify/test_reckoning.py", "what is compared there"),
    "contracts/verify/subject.py": ("contracts/cli/test_verify.py", "its parts, put together"),
    "mockserver/agents/explaining.py": ("agents/test_server.py", "a tool of an agent"),
    "mockserver/agents/pages.py": ("agents/test_server.py", "a tool of an agent"),
    "mockserver/agents/suite_command.py": ("agents/test_server.py", "what two tools run"),
    "mockserver/agents/tools.py": ("agents/test_server.py", "the tools of an agent"),
    "mockserver/agents/verifying.py": ("agents/test_server.py", "a tool of an agent"),
    "mockserver/cli/completing.py": (
        "cli/commands/test_completion.py",
        "what it prints and writes",
    ),
    "mockserver/cli/linting.py": ("cli/commands/test_lint.py", "what that command says"),
    "mockserver/delivery/beside.py": ("test_sandbox.py", "what it starts and stops"),
    "mockserver/ledger/postgresql/connecting.py": (
        "ledger/postgresql/test_store.py",
        "what opening says",
    ),
    "mockserver/ledger/postgresql/database.py": (
        "ledger/postgresql/test_store.py",
        "what the ledger in it promises; also in the tests of all stores",
    ),
    "mockserver/ledger/postgresql/ownership.py": (
        "ledger/postgresql/test_store.py",
        "who may open a ledger",
    ),
    "mockserver/cli/advancing.py": ("cli/commands/test_advance_waiting.py", "its use"),
    "mockserver/cli/browser.py": ("cli/commands/test_open.py", "its use"),
    "mockserver/cli/answers.py": ("cli/commands/test_deliveries_listing.py", "its use"),
    "mockserver/cli/server_info.py": ("cli/commands/test_serve.py", "what that command says"),
    "mockserver/cli/serving.py": ("cli/commands/test_serve.py", "what that command does"),
    "mockserver/cli/session.py": ("cli/test_root.py", "options of all commands"),
    "mockserver/cli/storage.py": ("cli/commands/test_serve.py", "where that command stores"),
    "mockserver/core/finding.py": ("ledger/test_finding.py", "every store finds the same"),
    "mockserver/delivery/advances.py": ("delivery/test_cancelling.py", "tells of an advance"),
    "mockserver/delivery/collected.py": ("delivery/test_made_attempts.py", "who collects them"),
    "mockserver/delivery/sandbox_time.py": ("test_sandbox.py", "a part of `Sandbox`"),
    "mockserver/ledger/protocol.py": ("ledger/test_behaviour.py", "every store is held to it"),
    "mockserver/cli/load_choices.py": ("cli/commands/test_load.py", "options of that command"),
    "mockserver/cli/load_runs.py": ("cli/commands/test_load.py", "how that command runs"),
    "mockserver/cli/load_text.py": ("cli/commands/test_load.py", "what that command prints"),
    "mockserver/cli/load_shapes.py": ("cli/commands/test_plan.py", "options of that command"),
    "mockserver/load/child.py": ("load/test_crew.py", "a process, started there"),
    "mockserver/load/journeys.py": ("load/test_campaign.py", "what is dealt there"),
    "mockserver/load/locust_master.py": ("load/test_crew.py", "in a process of its own"),
    "mockserver/load/locust_process.py": ("load/test_crew.py", "in a process of its own"),
    "mockserver/load/locust_worker.py": ("load/test_crew.py", "in a process of its own"),
    "mockserver/load/master_process.py": ("load/test_crew.py", "a process, started there"),
    "mockserver/load/worker_process.py": ("load/test_crew.py", "a process, started there"),
    "mockserver/receiver/turns.py": ("receiver/test_connection.py", "seen in pipelines"),
    "mockserver/testing/evidence.py": ("testing/test_assertions.py", "what assertions are given"),
    "mockserver/testing/interception/connections.py": (
        "testing/interception/test_clients.py",
        "every client connects",
    ),
    "mockserver/testing/interception/event_loops.py": (
        "testing/interception/test_clients.py",
        "uvloop runs the clients",
    ),
    "mockserver/testing/interception/handshakes.py": (
        "testing/interception/test_clients.py",
        "every client shakes hands",
    ),
    "mockserver/testing/interception/names.py": (
        "testing/interception/test_clients.py",
        "every client looks names up",
    ),
    "mockserver/testing/interception/resolvers.py": (
        "testing/interception/test_clients.py",
        "aiohttp is one of the clients",
    ),
    "mockserver/testing/interception/strict.py": (
        "testing/interception/test_clients.py",
        "every client is refused",
    ),
    "mockserver/testing/interception/refusal.py": (
        "testing/interception/test_clients.py",
        "every client is refused",
    ),
    "mockserver/testing/interception/active.py": (
        "testing/interception/test_interception.py",
        "whose call it is",
    ),
    "mockserver/testing/interception/imports.py": (
        "testing/interception/test_interception.py",
        "clients that come later",
    ),
    "mockserver/testing/interception/patches.py": (
        "testing/interception/test_interception.py",
        "what it puts in",
    ),
    "mockserver/testing/interception/proxied.py": (
        "testing/interception/test_interception.py",
        "what it changes",
    ),
    "mockserver/testing/interception/mocks.py": (
        "testing/interception/test_sessions_mocks.py",
        "mocks beside sessions",
    ),
    "mockserver/time/cancelling.py": ("delivery/test_cancelling.py", "ends an advance"),
    "mockserver/transport/application/asgi_guest.py": ("testing/test_aio.py", "its use"),
    "mockserver/transport/application/asgi_lifespan.py": (
        "transport/application/test_asgi.py",
        "a part of the protocol",
    ),
    "mockserver/transport/application/asgi_messages.py": (
        "transport/application/test_asgi.py",
        "a part of the protocol",
    ),
    "mockserver/transport/protocol.py": ("delivery/test_senders.py", "ends an exchange of theirs"),
    "mockserver/web/app_ids.py": (
        "testing/interception/test_interception.py",
        "finds whose call it is",
    ),
    "mockserver/web/server/either_channel.py": (
        "testing/interception/test_server.py",
        "its only use",
    ),
    "mockserver/web/app.py": ("web/test_security.py", "puts the parts together"),
    "mockserver/web/arguments.py": ("web/test_leanplum.py", "what that API is given"),
    "mockserver/web/server/departure.py": ("web/control/test_clock_advancing.py", "its use"),
    "mockserver/web/under_way.py": ("web/control/test_clock_advancing.py", "its use"),
    "mockserver/web/encoding.py": ("web/control/test_deliveries.py", "what that API answers"),
}

#: Folders of tests that mirror nothing.
NO_MIRRORS = {
    "benchmarks": "not a package that is shipped",
    "ci_templates": "what build servers run",
    "examples": "what a user would write",
    "properties": "laws over several modules, for any value",
}

#: Tests of more than one module, and of what.
TESTS_OF_MORE = {
    "cli/test_any_argument.py": "every command, for any argument",
    "contracts/conformance/test_equivalence.py": "one table of verdicts at every place",
    "contracts/test_layers.py": "all imports of `contracts`",
    "contracts/verify/endpoints/test_caught.py": "every endpoint against every case",
    "crash/test_crash.py": "`serve`, whatever is taken away from it",
    "delivery/test_cancelling.py": "whoever cancels an advance",
    "delivery/test_exact_advance.py": "an advance beside what hangs",
    "delivery/test_loops.py": "every way from a postback to another",
    "fuzz/test_fuzz.py": "both servers, for any bytes",
    "testing/interception/test_clients.py": "every client, through all of the interception",
    "mutation_contract/test_mutation_contract.py": "the driver beside it",
    "ledger/test_attempts.py": "what every store promises",
    "ledger/test_behaviour.py": "what every store promises",
    "ledger/test_concurrency.py": "what every store promises",
    "ledger/test_crash.py": "what every store promises",
    "ledger/test_finding.py": "what every store promises",
    "ledger/test_forgetting.py": "what every store promises",
    "ledger/test_machine.py": "what every store promises",
    "postbacks/test_names.py": "the names that both modules offer",
    "postbacks_entry/test_layers.py": "all imports of `postbacks_entry`",
    "receiver/faults/test_every_fault.py": "every fault on every receiver",
    "receiver/test_any_bytes.py": "the receiver, for any bytes",
    "receiver/test_limit.py": "the limit of the other tests there",
    "receiver/test_over_tls.py": "the other tests there, again",
    "receiver/test_surplus_bytes.py": "the receiver and its parser, whatever follows a request",
    "testing/test_types.py": "every type that a test meets",
    "test_circles.py": "all imports",
    "test_docs.py": "the documentation",
    "test_docstrings.py": "all docstrings",
    "test_examples.py": "the examples",
    "test_import_paths.py": "what the documentation imports",
    "test_load_page.py": "the documentation",
    "test_layers.py": "all imports of `mockserver`",
    "test_mirror.py": "where tests stand",
    "test_readme.py": "the documentation",
    "test_testing_page.py": "the documentation",
    "test_tutorial.py": "the documentation",
    "test_verify_page.py": "the documentation",
    "time/test_end_of_calendar.py": "clocks, apps and advances at the end of the calendar",
    "web/server/test_waiting_calls.py": "calls beside others that wait",
    "web/page/test_axe.py": "every view of the page, through axe",
    "web/page/test_forward.py": "what an inbox forwards, in a real browser",
    "web/page/test_scenario.py": "scenarios, in a real browser",
    "web/page/test_browser.py": "the page as a whole, in a browser",
    "web/page/test_keys.py": "the page as a whole, by keys",
    "web/page/test_newcomer.py": "the page as a whole, for who sees it first",
    "web/page/test_tabs.py": "the page in several tabs",
    "web/page/test_types.py": "all scripts of the page, through tsc",
    "web/page/test_verify_view.py": "runs and reports on the page",
    "web/test_bounded_memory.py": "what clients have the sandbox keep, in bytes",
    "web/test_clients.py": "the API, through clients of others",
    "web/test_foreign_pages.py": "the API, through a browser",
    "web/test_odd_values.py": "every operation of both APIs, for odd values",
}


def mirrored(module: str) -> str:
    """Return the path of a module's test below `tests/`."""
    path = PurePosixPath(module.removeprefix("mockserver/"))
    name = path.parent.name if path.name == "__init__.py" else path.stem
    folder = path.parent.parent if path.name == "__init__.py" else path.parent
    return str(folder / f"test_{name}.py")


def has_code(module: str) -> bool:
    """Return whether anything in a module is done, and not only named or described."""
    tree = ast.parse((ROOT / module).read_text())
    for protocol in ast.walk(tree):
        if isinstance(protocol, ast.ClassDef) and _is_protocol(protocol):
            protocol.body = []
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))


def _is_protocol(node: ast.ClassDef) -> bool:
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in bases)


def below(*folders: str) -> list[str]:
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


MODULES = below("mockserver", "contracts", "postbacks", "postbacks_entry")
TESTS = [
    path.removeprefix("tests/")
    for path in below("tests")
    if PurePosixPath(path).name.startswith("test_") and path.split("/")[1] not in NO_MIRRORS
]


def stands_for(test: str, module: str) -> bool:
    """Return whether a test stands where that of `module` belongs."""
    expected = mirrored(module)
    # What begins with the name of a package may as well be about something else.
    is_package = PurePosixPath(module).name == "__init__.py"
    return test == expected or (not is_package and test.startswith(f"{expected[:-3]}_"))


def has_test(module: str) -> bool:
    others = {mirrored(other) for other in MODULES if other != module}
    return any(stands_for(test, module) and test not in others for test in TESTS)


def names_a_module(test: str) -> bool:
    return any(stands_for(test, module) for module in MODULES)


def is_tried_with_others(module: str) -> bool:
    return any(module.startswith(f"{folder}/") for folder in TRIED_TOGETHER)


NEED_TESTS = [
    module
    for module in MODULES
    if PurePosixPath(module).name != "__init__.py"
    and has_code(module)
    and not is_tried_with_others(module)
]


@pytest.mark.parametrize("module", NEED_TESTS)
def test_every_module_has_its_test(module: str) -> None:
    if module in TESTED_ELSEWHERE:
        assert not has_test(module), f"{module} has a test: it need not be in TESTED_ELSEWHERE"
    else:
        assert has_test(module), f"{module} has no test: write tests/{mirrored(module)}"


@pytest.mark.parametrize("test", TESTS)
def test_every_test_says_by_its_place_what_it_tests(test: str) -> None:
    if test in TESTS_OF_MORE:
        assert not names_a_module(test), f"{test} names a module: it need not be in TESTS_OF_MORE"
    else:
        assert names_a_module(test), (
            f"tests/{test} names no module: rename it, or say in TESTS_OF_MORE what it tests"
        )


def test_no_exception_is_of_what_is_not_there() -> None:
    assert set(TESTED_ELSEWHERE) <= set(NEED_TESTS)
    assert set(TESTS_OF_MORE) <= set(TESTS)
    assert {test for test, _ in TESTED_ELSEWHERE.values()} <= set(TESTS)
    assert set(TRIED_TOGETHER.values()) <= set(TESTS)
    for folder in [*TRIED_TOGETHER, *(f"tests/{name}" for name in NO_MIRRORS)]:
        assert (ROOT / folder).is_dir(), folder


@pytest.mark.parametrize(
    ("module", "test"),
    [
        ("mockserver/time/advance.py", "time/test_advance.py"),
        ("mockserver/sandbox.py", "test_sandbox.py"),
        ("mockserver/web/control/__init__.py", "web/test_control.py"),
        ("contracts/suite/run.py", "contracts/suite/test_run.py"),
    ],
)
def test_where_the_test_of_a_module_stands(module: str, test: str) -> None:
    assert mirrored(module) == test
