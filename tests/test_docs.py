"""The documentation is true: generated pages are fresh, examples run, everything is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mockserver
from mockserver import App
from mockserver.config import load_config
from mockserver.schema.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("snippet", re.findall(r"```python\n(.*?)```", README, re.S))
def test_the_readmes_python_runs(snippet: str) -> None:
    exec(compile(snippet, "README.md", "exec"), {"__name__": "readme"})


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


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_is_documented(setting: str) -> None:
    page_text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert f"| `{setting}` |" in page_text
    assert f"`POSTBACKS_{setting.upper()}`" in page_text


def test_the_file_of_the_documentation_can_be_read(tmp_path: Path) -> None:
    page_text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    file = tmp_path / "postbacks.toml"
    file.write_text(re.findall(r"```toml\n(.*?)```", page_text, re.S)[0])
    config = load_config({}, {}, str(file))
    assert config.clock == "manual"
    assert config.apps == (App(keys=config.apps[0].keys),)


def test_every_command_is_in_the_readme() -> None:
    from mockserver.cli.root import root

    for command in root.list_commands(None):  # type: ignore[arg-type]
        assert f"postbacks {command}" in README, f"README does not show {command}"


def test_the_architecture_names_rooms_that_exist_and_all_of_them() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:mockserver|contracts|tests)/[\w./]+)`", text):
        assert (ROOT / path).exists(), f"ARCHITECTURE.md names {path}"
    rooms = text[text.index("## The rooms") : text.index("## Where do I find")]
    named = set(re.findall(r"`(\w+)(?:/|\.py)?`", rooms))
    for package in ("mockserver", "contracts"):
        folders = {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
        assert folders <= named, f"ARCHITECTURE.md has no room for {folders - named}"


def test_the_vocabulary_is_twenty_words_at_most() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text[text.index("| word | is |") : text.index("## Decisions")]
    assert 10 < len(table.strip().splitlines()) - 2 <= 20
