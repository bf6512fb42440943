"""What is true of every fault, found in its folder: a new one is tried without a word here."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from mockserver import Sandbox, SocketOptions, doctor
from mockserver.core.errors import InvalidBehaviour
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.receiver import faults
from mockserver.receiver.behaviours import Behaviour, format_script, parse_script
from mockserver.receiver.faults.base import Fault
from mockserver.receiver.faults.registry import all_faults
from mockserver.web.shapes import BehaviourAnswer
from tests.certificates import ca_file_in, server_context

FAULTS = all_faults()

README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)

#: Below, at and above the 30 seconds that an attempt may take.
PAUSES = ("150ms", "29.9s", "30s", "31s")
#: One of every class, the bodiless among them.
STATUSES = (100, 102, 199, 200, 204, 205, 299, 302, 304, 404, 410, 429, 500, 503, 599)


def examples_of(fault: type[Fault]) -> list[str]:
    """Return everything in backticks that its lines in README show."""
    return [item for line in fault.DOCS for item in re.findall(r"`([^`]+)`", str(line))]


def readable(item: Any) -> bool:
    try:
        parse_script([item])
    except InvalidBehaviour:
        return False
    return True


def variants() -> Iterator[Any]:
    """Yield every fault as documented, with each delay, and with each status that it can have."""
    for tag, fault in FAULTS.items():
        for example in examples_of(fault):
            plain = example.partition("@")[0]
            yield from dict.fromkeys((example, *(f"{plain}@{pause}" for pause in PAUSES)))
        needed: dict[str, Any] = {"kind": tag}
        if any(field.name == "location" for field in msgspec.structs.fields(fault)):
            needed["location"] = "https://example.com/"
        if any(field.name == "url" for field in msgspec.structs.fields(fault)):
            # Nobody listens there; `forwarding/test_exchange.py` has endpoints that answer.
            needed["url"] = "http://127.0.0.1:1/"
        for pause in PAUSES:
            yield needed | {"delay": pause}
        if any(field.name == "status" for field in msgspec.structs.fields(fault)):
            yield from (needed | {"status": status} for status in STATUSES)
    yield from (
        # The last byte of the head at 30 seconds, and just before.
        {"kind": "drip", "interval": 30 / head_size("drip")},
        {"kind": "drip", "interval": 29.9 / head_size("drip")},
        {"kind": "drip", "part": "body", "interval": 1.0, "delay": "29s"},
        # Some of the body comes in time, all of it, and none.
        "drip:body@10s", "drip:body@7s", "drip:body@31s",
        {"kind": "status", "body": "b" * 100_000, "headers": [["X-A", "1"]]},
        {"kind": "status", "headers": [["Connection", "close"]], "body_base64": "AAH/"},
        # More than is kept of a body, so that nobody misses the rest.
        {"kind": "truncated", "body": "b" * 65_536},
        {"kind": "truncated", "body": "b" * 65_535},
    )  # fmt: skip


def head_size(script: str) -> int:
    return len(parse_script(script)[0].answer("POST", "").head)


VARIANTS = [item for item in variants() if readable(item)]
every_variant = pytest.mark.parametrize(
    "item", VARIANTS, ids=lambda item: item if isinstance(item, str) else repr(item)[:70]
)


# Three receivers, one result


class Result(NamedTuple):
    """What an attempt came to, as far as it must not depend on how it was sent."""

    kind: OutcomeKind
    status: int | None
    elapsed: timedelta
    error: str | None
    body: bytes
    headers: tuple[tuple[str, str], ...]
    journal: tuple[str | None, int | None, timedelta]


#: How the errors of libcurl, and those in process, begin. It does not tell an interim answer
#: from none.
ERRORS = {
    "no answer within": "timeout",
    "the body of the answer was not finished": "unfinished",
    "the connection was reset": "reset",
    "the connection was closed": "closed",
    "the answer is not HTTP": "not HTTP",
}


def error_class(outcome: Outcome) -> str | None:
    if outcome.error is None:
        return None
    (found,) = (name for start, name in ERRORS.items() if outcome.error.startswith(start))
    return found


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> SocketOptions:
    ca_file = ca_file_in(tmp_path_factory.mktemp("ca"))
    return SocketOptions(tls_context=server_context(), ca_file=ca_file)


def result_of(item: Any, sockets: SocketOptions | None = None) -> Result:
    # A new one each time: on a connection that had served before, libcurl tells a reset like
    # a close, because it is kept from repeating the request.
    with Sandbox(sockets=sockets) as sandbox:
        inbox = sandbox.inbox("in")
        inbox.behave([item])
        sandbox.add_postback(inbox.url)
        (attempt,) = sandbox.trigger("email.open").deliveries[0].attempts
        (request,) = inbox.requests
    outcome = attempt.outcome
    assert outcome.request_id == request.id
    assert request.ended_at is not None
    return Result(
        outcome.kind,
        outcome.status,
        outcome.elapsed,
        error_class(outcome),
        outcome.body,
        outcome.headers,
        (request.end, request.status, request.ended_at - request.arrived_at),
    )


@every_variant
def test_every_receiver_agrees_on_what_becomes_of_an_attempt(item: Any, tls: SocketOptions) -> None:
    alone = result_of(item)
    assert result_of(item, SocketOptions()) == alone
    assert result_of(item, tls) == alone


def test_the_variants_go_beyond_thirty_seconds_and_stay_within_for_every_fault() -> None:
    timeouts = {
        (parse_script([item])[0].tag(), result_of(item).kind is OutcomeKind.TIMEOUT)
        for item in VARIANTS
    }
    # A hang is never in time.
    assert timeouts == {(tag, late) for tag in FAULTS for late in (True, False)} - {("hang", False)}


# What a fault says of itself


def test_every_module_of_the_folder_is_one_fault() -> None:
    modules = {module.name for module in pkgutil.iter_modules(faults.__path__)}
    homes = [fault.__module__.rpartition(".")[2] for fault in FAULTS.values()]
    assert sorted(homes) == sorted(modules - {"base", "checks", "registry"})


@every_fault
def test_readme_has_its_lines(fault: type[Fault]) -> None:
    table = README.partition("## What the receiver can do")[2].partition("\n## ")[0]
    for line in fault.DOCS:
        assert f"\n{line}\n" in table


def test_readme_has_no_other_lines() -> None:
    table = README.partition("## What the receiver can do")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    assert sorted(rows) == sorted(str(line) for fault in FAULTS.values() for line in fault.DOCS)


@every_fault
def test_its_examples_are_examples_of_it(fault: type[Fault]) -> None:
    for example in examples_of(fault):
        assert type(parse_script(example)[0]) is fault


@every_fault
def test_the_doctor_checks_it_and_sees_it(
    fault: type[Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = fault.checks()
    assert checks
    assert set(checks) <= set(doctor.CHECKS)
    monkeypatch.setattr(doctor, "CHECKS", checks)
    results = [(result.name, result.passed) for result in doctor.run_checks()]
    assert results == [(check.name, True) for check in checks]


@every_fault
def test_an_unknown_name_is_told_how_it_is_written(fault: type[Fault]) -> None:
    with pytest.raises(InvalidBehaviour) as caught:
        parse_script("bang")
    for form in fault.FORMS:
        assert f"{form}, " in str(caught.value) or f"{form}; " in str(caught.value)


def test_json_is_described_for_every_fault() -> None:
    described = msgspec.json.schema(BehaviourAnswer)["$defs"]["BehaviourAnswer"]
    kinds = described["properties"]["script"]["items"]["discriminator"]["mapping"]
    assert set(kinds) == set(FAULTS)


# Written and read back


@every_variant
def test_json_reads_back_as_it_was(item: Any) -> None:
    script = parse_script([item])
    assert parse_script(msgspec.json.decode(msgspec.json.encode(script))) == script
    answer = BehaviourAnswer("in", "http://x/", format_script(script), list(script))
    again = msgspec.json.decode(msgspec.json.encode(answer), type=BehaviourAnswer)
    assert again.script == list(script)


@every_variant
def test_shorthand_reads_back_as_it_was(item: Any) -> None:
    script = parse_script([item])
    again = parse_script(format_script(script))
    assert format_script(again) == format_script(script)
    assert [type(each) for each in again] == [type(each) for each in script]
    if isinstance(item, str):
        assert [values_of(each) for each in again] == [values_of(each) for each in script]


def values_of(behaviour: Behaviour) -> dict[str, Any]:
    """Return the fields; durations, which can be written in several ways, by their value."""
    names = [field.name for field in msgspec.structs.fields(behaviour)]
    values = {name: getattr(behaviour, name) for name in names} | {"delay": behaviour.delay_time}
    return values | {behaviour.PAUSE: behaviour.pause_time}
