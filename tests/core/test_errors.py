"""The tree of errors: codes that can be told apart, statuses that say whose mistake it was."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import mockserver
from mockserver.core import errors
from mockserver.core.errors import PostbacksError

EVERY_ERROR = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, PostbacksError)
]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in EVERY_ERROR]
    assert len(set(codes)) == len(codes)
    for kind in EVERY_ERROR:
        assert "code" in vars(kind), f"{kind.__name__} inherits its code"


@pytest.mark.parametrize("kind", EVERY_ERROR)
def test_a_code_is_the_name_of_its_error_with_dashes(kind: type[PostbacksError]) -> None:
    if kind is not PostbacksError:
        assert kind.code == re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


@pytest.mark.parametrize("kind", EVERY_ERROR)
def test_a_status_says_whose_mistake_it_was(kind: type[PostbacksError]) -> None:
    expected = {"Invalid": 400, "Unknown": 404, "Clock": 400}
    for beginning, status in expected.items():
        if kind.__name__.startswith(beginning):
            assert kind.http_status == status
    assert kind.http_status in (400, 404, 409, 502, 503)


@pytest.mark.parametrize("kind", EVERY_ERROR)
def test_every_error_says_when_it_is_raised(kind: type[PostbacksError]) -> None:
    assert kind.__doc__
    assert str(kind("one clear line")) == "one clear line"


def test_errors_of_other_modules_have_codes_of_their_own_as_well() -> None:
    """A few layers add an error that only they raise; its code must not be taken."""
    names = {kind.__name__ for kind in EVERY_ERROR}
    codes = {kind.code: "core.errors" for kind in EVERY_ERROR}
    package = Path(mockserver.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if path == Path(errors.__file__) or not isinstance(node, ast.ClassDef):
                continue
            if {ast.unparse(base).rpartition(".")[2] for base in node.bases} & names:
                code = own_code(node)
                where = f"{path.relative_to(package)}: {node.name}"
                assert code, f"{where} has no code of its own"
                assert code not in codes, f"{where} has the code of {codes[code]}"
                codes[code] = where


def own_code(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "code":
            code = ast.literal_eval(statement.value)
            assert isinstance(code, str)
            return code
    return None


def test_what_a_command_that_meets_an_error_ends_with() -> None:
    codes = {kind.__name__: kind.exit_code for kind in EVERY_ERROR if kind.exit_code != 1}
    assert codes == {"InvalidConfig": 2, "InvalidScenario": 2, "ServerUnreachable": 3}
    assert PostbacksError.exit_code == 1


def test_statuses_that_are_no_mistake_of_the_one_who_asks() -> None:
    statuses = {kind.__name__: kind.http_status for kind in EVERY_ERROR if kind.http_status >= 500}
    assert statuses == {"AddressUnavailable": 503, "LedgerUnusable": 503, "ServerUnreachable": 502}
