"""No two modules and no two folders import each other, directly or around a corner.

Imports for type checkers only count as well: whoever reads one module has to read the other.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import contracts
import mockserver
from tests.sources import Sources, is_within

BOTH = [Sources(Path(package.__file__ or "").parent) for package in (mockserver, contracts)]
FOLDERS = [
    (sources, folder)
    for sources in BOTH
    for folder in ["", *sorted({name.rpartition(".")[0] for name in sources.modules} - {""})]
]
Graph = dict[str, set[str]]


def circle_in(graph: Graph) -> str:
    """Return the members of a circle as text, empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(reversed(error.args[1]))
    return ""


def graph_within(sources: Sources, folder: str) -> Graph:
    """Return which modules and folders right below `folder` import which others of them."""
    prefix = f"{folder}." if folder else ""

    def child(module: str) -> str:
        return module.removeprefix(prefix).split(".")[0]

    graph: Graph = {}
    for module in sources.modules:
        # What a folder's `__init__` offers is not one of its rooms.
        if module.startswith(prefix) and module != "__init__":
            imported = {name for name in sources.own_imports_of(module) if name.startswith(prefix)}
            graph.setdefault(child(module), set()).update(map(child, imported - {"__init__"}))
    return {name: others - {name} for name, others in graph.items()}


@pytest.mark.parametrize("sources", BOTH, ids=lambda sources: sources.package.name)
def test_no_modules_import_each_other_in_a_circle(sources: Sources) -> None:
    graph = {name: sources.own_imports_of(name) - {name} for name in sources.modules}
    assert circle_in(graph) == ""


@pytest.mark.parametrize(
    ("sources", "folder"), FOLDERS, ids=[f"{s.package.name}.{f}".strip(".") for s, f in FOLDERS]
)
def test_no_folders_import_each_other_in_a_circle(sources: Sources, folder: str) -> None:
    assert circle_in(graph_within(sources, folder)) == ""


@pytest.mark.parametrize(
    ("graph", "circle"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, False),
        ({"a": {"b"}, "b": {"a"}}, True),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, True),
    ],
)
def test_a_circle_is_seen(graph: Graph, circle: bool) -> None:
    assert bool(circle_in(graph)) is circle


def test_the_fake_never_imports_the_suite() -> None:
    for module in BOTH[0].modules:
        for imported in BOTH[0].imports_of(module):
            assert not is_within(imported, "contracts"), f"{module} imports {imported}"
