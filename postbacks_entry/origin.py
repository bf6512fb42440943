"""Says for each of our packages which file is found in its place, and how to put that right.

Nothing of the other package is run. Every start pays for this: it imports nothing that Python has
not imported by then, and reads one small file.
"""

from __future__ import annotations

import os
import sys

# Not imported from `typing`, which takes longer than all of this module.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

#: Our packages, each with what its `__init__.py` begins with.
PACKAGES = {
    "mockserver": '"""Plays Leanplum\'s side of postbacks',
    "contracts": '"""Checks what is claimed of Leanplum',
}

#: The folder in which our packages stand beside this one.
HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_OWN_DISTRIBUTION = "postbacks"
_AGAIN = "install postbacks again with `pip install --force-reinstall`"


def problem_of(package: str, home: str = HOME) -> str | None:
    """Return in a sentence why a name does not lead to our package; None if it does.

    Args:
        package: `mockserver` or `contracts`.
        home: The folder in which ours should be.
    """
    own = os.path.join(home, package)
    found = _found(package)
    if found is not None and not _is_same(os.path.dirname(found), own):
        return (
            f"{found} hides the package {package} of postbacks ({own}), because Python finds it "
            "first; rename it, or take its folder off the import path (PYTHONPATH, `pythonpath` "
            "of pytest, or `python -m` in that folder)"
        )
    if found is None or (found.endswith(".py") and not _begins_with(found, PACKAGES[package])):
        what = f"{os.path.join(own, '__init__.py')} of postbacks"
        others = claims(package)
        if others:
            who = " and ".join(others)
            return (
                f"{what} was overwritten by {who}, which installs a package {package}, too; give "
                f"each an environment of its own, or uninstall {who} and {_AGAIN}"
            )
        state = "is missing" if found is None else "is not that of postbacks"
        return (
            f"{what} {state}; was another package of that name installed over it, or uninstalled? "
            f"To put it right, {_AGAIN}"
        )
    return None


def claims(package: str) -> list[str]:
    """Return the other distributions that have installed this package, with their versions."""
    # Only needed when something is wrong, or when somebody asks.
    import re
    from importlib.metadata import distributions

    installs = re.compile(rf"^\"?{package}/__init__\.py\"?(,|$)", re.MULTILINE).search
    found: set[str] = set()
    for each in distributions():
        name = str(each.metadata["Name"])
        files = each.read_text("RECORD") or each.read_text("SOURCES.txt") or ""
        if name != _OWN_DISTRIBUTION and installs(files):
            found.add(f"{name} {each.version}")
    return sorted(found)


def hidden_by_ours(package: str, folders: list[str]) -> str | None:
    """Return the package or module of this name that ours is found in place of, if there is one.

    Args:
        package: `mockserver` or `contracts`.
        folders: Where it may be.
    """
    for folder in folders:
        path = os.path.join(folder, package)
        if os.path.isfile(f"{path}.py"):
            return f"{path}.py"
        first = os.path.join(path, "__init__.py")
        # Another copy of ours is nobody else's.
        is_copy = os.path.isfile(first) and _begins_with(first, PACKAGES[package])
        if _has_modules(path) and not is_copy:
            return path
    return None


def is_ours(name: str) -> bool:
    """Return whether there is such a module of ours, or such a name in one of our packages.

    Args:
        name: Dotted, e.g. `mockserver.testing` or `mockserver.Sandbox`.
    """
    parts = name.split(".")
    path = os.path.join(HOME, *parts)
    if os.path.exists(f"{path}.py") or os.path.exists(path):
        return True
    try:
        with open(os.path.join(HOME, *parts[:-1], "__init__.py"), encoding="utf-8") as file:
            return f'"{parts[-1]}"' in file.read()
    except OSError:
        return False


def _has_modules(folder: str) -> bool:
    try:
        return any(name.endswith(".py") for name in os.listdir(folder))
    except OSError:
        return False


def _found(package: str) -> str | None:
    """Return the file that an import of this name leads to; None if it leads to none."""
    loaded = sys.modules.get(package)
    spec: ModuleSpec | None = getattr(loaded, "__spec__", None)
    if loaded is not None and spec is None:
        return getattr(loaded, "__file__", None)
    for finder in () if spec is not None else sys.meta_path:
        spec = finder.find_spec(package, None)
        if spec is not None:
            break
    return spec.origin if spec is not None and spec.has_location else None


def _is_same(one: str, other: str) -> bool:
    try:
        return one == other or os.path.samefile(one, other)
    except OSError:
        return False


def _begins_with(path: str, text: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(len(text)) == text
    except OSError:
        # In an archive, which nobody installs into.
        return True
