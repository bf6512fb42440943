"""Says what share of the fake's mutants the contract suite sees, and lists the others.

Run by `tox -e mutation-contract`, not by CI: it takes most of an hour. No file of the fake is
touched: a mutant exists in the memory of the process that serves it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import msgspec

from contracts.proof.mutation import GAP, encode
from contracts.suite.generated import keep_nothing
from tests.mutation_contract.judging import (
    NotFaithful,
    Reach,
    Seen,
    Verdict,
    judge,
    likeliest_first,
    reach_of,
)
from tests.mutation_contract.mutants import ROOT, Mutant, all_mutants, mutated_files, sample
from tests.mutation_contract.results import (
    UNEXPLAINED,
    UNSEEN,
    OtherRun,
    Results,
    read_reasons,
    summary,
    version_of,
)


def main(words: Sequence[str] | None = None) -> int:
    """Judge the mutants that are drawn; return 1 if one survived without a reason."""
    given = _arguments(words)
    os.nice(given.nice)
    keep_nothing()
    possible = all_mutants()
    chosen = sample(possible, given.sample, given.seed)
    with tempfile.TemporaryDirectory() as folder:
        file = given.results or Path(folder) / "results.jsonl"
        try:
            version = version_of({ROOT / each.path for each in possible})
            results = Results(file, version, keep=given.keep)
            _judge_all(chosen, results, file, given)
        except (OtherRun, NotFaithful) as error:
            print(error, file=sys.stderr)
            return 2
    judged = [
        msgspec.structs.replace(results.found[each.key], line=each.line)
        for each in chosen
        if each.key in results.found
    ]
    if len(judged) < len(chosen):
        print(f"{len(judged)} of {len(chosen)} judged; --results {file} goes on from there")
    mutation = summary(given.seed, possible, judged, read_reasons(), given.closed)
    for kind in (GAP, UNEXPLAINED):
        for each in mutation.survivors(kind):
            print(f"{kind}: {each.path}:{each.line}\n    - {each.before}\n    + {each.after}")
    print(f"{mutation.seen} of {mutation.drawn} seen, {mutation.score:.1%} of those in sight")
    if given.json:
        given.json.write_bytes(encode(mutation))
    return 1 if mutation.survivors(UNEXPLAINED) else 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation_contract", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what the mutants are drawn from")
    parser.add_argument("--sample", type=int, default=300, help="how many are drawn")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep results, and go on")
    parser.add_argument("--again", action="store_true", help="judge again what was not seen")
    parser.add_argument(
        "--keep", action="store_true", help="keep results of sources that have changed since"
    )
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument(
        "--closed", type=int, default=0, help="how many were gaps before cases were added for them"
    )
    parser.add_argument("--nice", type=int, default=10)
    return parser.parse_args(words)


def _judge_all(
    chosen: Sequence[Mutant], results: Results, file: Path, given: argparse.Namespace
) -> None:
    until = monotonic() + given.seconds
    left = [each for each in chosen if _is_left(each, results, again=given.again)]
    if not left:
        return
    print(f"{len(left)} mutants; first the fake as it is", flush=True)
    reach = _reach(file)
    for number, mutant in enumerate(left, 1):
        if monotonic() > until:
            return
        verdict = _verdict(mutant, reach, results)
        judged = results.add(mutant, verdict)
        print(
            f"{number}/{len(left)} {judged.seen} {judged.by} {judged.real_seconds} s "
            f"{judged.path}:{judged.line} {judged.after[:60]}",
            flush=True,
        )


def _reach(file: Path) -> Reach:
    """Return which lines each case runs; as it was kept beside the results, if nothing changed."""
    kept = file.with_suffix(".reach.json")
    version = version_of([*ROOT.glob("mockserver/**/*.py"), *ROOT.glob("contracts/**/*.py")])
    if kept.exists():
        found_version, reach = msgspec.json.decode(kept.read_bytes(), type=tuple[str, Reach])
        if found_version == version:
            return reach
    reach = reach_of(mutated_files())
    kept.write_bytes(msgspec.json.encode((version, reach)))
    return reach


def _is_left(mutant: Mutant, results: Results, *, again: bool) -> bool:
    judged = results.found.get(mutant.key)
    return judged is None or (again and judged.seen in UNSEEN)


def _verdict(mutant: Mutant, reach: Reach, results: Results) -> Verdict:
    ids = reach.can_see(mutant)
    if not ids:
        return Verdict(Seen.NOT_REACHED)
    cases = likeliest_first(ids, mutant.path, results.catchers, reach.seconds)
    return judge(mutant, cases, reach.seconds)


if __name__ == "__main__":
    sys.exit(main())
