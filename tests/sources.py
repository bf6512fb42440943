"""What the tests of structure read from source files.

The tables that say what is allowed stand with the tests; here is how a source is looked at.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


def is_within(name: str, home: str) -> bool:
    return name == home or name.startswith(f"{home}.")


@dataclass
class Sources:
    """The modules of one package, by their dotted names without the package's."""

    package: Path
    _trees: dict[str, ast.Module] = field(default_factory=dict)
    _imports: dict[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def modules(self) -> dict[str, Path]:
        return {self._name_of(path): path for path in sorted(self.package.rglob("*.py"))}

    def tree_of(self, module: str) -> ast.Module:
        if module not in self._trees:
            self._trees[module] = ast.parse(self.modules[module].read_text())
        return self._trees[module]

    def imports_of(self, module: str) -> frozenset[str]:
        """Return everything a module imports, at any depth, by its full name."""
        if module not in self._imports:
            self._imports[module] = self._find_imports(module)
        return self._imports[module]

    def own_imports_of(self, module: str) -> set[str]:
        """Return what a module imports of this package, without the package's name."""
        name = self.package.name
        own = {item for item in self.imports_of(module) if item.split(".")[0] == name}
        return {item.removeprefix(name).lstrip(".") or "__init__" for item in own}

    def check_docstring(self, module: str) -> None:
        """A module opens with one sentence that begins with a verb: what it does for whom."""
        docstring = ast.get_docstring(self.tree_of(module))
        assert docstring, f"{module} has no docstring"
        opening = " ".join(docstring.split("\n\n")[0].split())
        assert opening.endswith("."), f"{module} opens with a sentence: {opening!r}"
        assert not re.search(r"[.!?] [A-Z]", opening), f"{module} opens with one: {opening!r}"
        first = opening.split()[0]
        assert re.fullmatch(r"[A-Z][a-z]+s", first), f"{module} opens with a verb: {first!r}"

    def check_length(self, module: str) -> None:
        lines = len(self.modules[module].read_text().splitlines())
        assert lines <= 400, f"{module} has {lines} lines; split it"

    def _name_of(self, path: Path) -> str:
        parts = path.relative_to(self.package).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

    def _find_imports(self, module: str) -> frozenset[str]:
        package = self.package.name
        found: set[str] = set()
        for node in ast.walk(self.tree_of(module)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module}: imports are written out"
                assert node.module is not None
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                own = {name for name in names if name.removeprefix(f"{package}.") in self.modules}
                found |= own or {node.module}
        return frozenset(found - {"__future__"})
