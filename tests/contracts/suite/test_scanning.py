"""Modules and packages are found in their folder, and nothing deeper is."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.suite.scanning import modules_in, packages_in


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with a module, a package within, and what is neither."""
    root = tmp_path / "scanned_sample"
    for folder in (root, root / "inner"):
        folder.mkdir()
        (folder / "__init__.py").write_text("")
    (root / "one.py").write_text("VALUE = 1\n")
    (root / "inner" / "deep.py").write_text("raise AssertionError('nobody asked for it')\n")
    (root / "notes.txt").write_text("no module")
    monkeypatch.syspath_prepend(tmp_path)
    return root.name


def test_modules_directly_in_a_package_are_imported(package: str) -> None:
    found = modules_in(package)
    assert [module.__name__ for module in found] == [f"{package}.inner", f"{package}.one"]
    assert found[1].VALUE == 1


def test_packages_directly_in_a_package_are_named(package: str) -> None:
    assert packages_in(package) == [f"{package}.inner"]


def test_a_package_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError):
        modules_in("contracts.suite.nothing")
