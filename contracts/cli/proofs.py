"""Fills the kill matrix for `postbacks contracts prove`, shows it and writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

from contracts.cli.progress import bar
from contracts.proof.catalog import AnyDeviant, all_deviants, find_deviant
from contracts.proof.drawn import prove_drawn
from contracts.proof.matrix import TRUE_FAKE, Draw, Proof, ProofFormat, with_draw
from contracts.proof.proof import columns_for, matrix_of, prove
from contracts.suite.report.formats import registered
from contracts.suite.run import ExitCode
from contracts.suite.vocabulary import Status
from mockserver.cli.output import Output, count
from mockserver.cli.report_files import files_of, write_file
from mockserver.cli.session import Session
from mockserver.core.errors import PostbacksError

_LONGEST_GLOB = 200
#: The glob that means the drawn fakes, and no other deviant.
DRAWN = "drawn-*"


class NotAllTried(PostbacksError):
    """Some of what was to be proved could not be tried on this machine."""

    code = "not-all-tried"
    exit_code = 2


def prove_contracts(
    session: Session,
    reports: tuple[str, ...],
    globs: tuple[str, ...],
    workers: int | None,
    drawn: int = 0,
    seed: int = 1,
    *,
    allow_skipped: bool,
) -> ExitCode:
    """Fill the matrix, show and write it; fail if it is no proof, or a drawn fake gets away.

    Raises:
        UnknownDeviant: One of `globs` matches nothing.
        NotAllTried: Something was left out that may not be, or everything was.
    """
    files = files_of(reports, proof_writers())
    chosen = _chosen(tuple(glob for glob in globs if not drawn or glob != DRAWN))
    if drawn and globs == (DRAWN,):
        chosen = []
    output = session.output
    columns = len(columns_for(chosen)) if chosen else 0
    with bar(output, columns + drawn) as shown:

        def on_column(name: str) -> None:
            shown.show(name)
            shown.advance()

        proof = prove(chosen, workers=workers, on_column=on_column) if chosen else matrix_of([], {})
        if drawn:
            draw = prove_drawn(seed, drawn, workers=workers, on_column=on_column)
            proof = with_draw(proof, draw)
    for format_name, path in files:
        write_file(path, proof_writers()[format_name](proof))
    # Of a part of the deviants nothing can be said that needs all of them.
    names = {deviant.name for deviant in chosen}
    faults = [fault for fault in proof.faults() if not globs or _is_about(fault, names)]
    faults = faults if chosen else []
    if output.as_json:
        output.document({"faults": faults, "proof": proof})
    else:
        if chosen:
            _write(output, proof, faults)
        if proof.drawn is not None:
            _write_drawn(output, proof.drawn)
    if faults or (proof.drawn is not None and proof.drawn.missed):
        return ExitCode.FAILED
    _check_tried(proof, allow_skipped=allow_skipped)
    return ExitCode.PASSED


def proof_writers() -> Mapping[str, Callable[[Proof], str]]:
    """Return what writes a proof, by the name of the format."""
    return {each.name: each.write for each in registered("contracts.proof", ProofFormat)}


def list_deviants(session: Session, globs: tuple[str, ...]) -> None:
    """Show the deviants."""
    output = session.output
    chosen = _chosen(globs)
    if output.as_json:
        rows = [{"name": item.name, "area": item.area, "change": item.change} for item in chosen]
        output.document({"deviants": rows})
        return
    output.table(
        ["name", "area", "what it does otherwise"],
        [[item.name, item.area, item.change] for item in chosen],
    )
    output.remark(count(len(chosen), "deviant"))


def _write(output: Output, proof: Proof, faults: Sequence[str]) -> None:
    rows = []
    for deviant in proof.deviants:
        if deviant.name in proof.left_out:
            continue
        caught = proof.catchers(deviant.name)
        named = [case.id for case in proof.cases if deviant.name in case.catches]
        others = len([case_id for case_id in caught if case_id not in named])
        shown = ", ".join(case_id for case_id in named if case_id in caught) or "NOBODY"
        rows.append([deviant.name, shown + (f" and {others} more" if others else "")])
    output.table(["deviant", "caught by"], rows)
    output.line()
    if TRUE_FAKE in proof.cells:
        statuses = proof.cells[TRUE_FAKE].values()
        passed = sum(status is Status.PASS for status in statuses)
        output.line(f"the fake itself passes {passed} of {len(statuses)} cases")
    if proof.good:
        output.line(f"no MUST fails on {count(len(proof.good), 'good endpoint')}")
    for name, reason in proof.left_out.items():
        output.line(f"not tried: {name} {reason}", "yellow")
    if faults:
        for fault in faults:
            output.line(f"FAULT  {fault}", "bold red")
        output.line(f"this is no proof: {count(len(faults), 'fault')}", "bold red")
    elif number := len(_tried(proof)):
        who = "the deviant" if number == 1 else f"each of {number} deviants"
        output.line(f"proved: {who} is caught by every case that names it", "bold green")


def _tried(proof: Proof) -> list[str]:
    return [each.name for each in proof.deviants if each.name not in proof.left_out]


def _check_tried(proof: Proof, *, allow_skipped: bool) -> None:
    """Go on only if what was left out may be.

    Raises:
        NotAllTried: It may not.
    """
    if not proof.left_out or (allow_skipped and _tried(proof)):
        return
    reasons = "; ".join(f"{name} {reason}" for name, reason in proof.left_out.items())
    if not _tried(proof):
        raise NotAllTried(f"nothing is proved, because no deviant could be tried: {reasons}")
    raise NotAllTried(
        f"not everything is proved, because {len(proof.left_out)} could not be tried: {reasons}. "
        "Install what is missing, or pass --allow-skipped"
    )


def _write_drawn(output: Output, draw: Draw) -> None:
    for each in draw.missed:
        output.line(f"NOBODY caught {each.name}: {each.change}", "bold red")
    output.line(f"caught {draw.rate}", "bold red" if draw.missed else "bold green")


def _chosen(globs: tuple[str, ...]) -> list[AnyDeviant]:
    deviants = list(all_deviants())
    if not globs:
        return deviants
    for glob in globs:
        # To read a glob takes time that grows with the square of its length.
        if len(glob) > _LONGEST_GLOB or not any(fnmatchcase(item.name, glob) for item in deviants):
            find_deviant(glob)
    return [item for item in deviants if any(fnmatchcase(item.name, glob) for glob in globs)]


def _is_about(fault: str, names: set[str]) -> bool:
    return (
        "true fake" in fault
        or "good" in fault.split()
        or any(name in fault.replace(",", " ").split() for name in names)
    )
