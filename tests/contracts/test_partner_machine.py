"""The machine passes applications that are right, and finds each classic bug in few steps."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from contracts.partner_machine import PartnerProblem, PartnerStateMachine
from tests.contracts import partners
from tests.contracts.partners import RightPartner

EXAMPLES = 100


class Machine(PartnerStateMachine):
    """Keeps the database when the application restarts."""

    template = partners.TEMPLATE
    partner: type[RightPartner] = RightPartner

    def make_app(self) -> Any:
        self.database: list[partners.Entry] = []
        return self.partner(self.database)

    def restart(self) -> Any:
        return self.partner(self.database)

    def stored(self) -> Iterable[Hashable]:
        return self.database


def machine_of(partner: type[RightPartner], **attributes: Any) -> type[Machine]:
    return type(partner.__name__, (Machine,), {"partner": partner, **attributes})


def run(machine: type[PartnerStateMachine], examples: int = EXAMPLES) -> None:
    chosen = settings(
        machine.TestCase.settings, max_examples=examples, database=None, derandomize=True
    )
    run_state_machine_as_test(machine, settings=chosen)


def problem_of(machine: type[PartnerStateMachine]) -> str:
    with pytest.raises(PartnerProblem) as caught:
        run(machine)
    return str(caught.value)


def steps_of(problem: str) -> list[str]:
    return re.findall(r"^  \d+\. (.*)$", problem, re.MULTILINE)


@pytest.mark.parametrize("partner", [RightPartner, partners.RefusesDuplicates])
def test_an_application_that_is_right_passes(partner: type[RightPartner]) -> None:
    run(machine_of(partner))


@pytest.mark.parametrize(
    ("partner", "steps", "says"),
    [
        (partners.CountsRetries, 2, "stored twice: "),
        (partners.DecodesTwice, 1, "stored but different: expected ('"),
        (partners.TakesPlusForSpace, 1, "stored but different: expected ('"),
        (partners.DecodesAsLatin1, 1, "stored but different: expected ("),
        (partners.FailsAfterStoring, 1, "stored but answered 500: "),
        (partners.Forgets, 2, "stored, and gone again: "),
        (partners.IgnoresEmptyDevices, 1, "answered 200 but not stored: "),
        (partners.RefusesEmptyDevices, 1, "rejected and not stored, answered 400: "),
        (partners.RaisesOnEmoji, 2, "lost and not stored, answered 500, 500, "),
        (partners.OneEventAMessage, 2, "answered 200 but not stored: "),
    ],
)
def test_each_classic_bug_is_found(partner: type[RightPartner], steps: int, says: str) -> None:
    problem = problem_of(machine_of(partner))
    assert problem.startswith(says)
    # A step more where what shrinking finds depends on what else was generated.
    assert len(steps_of(problem)) <= steps + 1, problem


def test_what_the_application_raises_and_means_the_test_ends_it() -> None:
    """A 500 of it would be the application's, which is sent again and forgotten."""

    class Asserts(RightPartner):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            raise AssertionError("nothing is expected")

    with pytest.raises(AssertionError, match="nothing is expected"):
        run(machine_of(Asserts))


class MachineWithDatabase(Machine):
    """Lets the database of its application fail."""

    @contextmanager
    def _outage(self) -> Iterator[None]:
        self.partner.is_down = True  # type: ignore[attr-defined]
        try:
            yield
        finally:
            self.partner.is_down = False  # type: ignore[attr-defined]

    def failing_dependency(self) -> AbstractContextManager[object]:
        return self._outage()


def test_a_dependency_that_fails_is_a_step_of_its_own() -> None:
    swallows = type("M", (MachineWithDatabase,), {"partner": partners.SwallowsOutages})
    problem = problem_of(swallows)
    assert problem.startswith("answered 200 but not stored: ")
    steps = steps_of(problem)
    # Hypothesis ends its search for the smallest after some time, which a busy machine uses up.
    assert any(step.startswith("what it depends on fails for the next ") for step in steps)
    assert len(steps) <= 3
    assert "without its dependency" in problem
    run(type("M", (MachineWithDatabase,), {"partner": partners.AnswersOutages}))


@pytest.mark.parametrize(("troubles", "is_told"), [("dependency", False), ("", True)])
def test_what_was_lost_because_it_was_down_is_not_held_against_it(
    troubles: str, is_told: bool
) -> None:
    partner = partners.AnswersOutages if troubles else partners.RefusesAlways
    machine = type("M", (MachineWithDatabase,), {"partner": partner})()
    machine.template_is_registered()
    machine._transport.troubles = [troubles, *["refused"] * 9]
    machine.sandbox.trigger("push.open")
    machine.sandbox.run_until_idle()
    (delivery,) = machine.sandbox.deliveries
    assert (delivery.state, len(delivery.attempts)) == ("lost", 10)
    if is_told:
        with pytest.raises(PartnerProblem, match="lost and not stored, answered 503"):
            machine.what_was_sent_is_stored_once()
    else:
        machine.what_was_sent_is_stored_once()
    machine.teardown()


def test_events_out_of_order_are_a_step_of_its_own() -> None:
    problem = problem_of(machine_of(partners.LatestOnly))
    assert problem.startswith("answered 200 but not stored: ")
    assert len(steps_of(problem)) <= 2


@pytest.mark.parametrize("how", ["late", "timeout", "reset", "dependency", ""])
def test_what_was_answered_counts_whatever_became_of_the_answer(how: str) -> None:
    machine = machine_of(RightPartner)()
    machine.template_is_registered()
    machine._transport.troubles = [how] if how else []
    machine.sandbox.trigger("push.open")
    ((delivery_id, answers),) = machine._transport.answers.items()
    (attempt,) = machine.sandbox.delivery(delivery_id).attempts
    assert [answer.status for answer in answers] == [200]
    expected = {"late": "timeout", "timeout": "timeout", "reset": "reset"}
    assert attempt.outcome.kind == expected.get(how, "response")
    machine.teardown()


def test_a_problem_fits_into_a_terminal() -> None:
    with pytest.raises(PartnerProblem) as caught:
        run(machine_of(partners.CountsRetries))
    lines = str(caught.value).splitlines()
    assert any(line.endswith("triggered_at 2026-01-01T00:00:00+00:00") for line in lines)
    # Pytest puts a margin before each; the first one holds the entry, as long as that is.
    assert [line for line in lines[1:] if len(line) > 76] == []
    shown = caught.traceback.filter(caught)
    assert not [entry for entry in shown if entry.path.name == "partner_machine.py"]
