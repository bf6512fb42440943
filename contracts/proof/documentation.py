"""Writes the page that answers "how do you know that the fake behaves like Leanplum?".

`python -m contracts.proof.documentation` makes a whole proof, then writes `docs/contract.md` and
`contracts/last_proof.json`. A test fails when the page is stale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from contracts.proof.catalog import all_deviants
from contracts.proof.drawn import last_draw
from contracts.proof.mutation import EXCUSED, GAP, MutatedFolder, Mutation, last_mutation
from contracts.suite import requirements
from contracts.suite.registry import Case, all_cases, endpoint_cases, provider_cases
from contracts.suite.requirements import Page, Requirement, Requirements
from contracts.suite.vocabulary import CaseKind, Level, Origin

_AREAS = {
    "api": ("The API", "How calls are made, which key opens them, what every answer looks like."),
    "rules": ("Postback rules", "What `addPostback`, `listPostbacks` and `deletePostback` do."),
    "channels": ("Channels", "What a rule listens to, and the ways in which that is written."),
    "events": ("Events", "What can happen, which rules it fires, and its name on the wire."),
    "template": ("The template", "What may stand in a postbackUrl, and how it is filled."),
    "parameters": ("Parameters", "The JSON document that an event carries."),
    "deliver": ("The request", "What is sent, and what counts as an answer."),
    "retry": ("Retries", "What is sent again, when, and when the data is lost."),
}

#: Areas of cases about an endpoint.
_ENDPOINT_AREAS = {
    "reach": ("Reaching it", "Addresses, TLS, connections, redirects."),
    "answer": ("Its answers", "2xx, to everything, in time, and meant."),
    "values": ("The values", "Empty ones, odd ones, long ones, exact ones."),
    "payload": ("Parameters, received", "The JSON document inside the URL."),
    "repeat": ("Duplicates", "The same postback again, as a retry."),
    "store": ("What is stored", "Each event once, and nothing that is none."),
    "load": ("Many at once", "Bursts, and events in any order."),
    "outage": ("Being down", "What the retries save, and what is lost."),
    "recording": ("Recorded postbacks", "Real ones, sent again."),
    "soak": ("For a long time", "What must not get worse."),
}

#: How many fakes are drawn for the page, and from what.
_SEED, _DRAWN = 1, 200

_INTRODUCTION = """\
# The contract

How do you know that this fake behaves like Leanplum? This page is the answer, statement by
statement: what Leanplum's documentation says, which case checks it, and which deliberately broken
fakes prove that the case can fail. It is generated (`python -m contracts.proof.documentation`); a
test fails when it is stale.

- A **statement** is one sentence of a source, in our own words. Its *origin* is `documented` (a
  reference page of Leanplum's says so), `observed` (a captured postback shows it) or `assumed` (all
  sources are silent, and something had to be chosen). Its *level* is MUST for what is documented,
  SHOULD for what is observed, MAY for what is permitted, UNSPECIFIED for what is assumed.
- A **case** checks one or more statements through HTTP, as a user would: it registers rules, lets
  events happen, turns the clock, and looks at what arrives. Where the documentation is silent a
  case accepts several verdicts and names the one it saw.
- A **deviant** is the same fake with one small thing wrong: an eighth retry that is missing, a
  space written as a plus. Each case names deviants that it must catch. A case that catches nothing
  proves nothing.

To run the cases: `python -m pip install '.[contracts]'` in a copy of this repository, then
`postbacks contracts run`. To see the deviants caught: `postbacks contracts prove`, which takes some
minutes. To read about one case: `postbacks contracts explain PB-RULES-CAP`. The same cases run
under pytest, which has to be installed as well: `pytest --pyargs contracts`.
"""


_ENDPOINTS = """\
# What an endpoint has to cope with

