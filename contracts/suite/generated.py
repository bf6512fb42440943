"""Runs property and stateful cases by Hypothesis, outside of pytest.

Every setting is given, so that neither the environment nor a later default changes a run.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, configuration, example, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from contracts.suite.recorder import Recorder, shown
from contracts.suite.registry import Case
from contracts.suite.subject import CaseTarget

#: How many rules of a machine are run one after the other.
STEPS = 12


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look.

    Attributes:
        seed: What values are drawn from; None for the fixed choice, the same every time.
        shrink: Whether a deviation is made as small as it gets.
        share: The share of each case's examples that is tried.
    """

    seed: int | None = None
    shrink: bool = True
    share: float = 1.0


def run_property(case: Case, target: CaseTarget, rec: Recorder, effort: Effort) -> None:
    """Try the body of a property on generated values.

    Raises:
        Deviation: Of the smallest example that was found.
    """
    assert case.given is not None

    def check(values: dict[str, Any]) -> None:
        rec.begin_example()
        target.fresh()
        for name, value in values.items():
            rec.step(f"{name} = {shown(value)}")
        case.body(target, rec, **values)

    check.__name__ = case.id.replace("-", "_").lower()
    test = given(st.fixed_dictionaries(dict(case.given)))(check)
    for values in reversed(case.pinned):
        test = example(dict(values))(test)
    seed(seed_of(case, effort))(settings_for(case, effort)(test))()


def run_machine(case: Case, target: CaseTarget, rec: Recorder, effort: Effort) -> None:
    """Let a state machine look for a sequence of steps after which a model is contradicted.

    Raises:
        Deviation: Of the shortest sequence that was found.
    """
    machine: Callable[[], RuleBasedStateMachine] = case.body(target, rec)

    def begun() -> RuleBasedStateMachine:
        rec.begin_example()
        target.fresh()
        return machine()

    begun.__name__ = begun.__qualname__ = case.id.replace("-", "_").lower()
    factory: Any = seed(seed_of(case, effort))(begun)
    run_state_machine_as_test(factory, settings=settings_for(case, effort))


def settings_for(case: Case, effort: Effort) -> settings:
    """Return the settings under which a case is run."""
    phases = [Phase.explicit, Phase.generate]
    return settings(
        max_examples=max(1, round(case.examples * effort.share)),
        stateful_step_count=STEPS,
        # A target may answer as slowly as it likes, and some answers move a clock by days.
        deadline=None,
        # Seeded below in any case, so that two cases do not try the same values.
        derandomize=False,
        database=None,
        phases=[*phases, Phase.shrink] if effort.shrink else phases,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )


def keep_nothing() -> None:
    """Let Hypothesis write its notes elsewhere than into the folder somebody works in.

    For processes that belong to the suite alone: it is a setting of the whole process.
    """
    configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "postbacks-hypothesis")


def seed_of(case: Case, effort: Effort) -> int:
    """Return what the values of a case are drawn from: two cases do not try the same ones."""
    return effort.seed if effort.seed is not None else zlib.crc32(case.id.encode())
