"""`docs/testing.md` names all there is, nothing that is not, and its examples run."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import pytest_plugin
from mockserver.receiver.inboxes import Inbox
from mockserver.testing import Leanplum, Partner, marker
from mockserver.testing.leanplum import LeanplumClock
from mockserver.testing.live import LiveInbox, LiveLeanplum
from mockserver.testing.matching import FIELDS
from mockserver.testing.problems import ALLOWED
from tests.tutorial import run_pytest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "testing.md"
TEXT = PAGE.read_text(encoding="utf-8")
#: The left cell of every row of every table.
CELLS = re.findall(r"^\| `(.+?)` \|", TEXT, re.MULTILINE)
#: Objects by the name they have in the page.
OBJECTS = {
    "leanplum": Leanplum,
    "partner": Partner,
    "inbox": Inbox,
    "leanplum_live": LiveLeanplum,
    "live_inbox": LiveInbox,
    "leanplum_clock": LeanplumClock,
}
CONFTEST = """\
import pytest


@pytest.fixture
def shop():
    def application(environ, start_response):
        start_response("204 No Content", [])
        return []

    return application
"""


def public_names(kind: type) -> set[str]:
    """Return the methods and properties of a class, and what its constructor sets."""
    names = {name for name in dir(kind) if not name.startswith("_")}
    for owner in kind.__mro__[:-1]:
        names |= set(re.findall(r"self\.([a-z]\w*)(?:: [^=]+)? = ", inspect.getsource(owner)))
    return names


def shown_names(name: str) -> set[str]:
    """Return what the tables say that an object has."""
    return {match[1] for cell in CELLS if (match := re.match(rf"{name}\.(\w+)", cell))}


def calls() -> Iterator[tuple[str, str]]:
    for cell in CELLS:
        match = re.match(r"(\w+)\.\w+\(", cell)
        if match and match[1] in OBJECTS:
            yield match[1], cell


@pytest.mark.parametrize("name", OBJECTS)
def test_everything_public_is_shown_and_nothing_else(name: str) -> None:
    assert shown_names(name) == public_names(OBJECTS[name])


@pytest.mark.parametrize(("name", "cell"), list(calls()))
def test_every_call_that_is_shown_can_be_made_so(name: str, cell: str) -> None:
    call = ast.parse(cell, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    # The clock has the methods of `Leanplum` itself.
    kind: Any = Leanplum if name == "leanplum_clock" else OBJECTS[name]
    method = getattr(kind, call.func.attr)
    arguments = {keyword.arg: None for keyword in call.keywords if keyword.arg}
    inspect.signature(method).bind(None, *call.args, **arguments)


def test_every_fixture_is_shown() -> None:
    source = Path(pytest_plugin.__file__).read_text(encoding="utf-8")
    fixtures = set(re.findall(r"@pytest\.fixture(?:\(.*?\))?\n *def (\w+)\(", source))
    assert len(fixtures) >= 6
    section = TEXT.partition("## Fixtures")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == fixtures


def test_every_option_is_shown() -> None:
    source = Path(pytest_plugin.__file__).read_text(encoding="utf-8")
    options = set(re.findall(r'addoption\(\s*"(--[\w-]+)"', source))
    assert options == {cell.split()[0] for cell in CELLS if cell.startswith("--")}


def test_every_argument_of_the_marker_is_shown() -> None:
    section = TEXT.partition("## The marker")[2].partition("\n## ")[0]
    shown = re.findall(r"^\| `(\w+)=(.+?)` \|", section, re.MULTILINE)
    assert {name for name, _ in shown} == set(marker._KEYS)
    assert all(ast.literal_eval(value) for _, value in shown)
    declared = set(re.findall(r"(\w+)=", pytest_plugin._MARKER.partition("):")[0]))
    assert declared == set(marker._KEYS)


def test_everything_that_can_be_allowed_is_shown() -> None:
    shown = {cell.strip('"') for cell in CELLS if cell.startswith('"')}
    assert shown == set(ALLOWED)


def test_every_field_of_a_delivery_is_shown() -> None:
    section = TEXT.partition("## Assertions")[2].partition("\n## ")[0]
    assert [field for field in FIELDS if f"`{field}`" not in section] == []


def test_every_field_of_an_event_is_shown() -> None:
    from mockserver.core.events import AB_TEST_FIELDS, MESSAGE_FIELDS

    section = TEXT.partition("### Rules and events")[2].partition("\n### ")[0]
    fields = {*AB_TEST_FIELDS, *MESSAGE_FIELDS, "triggered_at"}
    assert [field for field in fields if f"`{field}`" not in section] == []


def test_every_argument_of_leanplum_is_shown() -> None:
    section = TEXT.partition("## Without pytest")[2].partition("\n## ")[0]
    own = set(inspect.signature(Leanplum).parameters) - set(marker._KEYS)
    assert [name for name in own if f"`{name}" not in section] == []


def snippets_in(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def over_https() -> str:
    return TEXT.partition("### Over https")[2].partition("\n## ")[0]


def test_its_example_over_https_runs(tmp_path: Path) -> None:
    conftest, test = snippets_in(over_https())
    (tmp_path / "conftest.py").write_text(conftest, encoding="utf-8")
    (tmp_path / "test_over_https.py").write_text(test, encoding="utf-8")
    ended = run_pytest(tmp_path, "-W", "error")
    assert ended.status == pytest.ExitCode.OK, ended.output
    assert "1 passed" in ended.output


def test_its_examples_run(tmp_path: Path) -> None:
    # One server is shared by a session, so what is https is run by itself.
    snippets = snippets_in(TEXT.replace(over_https(), ""))
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    for number, snippet in enumerate(snippets, start=1):
        (tmp_path / f"test_{number:02d}.py").write_text(snippet, encoding="utf-8")
    ended = run_pytest(tmp_path, "-W", "error", "--strict-markers")
    assert ended.status == pytest.ExitCode.OK, ended.output
    assert f"{len(snippets)} passed" in ended.output
