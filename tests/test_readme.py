"""The README shows what is tested."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_example_for_tests_is_one_of_them() -> None:
    example = (ROOT / "tests/examples/test_ten_lines.py").read_text()
    assert f"```python\n{example}```\n" in (ROOT / "README.md").read_text()
