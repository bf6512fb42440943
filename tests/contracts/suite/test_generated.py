"""Properties and machines: small examples, the same every time, whatever is around them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from contracts.conformance.target import Target
from contracts.suite.generated import STEPS, Effort, run_machine, run_property, settings_for
from contracts.suite.recorder import Deviation, Recorder, Untestable
from contracts.suite.registry import Case
from contracts.suite.results import CaseResult
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import CaseKind, Level, Status
from mockserver.core.errors import ServerUnreachable
from tests.contracts.samples import SampleServer, case_of

NUMBERS = {"number": st.integers()}


def ran(case: Case, effort: Effort | None = None) -> CaseResult:
    return run_case(case, SampleServer(), effort or Effort(), Names())


def drawn(effort: Effort | None = None, examples: int = 30) -> list[int]:
    """Return the values on which a property that always holds is tried."""
    values: list[int] = []

    def body(target: Target, rec: Recorder, number: int) -> None:
        values.append(number)

    assert ran(case_of(body, given=NUMBERS, examples=examples), effort).status is Status.PASS
    return values


def small(target: Target, rec: Recorder, number: int) -> None:
    rec.expect_that(number < 1000, "a small number", number, "numbers are small")


# Properties


def test_a_property_that_holds_is_tried_on_as_many_examples_as_it_says() -> None:
    values = drawn(examples=30)
    assert len(values) == 30
    assert len(set(values)) > 10


@pytest.mark.parametrize(("share", "number"), [(1.0, 30), (0.5, 15), (0.01, 1)])
def test_a_share_of_the_examples(share: float, number: int) -> None:
    assert len(drawn(Effort(share=share), examples=30)) == number


def test_a_deviation_is_reported_with_its_smallest_example() -> None:
    result = ran(case_of(small, given=NUMBERS, examples=100))
    assert result.status is Status.FAIL
    assert result.steps == ["number = 1000"]
    assert result.deviation is not None
    assert result.deviation.actual == "1000"
    assert result.kind is CaseKind.PROPERTY
    assert result.examples > 1


def test_the_steps_are_the_smallest_examples_only() -> None:
    def body(target: Target, rec: Recorder, text: str, numbers: list[int]) -> None:
        rec.step(f"add {sum(numbers)}")
        rec.expect_that(sum(numbers) < 10 or "a" not in text, "less", text, "because")

    given = {"text": st.text("ab"), "numbers": st.lists(st.integers(0, 20))}
    result = ran(case_of(body, given=given, examples=500))
    assert result.steps == ['text = "a"', "numbers = [10]", "add 10"]


def test_without_shrinking_the_first_deviation_is_reported() -> None:
    first = ran(case_of(small, given=NUMBERS, examples=100), Effort(shrink=False))
    assert first.status is Status.FAIL
    assert first.deviation is not None
    (step,) = first.steps
    assert step == f"number = {first.deviation.actual}"
    assert int(first.deviation.actual) > 1000
    shrunk = ran(case_of(small, given=NUMBERS, examples=100))
    assert first.examples < shrunk.examples


def test_every_example_begins_with_a_fresh_target() -> None:
    apps: list[str] = []

    class Fresh(Target):
        def fresh(self) -> None:
            super().fresh()
            apps.append("fresh")

    rec = Recorder()

    def body(target: Target, rec: Recorder, number: int) -> None:
        assert len(apps) == rec.examples

    case = case_of(body, given=NUMBERS, examples=7)
    run_property(case, Fresh(SampleServer(), rec, Names()), rec, Effort())
    assert rec.examples == 7


def test_what_is_assumed_is_not_tried() -> None:
    def body(target: Target, rec: Recorder, number: int) -> None:
        assume(number % 2 == 0)
        rec.expect(0, number % 2, "it is even")

    assert ran(case_of(body, given=NUMBERS, examples=30)).status is Status.PASS


# The same every time


def test_the_fixed_choice_is_the_same_every_time() -> None:
    assert drawn() == drawn()


def test_the_same_seed_tries_the_same_and_another_one_something_else() -> None:
    assert drawn(Effort(seed=7)) == drawn(Effort(seed=7))
    assert drawn(Effort(seed=7)) != drawn(Effort(seed=8))
    assert drawn(Effort(seed=7)) != drawn()


@pytest.mark.parametrize("seed", [None, 7, 8])
def test_the_smallest_example_does_not_depend_on_the_seed(seed: int | None) -> None:
    result = ran(case_of(small, given=NUMBERS, examples=100), Effort(seed=seed))
    assert result.steps == ["number = 1000"]


def test_cases_differ_in_what_they_are_tried_on() -> None:
    tried: dict[str, list[int]] = {}
    for case_id in ("PB-SAMPLE-ONE", "PB-SAMPLE-TWO"):

        def body(target: Target, rec: Recorder, number: int, case_id: str = case_id) -> None:
            tried.setdefault(case_id, []).append(number)

        ran(case_of(body, id=case_id, given=NUMBERS, examples=20))
    one, two = tried.values()
    assert one != two


def test_no_profile_of_hypothesis_changes_a_run() -> None:
    plain = drawn()
    before = settings.get_current_profile_name()
    settings.register_profile("other", max_examples=3, derandomize=False, deadline=1)
    settings.load_profile("other")
    try:
        assert drawn() == plain
        assert settings_for(case_of(small, examples=30), Effort()).deadline is None
    finally:
        settings.load_profile(before)


def test_no_seed_of_hypothesis_changes_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, seeded = drawn(), drawn(Effort(seed=7))
    monkeypatch.setattr("hypothesis.core.global_force_seed", 1234)
    assert drawn() == plain
    assert drawn(Effort(seed=7)) == seeded


PROGRAM = """
import sys
from hypothesis import strategies as st
from contracts.suite.generated import Effort, keep_nothing
if "keep_nothing" in sys.argv:
    keep_nothing()
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from tests.contracts.samples import SampleServer, case_of

