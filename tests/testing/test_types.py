"""What a type checker finds in a user's test; every type that a test meets has a public name."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mockserver.testing
from mockserver.api.calls import ApiCall
from mockserver.api.leanplum_api import LeanplumApi
from mockserver.delivery.history import Deliveries, DeliveryHistory, Triggered
from mockserver.receiver.inboxes import Inbox
from mockserver.testing import Leanplum, LeanplumClock, LiveInbox, LiveLeanplum, Partner

ROOT = Path(__file__).resolve().parents[2]

#: What a user would write wrong: each line by itself.
MISTAKES = (
    'leanplum.trigger("email.clik")',
    'leanplum.trigger("email.click", userid="ada")',
    'leanplum.trigger("email.click", user_id=5)',
    'leanplum.trigger("email.click", parameters="{}")',
    'leanplum.add_postback("https://x.example/", type="messageEvent")',
    'leanplum.add_postback("https://x.example/", channels=["email"])',
    'leanplum.add_postback("https://x.example/", channels="Email")',
    'leanplum.assert_delivered(user="ada")',
    'leanplum.assert_attempts_at([0, "1h"])',
    "leanplum.advance(hour=1)",
    'leanplum.advance(hours="1")',
    'leanplum.verify(1, queries={"user": "ada"})',
    'leanplum.deliveries(state="loss")',
    'leanplum.api.behave("503", action="addPostbacks")',
    "leanplum.inbox().behave(503)",
    'leanplum.resend("1")',
)

#: What is right, and must stay so.
RIGHT = """\
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from mockserver.testing import Channel, EventFields, EventName, Leanplum, LeanplumClock


@pytest.mark.parametrize("name", ["email.click", "push.open"])
def test_names(leanplum: Leanplum, name: EventName) -> None:
    given: EventFields = {"user_id": "ada", "triggered_at": datetime.now(UTC)}
    assert leanplum.trigger(name, **given).deliveries == []
    leanplum.add_postback("https://x.example/", "abTestEvents")
    leanplum.add_postback("https://x.example/", channels=[Channel.EMAIL, "Push Notification"])
    leanplum.advance(timedelta(hours=1))
    leanplum.advance("1h")
    leanplum.advance(hours=1, minutes=0.5)
    leanplum.assert_delivered(event="Click", user_id=object(), query={"user": "ada"}, times=2)
    leanplum.verify(query={"user": "ada"}, inbox="crm")
    leanplum.api.behave("503*2,200", action="addPostback")
    states: list[str] = [each.state for each in leanplum.deliveries(state="lost")]
    statuses: list[int | None] = [call.status for call in leanplum.api.calls]
    assert states or statuses


def test_clock(leanplum_clock: LeanplumClock) -> None:
    moved: Callable[[], object] = leanplum_clock.run_until_idle
    moved()
"""


def found_by_mypy(folder: Path, source: str) -> tuple[set[int], str]:
    """Return the lines in which mypy finds a mistake, and all that it says."""
    file = folder / "test_user.py"
    file.write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(file)]
    ended = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=300
    )
    said = ended.stdout + ended.stderr
    return {int(line) for line in re.findall(r"test_user\.py:(\d+): error", said)}, said


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy_finds_every_mistake_and_nothing_in_what_is_right(tmp_path: Path) -> None:
    wrong = [
        f"def test_{number}(leanplum: Leanplum) -> None:\n    {mistake}\n"
        for number, mistake in enumerate(MISTAKES)
    ]
    head = "from mockserver.testing import Leanplum\n"
    lines, said = found_by_mypy(tmp_path, head + "".join(wrong))
    expected = {3 + 2 * number for number in range(len(MISTAKES))}
    missed = [MISTAKES[(line - 3) // 2] for line in expected - lines]
    assert missed == [], said
    assert lines == expected, said
    lines, said = found_by_mypy(tmp_path, RIGHT)
    assert lines == set(), said


def test_everything_that_is_exported_is_there_and_listed() -> None:
    names = mockserver.testing.__all__
    assert names == sorted(names)
    assert set(names) <= set(dir(mockserver.testing))
    assert set(mockserver.testing._HOMES) <= set(names)
    for name in names:
        assert getattr(mockserver.testing, name) is not None
    with pytest.raises(AttributeError, match=r"'mockserver\.testing' has no attribute 'Leanplun'"):
        mockserver.testing.Leanplun  # noqa: B018


@pytest.mark.parametrize(
    "kind",
    [Leanplum, LeanplumClock, LeanplumApi, LiveLeanplum, LiveInbox, Partner, Inbox, Deliveries,
     DeliveryHistory, Triggered, ApiCall],
)  # fmt: skip
def test_every_type_that_a_test_meets_has_a_name_to_import(kind: type) -> None:
    own = {path.stem for path in (ROOT / "mockserver").rglob("*.py")}
    assert own
    met = set()
    for name, member in inspect.getmembers(kind):
        if name.startswith("_"):
            continue
        function = member.fget if isinstance(member, property) else member
        for annotation in getattr(function, "__annotations__", {}).values():
            met |= words_of(annotation)
    ours = {word for word in met if is_ours(word)}
    assert sorted(ours - set(mockserver.testing.__all__)) == []


def words_of(annotation: Any) -> set[str]:
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return {node.id for node in ast.walk(ast.parse(text or "None")) if isinstance(node, ast.Name)}


def is_ours(name: str) -> bool:
    """Return whether a class or type of this name is defined in the package."""
    pattern = re.compile(rf"^(?:class {name}\b|{name} = (?:Literal|MessageEvent|Union))", re.M)
    return any(
        pattern.search(path.read_text(encoding="utf-8"))
        for path in (ROOT / "mockserver").rglob("*.py")
    )
