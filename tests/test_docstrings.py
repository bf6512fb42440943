"""Every public method says what it does, in its own class or in one that the class inherits.

What a protocol or a base class of the project promises is written there, once. A class that keeps
the promise inherits it, so that `help()` and editors show the promise there as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import benchmarks
import contracts
import mockserver
from tests.sources import Sources


def sources_of(package: ModuleType) -> Sources:
    return Sources(Path(package.__file__ or "").parent)


Classes = dict[str, list[ast.ClassDef]]
Method = ast.FunctionDef | ast.AsyncFunctionDef


def classes_in(tree: ast.AST) -> Iterator[ast.ClassDef]:
    """Yield the classes that can be imported: those in functions are nobody else's."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield node
        if not isinstance(node, Method):
            yield from classes_in(node)


def undocumented_in(tree: ast.AST, classes: Classes) -> list[str]:
    """Return the public methods without a docstring, of their own or inherited.

    Args:
        tree: Where to look.
        classes: The classes that can be inherited from, by name; a name may have several.
    """
    return [
        f"{found.name}.{method.name}"
        for found in classes_in(tree)
        if not found.name.startswith("_")
        for method in methods_of(found)
        if not method.name.startswith("_") and not is_setter(method)
        if not is_documented(found, method.name, classes)
    ]


def methods_of(found: ast.ClassDef) -> list[Method]:
    return [node for node in found.body if isinstance(node, Method)]


def is_setter(method: Method) -> bool:
    return any(ast.unparse(each).endswith(".setter") for each in method.decorator_list)


def is_documented(found: ast.ClassDef, name: str, classes: Classes) -> bool:
    own = (method for method in methods_of(found) if method.name == name)
    if any(ast.get_docstring(method) for method in own):
        return True
    bases = (ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in found.bases)
    inherited = [each for base in bases for each in classes.get(base, [])]
    return any(is_documented(each, name, classes) for each in inherited if each is not found)


PACKAGES = [sources_of(package) for package in (mockserver, contracts, benchmarks)]
CLASSES: Classes = {}
for _sources in PACKAGES:
    for _module in _sources.modules:
        for _found in classes_in(_sources.tree_of(_module)):
            CLASSES.setdefault(_found.name, []).append(_found)


@pytest.mark.parametrize("sources", PACKAGES, ids=lambda sources: sources.package.name)
def test_every_public_method_says_what_it_does(sources: Sources) -> None:
    missing = {
        module: found
        for module in sources.modules
        if (found := undocumented_in(sources.tree_of(module), CLASSES))
    }
    assert not missing, "give them a docstring, or inherit the protocol that has one"


PROMISE = 'class Promise(Protocol):\n    def keep(self) -> None:\n        """Keep it."""\n'
KEPT = "class Kept(Promise):\n    def keep(self) -> None: ...\n"


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        (PROMISE, []),
        (PROMISE + KEPT, []),
        (PROMISE + KEPT.replace("Promise", "promises.Promise[int]"), []),
        (PROMISE + KEPT + KEPT.replace("Kept(Promise)", "Further(Kept)"), []),
        (PROMISE + KEPT.replace("(Promise)", ""), ["Kept.keep"]),
        (PROMISE + KEPT.replace("keep", "more"), ["Kept.more"]),
        (PROMISE.replace('"""Keep it."""', "..."), ["Promise.keep"]),
        (PROMISE.replace('"""Keep it."""', "...") + KEPT, ["Promise.keep", "Kept.keep"]),
        (KEPT.replace("Kept", "_Kept"), []),
        (KEPT.replace("keep", "_keep"), []),
        ("class Kept(Kept):\n    def keep(self) -> None: ...\n", ["Kept.keep"]),
        ("def f():\n    class Kept:\n        def keep(self) -> None: ...\n", []),
        ("if True:\n    class Kept:\n        def keep(self) -> None: ...\n", ["Kept.keep"]),
        ("class Kept:\n    async def keep(self) -> None: ...\n", ["Kept.keep"]),
    ],
)
def test_what_counts_as_said(code: str, missing: list[str]) -> None:
    tree = ast.parse(code)
    classes: Classes = {}
    for found in classes_in(tree):
        classes.setdefault(found.name, []).append(found)
    assert undocumented_in(tree, classes) == missing
