"""The documentation is true: generated pages are fresh, examples run, everything is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mockserver
from mockserver.web.fidelity import PAGE, page

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_fidelity_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m mockserver.web.fidelity"


@pytest.mark.parametrize("snippet", re.findall(r"```python\n(.*?)```", README, re.S))
def test_the_readmes_python_runs(snippet: str) -> None:
    exec(compile(snippet, "README.md", "exec"), {})


def test_every_link_between_pages_leads_somewhere() -> None:
    for source in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", source.read_text(encoding="utf-8")):
            assert (source.parent / target).exists(), f"{source.name} links to {target}"


def test_the_packages_docstring_names_every_module() -> None:
    package = Path(mockserver.__file__).parent
    named = set(re.findall(r"`(\w+)`", mockserver.__doc__ or ""))
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("_")}
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    assert modules | folders <= named, f"not named: {(modules | folders) - named}"
