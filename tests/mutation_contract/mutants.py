"""Finds the places of a source file where a mutant differs from it, and writes the mutant.

Why not cosmic-ray or mutmut: both change the files that `contracts run` itself imports, so that
the judge would be changed together with what is judged. cosmic-ray leaves texts alone, which are
most of what a partner sees, and starts a whole run for every mutant; mutmut has pytest judge.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: The folders whose mutants are judged, and what belongs to each.
FOLDERS = {
    "core": ("mockserver/core/*.py",),
    "delivery": ("mockserver/delivery/*.py",),
    "web/leanplum": (
        "mockserver/web/leanplum*.py",
        "mockserver/web/arguments.py",
        "mockserver/web/query.py",
    ),
}

_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.LShift: ("<<", ">>"),
    ast.BitAnd: ("&", "|"),
    ast.Pow: ("**", "*"),
}
_OTHER_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_TIDYING = ("lower", "upper", "casefold", "strip", "lstrip", "rstrip")
#: Names whose text nobody reads but Python.
_UNREAD = ("__slots__", "__all__")
_BUILT_IN_TYPES = (
    *("bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"),
    "timedelta",
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file.

    Attributes:
        path: The file, below the root of the project.
        line: Where the statement begins that is changed.
        last_line: Where it ends; of one that holds others, where its head ends.
        start: The first byte that is replaced.
        end: The first byte after it.
        text: What stands there instead.
        key: What names it, also when something else in the file has changed.
    """

    path: str
    line: int
    last_line: int
    start: int
    end: int
    text: str
    key: str = ""

    def source(self, source: bytes) -> bytes:
        """Return the changed source."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def lines(self, source: bytes) -> tuple[str, str]:
        """Return the lines that are changed, before and after."""
        begin = source.rfind(b"\n", 0, self.start) + 1
        end = source.find(b"\n", self.end)
        end = len(source) if end < 0 else end
        after = source[begin : self.start] + self.text.encode() + source[self.end : end]
        before, after = (" ".join(each.decode().split()) for each in (source[begin:end], after))
        return before, after


def folder_of(path: str) -> str:
    """Return the name of the folder, one of `FOLDERS`, that a file belongs to."""
    return next(name for name, globs in FOLDERS.items() for glob in globs if Path(path).match(glob))


def all_mutants(root: Path = ROOT) -> list[Mutant]:
    """Return every mutant of every file in `FOLDERS`."""
    return [
        mutant
        for path in mutated_files(root)
        for mutant in mutants_of(path, (root / path).read_bytes())
    ]


def mutated_files(root: Path = ROOT) -> list[str]:
    """Return the files of `FOLDERS`, below the root of the project."""
    return [
        path.relative_to(root).as_posix()
        for globs in FOLDERS.values()
        for glob in globs
        for path in sorted(root.glob(glob))
    ]


def sample(mutants: Sequence[Mutant], number: int, seed: int) -> list[Mutant]:
    """Return `number` mutants that a seed draws, from each folder its share.

    A mutant is drawn or not by its key: what is changed elsewhere in the fake changes few of them.
    """

    def lot(mutant: Mutant) -> bytes:
        return sha256(f"{seed} {mutant.key}".encode()).digest()

    folders = defaultdict(list)
    for mutant in mutants:
        folders[folder_of(mutant.path)].append(mutant)
    chosen = list[Mutant]()
    for found in folders.values():
        share = round(number * len(found) / len(mutants))
        chosen += sorted(found, key=lot)[:share]
    # Mixed, so that the first ones say something about all.
    return sorted(chosen, key=lot)


def mutants_of(path: str, source: bytes) -> list[Mutant]:
    """Return every mutant of a file, in the order of their places."""
    finder = _Finder(path, source)
    finder.visit(ast.parse(source))
    found = sorted(set(finder.found), key=lambda mutant: (mutant.start, mutant.end, mutant.text))
    seen = Counter[tuple[str, str]]()
    keyed = []
    for mutant in found:
        lines = mutant.lines(source)
        seen[lines] += 1
        key = " | ".join((path, *lines, *([str(seen[lines])] if seen[lines] > 1 else [])))
        keyed.append(replace(mutant, key=key))
    return keyed


class _Finder(ast.NodeVisitor):
    """Walks through a file and notes what can be changed.

    Left out: annotations, docstrings, aliases of types, and the texts of errors, which no source
    says anything about (but for one, which has a case of its own).
    """

    def __init__(self, path: str, source: bytes) -> None:
        self.found: list[Mutant] = []
        self._path = path
        self._source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._span = (1, 1)
        self._is_error = False

    def visit(self, node: ast.AST) -> None:
        """Change a node in every way that there is, then what is in it."""
        if _is_left_out(node):
            return
        outer, outer_error = self._span, self._is_error
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            self._span = _span(node)
        if isinstance(node, ast.Raise):
            self._is_error = True
        for text in self._changes(node):
            start, end = self._place(node)
            self._note(start, end, text)
        super().visit(node)
        self._span, self._is_error = outer, outer_error

    def generic_visit(self, node: ast.AST) -> None:
        """Go on to all that is in a node but what is read by people or by type checkers."""
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_docstring(child):
                    self.visit(child)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave its parts alone: Python 3.11 does not know where they stand."""

    def visit_Compare(self, node: ast.Compare) -> None:
        """Let each comparison be its neighbour."""
        sides = [node.left, *node.comparators]
        for left, right, operator in zip(sides, sides[1:], node.ops, strict=False):
            self._swap(left, right, *_COMPARISONS[type(operator)])
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Let the first `and` be `or`, and the other way round."""
        words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        self._swap(node.values[0], node.values[1], *words)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Calculate otherwise."""
        known = _ARITHMETIC.get(type(node.op))
        if known is not None:
            self._swap(node.left, node.right, *known)
        self.generic_visit(node)

    def _changes(self, node: ast.AST) -> Iterator[str]:
        yield from self._changes_of_values(node)
        yield from self._changes_of_statements(node)
        match node:
            case ast.UnaryOp(op=ast.Not()):
                yield f"bool({self._text(node.operand)})"
            case ast.UnaryOp(op=ast.USub(), operand=ast.Name()):
                yield self._text(node.operand)
            case ast.BinOp(op=ast.BitOr()) if not _is_type(node):
                yield f"({self._text(node.right)}) | ({self._text(node.left)})"
            case ast.Call(func=ast.Name(id=name)) if name in _OTHER_CALLS:
                yield _OTHER_CALLS[name] + self._text(node)[len(name) :]
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _TIDYING:
                yield self._text(value)

    def _changes_of_values(self, node: ast.AST) -> Iterator[str]:
        match node:
            case ast.Constant(value=bool() as value):
                yield str(not value)
            case ast.Constant(value=int() | float() as value):
                yield str(value + 1)
            case ast.Constant(value=str() | bytes()) | ast.JoinedStr() if not self._is_error:
                more = 'b"~"' if isinstance(getattr(node, "value", ""), bytes) else '"~"'
                yield f"({self._text(node)} + {more})"

    def _changes_of_statements(self, node: ast.AST) -> Iterator[str]:
        match node:
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if _is_bare(test):
                start, end = self._place(test)
                self._note(start, end, f"not ({self._text(test)})")
            case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Delete() | ast.Raise():
                yield "pass"
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield "pass"
            case ast.Break():
                yield "continue"
            case ast.Continue():
                yield "break"
            case ast.Return(value=value) if value is not None and not _is_none(value):
                yield "return None"
            case ast.ExceptHandler(body=[first, *_] as body) if not isinstance(first, ast.Raise):
                self._note(self._place(first)[0], self._place(body[-1])[1], "raise")

    def _swap(self, left: ast.expr, right: ast.expr, old: str, new: str) -> None:
        start, end = self._place(left)[1], self._place(right)[0]
        pattern = rf"\b{old}\b" if old[0].isalpha() else re.escape(old)
        found = re.search(pattern.encode(), self._source[start:end])
        assert found is not None, f"no {old} at {self._path}:{left.lineno}"
        self._note(start + found.start(), start + found.end(), new)

    def _note(self, start: int, end: int, text: str) -> None:
        self.found.append(Mutant(self._path, *self._span, start, end, text))

    def _place(self, node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, ast.expr | ast.stmt | ast.ExceptHandler)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin = self._starts[node.lineno - 1] + node.col_offset
        return begin, self._starts[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.AST) -> str:
        start, end = self._place(node)
        return self._source[start:end].decode()


def _span(node: ast.stmt | ast.ExceptHandler) -> tuple[int, int]:
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body or isinstance(node, ast.Expr):
        return node.lineno, node.end_lineno or node.lineno
    first = body[0].pattern if isinstance(body[0], ast.match_case) else body[0]
    return node.lineno, max(node.lineno, first.lineno - 1)


def _is_left_out(node: ast.AST) -> bool:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) if name in _UNREAD:
            return True
        case ast.Assign(targets=[ast.Name()], value=ast.Subscript() | ast.BinOp() as value):
            return _is_type(value)
        case ast.Subscript(value=ast.Name(id="Literal")) | ast.Import() | ast.ImportFrom():
            return True
        case ast.Assert():
            return True
    return False


def _is_type(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_type(left) and _is_type(right)
        case ast.Constant(value=None) | ast.Attribute():
            return True
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            return name[:1].isupper() or name in _BUILT_IN_TYPES
    return False


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_bare(test: ast.expr) -> bool:
    """Return whether a condition has no sign of its own that is changed."""
    is_not = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    return not is_not and not isinstance(test, ast.Compare | ast.BoolOp)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