def body(target, rec, number, text):
    print(number, ascii(text))

given = {"number": st.integers(), "text": st.text()}
case = case_of(body, given=given, examples=200)
print(run_case(case, SampleServer(), Effort(), Names()).status)
"""


def printed(folder: Path, *arguments: str, **environment: str) -> str:
    """Return what a property in a process of its own is tried on."""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{root}:{folder}"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_no_environment_variable_changes_a_run(tmp_path: Path) -> None:
    plain = printed(tmp_path)
    assert len(plain.splitlines()) > 150
    assert printed(tmp_path, CI="true", GITHUB_ACTIONS="true") == plain
    variables = {
        "HYPOTHESIS_PROFILE": "thorough",
        "HYPOTHESIS_SEED": "5",
        "HYPOTHESIS_MAX_EXAMPLES": "3",
        "HYPOTHESIS_VERBOSITY_LEVEL": "debug",
        "HYPOTHESIS_NO_PLUGINS": "1",
        "PYTHONHASHSEED": "7",
    }
    assert printed(tmp_path, **variables) == plain


def test_a_process_of_the_suites_own_writes_nothing_where_it_was_started(tmp_path: Path) -> None:
    printed(tmp_path, "keep_nothing")
    assert [path.name for path in tmp_path.iterdir()] == []


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    ran(case_of(small, given=NUMBERS, examples=100))
    ran(case_of(counter(3), kind=CaseKind.STATEFUL, examples=50))
    assert capfd.readouterr() == ("", "")


# Machines


def counter(limit: int) -> Callable[[Target, Recorder], type[RuleBasedStateMachine]]:
    """Return the body of a stateful case that deviates after `limit` additions."""

    def body(target: Target, rec: Recorder) -> type[RuleBasedStateMachine]:
        class Counter(RuleBasedStateMachine):
            def __init__(self) -> None:
                super().__init__()
                self.number = 0

            @rule(by=st.integers(1, 5))
            def add(self, by: int) -> None:
                rec.step(f"add {by}")
                self.number += 1
                rec.expect_that(self.number < limit, "fewer", self.number, "there is a limit")

            @rule()
            def look(self) -> None:
                rec.step("look")

        return Counter

    return body


def test_a_machine_reports_its_shortest_steps() -> None:
    result = ran(case_of(counter(3), kind=CaseKind.STATEFUL, examples=50))
    assert (result.status, result.kind) == (Status.FAIL, CaseKind.STATEFUL)
    assert result.steps == ["add 1", "add 1", "add 1"]
    assert result.deviation is not None
    assert result.deviation.actual == "3"


def test_a_machine_that_holds_passes_and_tells_no_steps() -> None:
    result = ran(case_of(counter(STEPS + 1), kind=CaseKind.STATEFUL, examples=5))
    assert (result.status, result.steps, result.examples) == (Status.PASS, [], 5)


def steps_of(effort: Effort, examples: int = 8) -> list[list[str]]:
    """Return all that a machine did, example by example."""
    done: list[list[str]] = []

    class Kept(Recorder):
        def begin_example(self) -> None:
            super().begin_example()
            done.append(self.steps)

    rec = Kept()
    case = case_of(counter(99), kind=CaseKind.STATEFUL, examples=examples)
    run_machine(case, Target(SampleServer(), rec, Names()), rec, effort)
    return done


def test_a_machine_does_the_same_with_the_same_seed() -> None:
    assert steps_of(Effort()) == steps_of(Effort())
    assert steps_of(Effort(seed=7)) == steps_of(Effort(seed=7))
    assert steps_of(Effort(seed=7)) != steps_of(Effort(seed=8))
    assert len(steps_of(Effort())) == 8
    assert max(map(len, steps_of(Effort()))) <= STEPS


def test_a_machine_is_tried_on_its_share() -> None:
    assert len(steps_of(Effort(share=0.25))) == 2


def test_a_machine_begins_every_example_with_a_fresh_target() -> None:
    fresh: list[int] = []

    class Fresh(Target):
        def fresh(self) -> None:
            super().fresh()
            fresh.append(1)

    rec = Recorder()
    case = case_of(counter(99), kind=CaseKind.STATEFUL, examples=4)
    run_machine(case, Fresh(SampleServer(), rec, Names()), rec, Effort())
    assert len(fresh) == rec.examples == 4


# A target that does not always do the same


def once() -> Callable[[], bool]:
    """Return a function that is true the first time it is called and never again."""
    calls: list[int] = []

    def first() -> bool:
        calls.append(1)
        return len(calls) == 1

    return first


def test_a_deviation_that_does_not_come_back_is_one_all_the_same() -> None:
    is_first = once()

    def body(target: Target, rec: Recorder, number: int) -> None:
        rec.expect(False, is_first(), "never")

    result = ran(case_of(body, given=NUMBERS, examples=20))
    assert result.status is Status.FAIL
    assert result.deviation is not None
    assert result.deviation.why == "never"
    assert "not every time" in result.steps[-1]


@pytest.mark.parametrize("shrink", [True, False])
def test_a_machine_whose_deviation_does_not_come_back(shrink: bool) -> None:
    is_first = once()

    def body(target: Target, rec: Recorder) -> type[RuleBasedStateMachine]:
        class Machine(RuleBasedStateMachine):
            @rule()
            def go(self) -> None:
                rec.step("go")
                rec.expect(False, is_first(), "never")

        return Machine

    case = case_of(body, kind=CaseKind.STATEFUL, examples=5, level=Level.SHOULD)
    result = ran(case, Effort(shrink=shrink))
    assert result.status is Status.WARN
    assert "not every time" in result.steps[-1]


def test_a_target_that_was_unreachable_once_could_not_be_tried() -> None:
    is_first = once()

    def body(target: Target, rec: Recorder, number: int) -> None:
        if is_first():
            raise ServerUnreachable("gone for a moment")

    result = ran(case_of(body, given=NUMBERS, examples=20))
    assert result.status is Status.UNTESTABLE
    assert "gone for a moment" in result.reason


# What else may happen in a body


def test_a_fault_of_the_body_is_an_error() -> None:
    def body(target: Target, rec: Recorder, number: int) -> None:
        rec.expect(1, 1, "fine")
        assert number / 0

    result = ran(case_of(body, given=NUMBERS, examples=20))
    assert result.status is Status.ERROR
    assert "ZeroDivisionError" in result.reason


@pytest.mark.parametrize("error", [Untestable("not now"), ServerUnreachable("not now")])
def test_what_cannot_be_tried_is_untestable(error: Exception) -> None:
    def body(target: Target, rec: Recorder, number: int) -> None:
        raise error

    result = ran(case_of(body, given=NUMBERS, examples=20))
    assert (result.status, result.reason) == (Status.UNTESTABLE, "not now")


def test_an_accepted_verdict_is_info_in_a_property_too() -> None:
    def body(target: Target, rec: Recorder, number: int) -> None:
        rec.expect_verdict("b", "a", {"a": "A", "b": "B"}, "either")

    result = ran(case_of(body, given=NUMBERS, examples=20))
    assert (result.status, result.verdict) == (Status.INFO, "b")


def test_values_that_do_not_exist_are_an_error() -> None:
    result = ran(case_of(small, given={"number": st.nothing()}, examples=20))
    assert (result.status, result.deviation) == (Status.ERROR, None)


def test_an_interrupt_is_passed_on() -> None:
    def body(target: Target, rec: Recorder, number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ran(case_of(body, given=NUMBERS, examples=20))


def test_a_deviation_keeps_its_text_through_hypothesis() -> None:
    rec = Recorder()
    target = Target(SampleServer(), rec, Names())
    with pytest.raises(Deviation) as raised:
        run_property(case_of(small, given=NUMBERS, examples=100), target, rec, Effort())
    assert raised.value is rec.last
    arguments: dict[str, Any] = {"expected": raised.value.expected, "why": raised.value.why}
    assert arguments == {"expected": "a small number", "why": "numbers are small"}