What Leanplum does is one half; whoever receives it is the other. These cases are about an endpoint:
`postbacks verify URL_TEMPLATE` puts one through them. MUST is what loses data or makes it wrong,
SHOULD what works today and is at risk. Each follows from statements above, and is proved by broken
endpoints that it must catch, and by good ones that it must not fail.
"""


def contract_page(last_proof: Mapping[str, Sequence[str]]) -> str:
    """Return the whole page as Markdown.

    Args:
        last_proof: The ids of the cases that caught each deviant.
    """
    known = requirements.load()
    parts = [_INTRODUCTION, "\n".join(_figures(known, last_proof)), "\n".join(_sources(known))]
    for area, (title, about) in _AREAS.items():
        cases = [case for case in all_cases() if case.area == area]
        parts.append("\n".join(_area(title, about, cases, known, last_proof)))
    parts.append(_ENDPOINTS)
    for area, (title, about) in _ENDPOINT_AREAS.items():
        cases = [case for case in all_cases() if case.area == area]
        parts.append("\n".join(_area(title, about, cases, known, last_proof)))
    parts.append("\n".join(_unchecked(known)))
    parts.append("\n".join(_deviants(last_proof)))
    parts.append("\n".join(_mutants(last_mutation())))
    return "\n".join(part.rstrip() + "\n" for part in parts)


def write_page(root: Path) -> None:
    """Make a whole proof, then write the page and the file of the proof below `root`.

    Raises:
        SystemExit: The proof has faults; nothing was written.
    """
    from contracts.proof import drawn
    from contracts.proof.drawn import LAST_DRAW, prove_drawn
    from contracts.proof.proof import LAST_PROOF, last_proof, prove, written_down

    proof = prove()
    faults = proof.faults()
    if faults:
        raise SystemExit("nothing was written, because this is no proof:\n" + "\n".join(faults))
    (root / "contracts" / LAST_PROOF).write_bytes(written_down(proof))
    draw = prove_drawn(_SEED, _DRAWN)
    (root / "contracts" / LAST_DRAW).write_bytes(drawn.written_down(draw))
    (root / "docs" / "contract.md").write_text(contract_page(last_proof()), encoding="utf-8")


def _figures(known: Requirements, last_proof: Mapping[str, Sequence[str]]) -> Iterator[str]:
    checked = [row for row in known.statements if row.cases]
    levels = Counter(case.level for case in provider_cases())
    kinds = Counter(case.kind for case in provider_cases())
    yield "## In figures\n"
    yield "| | |"
    yield "|---|---|"
    origins = Counter(row.origin for row in known.statements)
    described = ", ".join(f"{origins[origin]} {origin}" for origin in Origin)
    yield f"| statements | {len(known.statements)}: {described} |"
    without = len(known.statements) - len(checked)
    yield f"| checked by a case | {len(checked)}; the other {without} have a reason |"
    described = ", ".join(f"{levels[level]} {level}" for level in Level if levels[level])
    yield f"| cases | {len(provider_cases())}: {described} |"
    described = ", ".join(f"{kinds[kind]} {kind}" for kind in CaseKind)
    yield f"| kinds of case | {described} |"
    levels = Counter(case.level for case in endpoint_cases())
    described = ", ".join(f"{levels[level]} {level}" for level in Level if levels[level])
    yield f"| cases about an endpoint | {len(endpoint_cases())}: {described} |"
    caught = sum(bool(cases) for cases in last_proof.values())
    yield f"| deviants caught in the last proof | {caught} of {len(all_deviants())} |"
    yield f"| drawn deviants caught in one run | {last_draw().rate} |"
    yield f"| mutants seen, of those that a partner could see | {_score(last_mutation())} |"
    yield ""


def _sources(known: Requirements) -> Iterator[str]:
    yield "## Sources\n"
    yield "| page | statements | read |"
    yield "|---|---|---|"
    for name, page in known.pages.items():
        title = f"[{page.title}]({page.link})" if page.link else page.title
        read = str(page.retrieved or "")
        yield f"| {title} | {len(known.on_page(name))} | {read} |"
    yield ""


def _area(
    title: str,
    about: str,
    cases: Sequence[Case],
    known: Requirements,
    last_proof: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"{about}\n"
    for case in cases:
        yield from _case(case, known, last_proof)


def _case(
    case: Case, known: Requirements, last_proof: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    yield f"### {case.id}\n"
    known_by = "" if case.follows_from else f", {case.origin}"
    yield f"**{_text(case.title)}.** {case.level}{known_by}.\n"
    for row in known.statements:
        if case.id in row.cases or row.id in case.follows_from:
            yield f"- {_text(row.text)} *({_where(row, known.pages)})*"
    yield ""
    yield f"Checked so: {_sentence(case.check)}\n"
    yield f"Why it matters: {_sentence(case.why)}\n"
    caught = [name for name in case.catches if case.id in last_proof.get(name, ())]
    links = ", ".join(f"[{name}](#{name})" for name in caught)
    yield f"Caught in the last proof: {links or 'nothing'}.\n"


def _unchecked(known: Requirements) -> Iterator[str]:
    yield "## Statements without a case\n"
    yield "| statement | source | why no case checks it |"
    yield "|---|---|---|"
    for row in known.statements:
        if row.excluded:
            where = _where(row, known.pages)
            yield f"| {_cell(row.text)} | {_cell(where)} | {_cell(row.excluded)} |"
    yield ""


def _deviants(last_proof: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield "## Deviants\n"
    yield (
        "Each is the fake, or a good endpoint, with one thing changed, and the cases that say they "
        "catch it did.\n"
    )
    yield "| deviant | what it does otherwise | caught by |"
    yield "|---|---|---|"
    for deviant in all_deviants():
        caught = ", ".join(
            f"[{case}](#{case.lower()})" for case in last_proof.get(deviant.name, ())
        )
        anchor = f'<a id="{deviant.name}"></a>{deviant.name}'
        yield f"| {anchor} | {_cell(deviant.change)} | {caught or 'nobody'} |"
    yield "\n## Drawn deviants\n"
    draw = last_draw()
    yield (
        "These are broken in one way that a seed draws when they are tried: a status, a pause, a "
        "length, a set of channels, an event, an instant, an argument and its place. No case can "
        f"know them. One run of the suite caught {draw.rate}; `postbacks contracts prove --drawn "
        "200 --seed N --deviant 'drawn-*'` draws others."
    )
    for each in draw.missed:
        yield f"- Not caught: {_text(each.change)} ({each.name})"


def _mutants(mutation: Mutation) -> Iterator[str]:
    yield "## Mutants\n"
    yield (
        "Deviants are made by those who make the cases. A mutant is made by nobody: one place of "
        "the fake's source is changed (a comparison, a number, a text, a condition, a statement "
        "that is left out), the fake is started with it, and the cases are run from outside, as "
        f"`contracts run` runs them. Seed {mutation.seed} has drawn {mutation.drawn}. Texts of "
        "errors are not changed: no source says how they read, but for `Invalid access key`, which "
        "has a case. "
        f"**The suite has seen {_score(mutation)}**, of those that a partner could see; "
        f"{mutation.closed} of them by cases that were added because of this draw. What a "
        "draw shows as a gap gets a case, so a new draw says more than an old one: `tox -e "
        "mutation-contract -- --seed N`.\n"
    )
    kinds = (*EXCUSED, GAP)
    yield f"| folder | mutants | drawn | seen | {' | '.join(kinds)} |"
    yield "|---|---|---|---|" + "---|" * len(kinds)
    for folder in mutation.folders:
        yield _folder(folder, kinds)
    yield (
        "\nHow they were seen; UNTESTABLE is a case that could not go on because the fake broke, "
        "and fails a run as a deviation does:\n"
    )
    shown: Counter[str] = Counter()
    for folder in mutation.folders:
        shown.update(folder.seen)
    for how, number in sorted(shown.items(), key=lambda item: (-item[1], item[0])):
        yield f"- {how}: {number}"
    for kind, about in EXCUSED.items():
        found = mutation.survivors(kind)
        yield f"\nNot seen, {kind} ({len(found)}): {about}.\n"
        reasons = Counter(each.reason for each in found)
        for reason, number in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
            yield f"- {number}: {_sentence(reason)}"
    found = mutation.survivors(GAP)
    yield f"\nNot seen, although a partner could see them ({len(found)}):\n"
    for each in found:
        yield f"- {_text(each.path)}, line {each.line}: {_sentence(each.reason)}"


def _folder(folder: MutatedFolder, kinds: Sequence[str]) -> str:
    numbers = Counter(each.kind for each in folder.survivors)
    seen = sum(folder.seen.values())
    figures = [folder.possible, folder.drawn, seen, *(numbers[kind] for kind in kinds)]
    return f"| {folder.name} | {' | '.join(map(str, figures))} |"


def _score(mutation: Mutation) -> str:
    return f"{mutation.seen} of {mutation.visible}, {mutation.score:.0%}"


def _where(row: Requirement, pages: Mapping[str, Page]) -> str:
    page = pages[row.page]
    return f"{page.title}: {row.section}, {row.origin}, {row.level}"


def _sentence(text: str) -> str:
    text = _text(text)
    return text if text.endswith((".", "?", ":")) else f"{text}."


def _text(text: str) -> str:
    """Return prose as Markdown, with every sign that would be markup escaped."""
    for character in ("\\", "*", "_", "<", "[", "]"):
        text = text.replace(character, f"\\{character}")
    return text


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


if __name__ == "__main__":
    write_page(Path(__file__).resolve().parents[2])
