"""Runs `postbacks verify`: says what will be sent, shows progress and findings, writes reports."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from contracts.cli.github import tell_github
from contracts.cli.keeping import keep_report
from contracts.cli.progress import Bar, bar
from contracts.cli.progress_lines import ProgressLines
from contracts.cli.texts import (
    is_worth_telling,
    show_result,
    write_cases,
    write_not_tried,
    write_result,
    write_story,
    write_summary,
)
from contracts.cli.verify_choices import Choices, cases_of, check_proxy, endpoints_of, rate_of
from contracts.suite.baseline import Baseline, read_baseline
from contracts.suite.generated import Effort, keep_nothing
from contracts.suite.registry import Case, most_requests
from contracts.suite.report.again import replay_command
from contracts.suite.report.formats import comparison_writers, run_writers
from contracts.suite.results import CaseResult, RunReport
from contracts.suite.run import ExitCode, Run, run_suite
from contracts.suite.vocabulary import Need, Status, TargetKind
from contracts.verify.likely_time import ENOUGH_ANSWERS, after_answers, before_a_run, likely_time
from contracts.verify.preflight import begin_counting, probe_remarks
from contracts.verify.stored import ProbeFailed
from contracts.verify.subject import EndpointSubject
from mockserver.cli.output import Output, count, elapsed
from mockserver.cli.process import tell
from mockserver.cli.report_files import files_of, write_file
from mockserver.cli.session import Session
from mockserver.core.durations import format_duration
from mockserver.core.errors import InvalidConfig
from mockserver.net.visible_text import one_line


def verify_endpoints(session: Session, choices: Choices) -> ExitCode:
    """Run the chosen cases against each endpoint, and return what to exit with."""
    files = files_of(choices.reports, run_writers(TargetKind.ENDPOINT))
    is_one = len(choices.urls) == 1
    baseline = read_baseline(Path(choices.baseline)) if choices.baseline else Baseline()
    cases = cases_of(choices)
    endpoints = endpoints_of(choices)
    output = session.output
    if choices.dry_run:
        _write_plan(output, cases, endpoints, choices)
        return ExitCode.PASSED
    check_proxy(choices)
    _check_probe(cases, endpoints[0])
    keep_nothing()
    lines = ProgressLines(is_wanted=choices.progress_lines)
    runs = []
    for endpoint in endpoints:
        run = _run(output, cases, endpoint, choices, baseline, lines)
        runs.append(run)
        if not output.as_json:
            _write(output, run.report, choices)
        keep_report(run.report, "verify", run.exit_code(strict=choices.strict), lines)
        if run.interrupted:
            break
    reports = [run.report for run in runs]
    for format_name, path in files:
        _write_files(format_name, path, reports, is_one=is_one)
    if output.as_json:
        output.document(reports[0] if is_one else {"runs": reports})
    if choices.github:
        for report in reports:
            tell_github(report)
    return max(run.exit_code(strict=choices.strict) for run in runs)


def _run(
    output: Output,
    cases: Sequence[Case],
    endpoint: EndpointSubject,
    choices: Choices,
    baseline: Baseline,
    lines: ProgressLines,
) -> Run:
    _write_banner(output, cases, endpoint, choices)
    _look_at_the_probe(output, cases, endpoint)
    with bar(output, len(cases), is_hidden=lines.is_wanted) as shown:
        watch = _Watch(shown, lines, _most(cases, endpoint), _pause(choices, endpoint))
        endpoint.on_answer = watch.on_answer
        lines.begin(len(cases))
        try:
            return run_suite(
                cases,
                endpoint,
                effort=Effort(choices.seed),
                baseline=baseline,
                on_result=watch.on_result,
                on_case=watch.on_case,
                options=[endpoint.masks.masked(word) for word in choices.again],
            )
        finally:
            endpoint.close()


def _check_probe(cases: Sequence[Case], endpoint: EndpointSubject) -> None:
    """Ask the probe once before anything is sent: its faults must not be the endpoint's.

    Raises:
        InvalidConfig: It cannot be used.
    """
    is_needed = _asks(cases, endpoint)
    # Where nobody listens, a probe of the same server fails as well, and that is no fault of its.
    if endpoint.probe is None or not is_needed or not endpoint.still_answers():
        return
    try:
        begin_counting(endpoint)
    except ProbeFailed as error:
        raise InvalidConfig(f"{error} (--probe; nothing was sent to the endpoint)") from None


def _look_at_the_probe(output: Output, cases: Sequence[Case], endpoint: EndpointSubject) -> None:
    """Send one postback, and say before the first case if the probe does not show it."""
    if endpoint.sent.was_counted_at is None and _asks(cases, endpoint) and endpoint.still_answers():
        # Of several endpoints only the first was asked by now.
        with suppress(ProbeFailed):
            begin_counting(endpoint)
    if endpoint.sent.was_counted_at is None:
        return
    found = probe_remarks(endpoint)
    endpoint.remarks = [*endpoint.remarks, *found]
    for remark in found:
        tell(f"PROBE  {one_line(remark.text)}\n       {one_line(remark.fix)}")


def _asks(cases: Sequence[Case], endpoint: EndpointSubject) -> bool:
    """Return whether any case asks the probe."""
    return any(Need.PROBE in case.needs <= endpoint.capabilities for case in cases)


def _write_banner(
    output: Output, cases: Sequence[Case], endpoint: EndpointSubject, choices: Choices
) -> None:
    """Say what is about to be sent where, before the first request."""
    if not output.as_json:
        for remark in endpoint.remarks:
            output.line(f"URL  {one_line(remark.text)}", "yellow")
            output.line(f"     {one_line(remark.fix)}", "dim")
        if endpoint.remarks:
            output.line()
    # For people, also if the answer is for programs: it goes to stderr.
    output.flush()
    tell(
        f"{count(len(cases), 'case')} against {endpoint.url}\n"
        f"at most {count(_most(cases, endpoint), 'request')}, {_rate(choices, endpoint)}"
        f"{_limit(endpoint)}\n"
        f"{before_a_run(_most(cases, endpoint), _pause(choices, endpoint))}\n"
        f"ids begin with {endpoint.composer.prefix}-; Ctrl-C ends it, with a report"
    )


def _most(cases: Sequence[Case], endpoint: EndpointSubject) -> int:
    """Return the most requests that these cases may send."""
    usable = [case for case in cases if case.needs <= endpoint.capabilities]
    looks = int(_asks(cases, endpoint))
    return min(endpoint.budget.most, looks + most_requests(usable))


def _pause(choices: Choices, endpoint: EndpointSubject) -> timedelta:
    """Return the pause from one request to the next."""
    rate = rate_of(choices, endpoint.resolved_host)
    return timedelta(0) if rate is None else timedelta(seconds=1 / rate)


def _limit(endpoint: EndpointSubject) -> str:
    most = endpoint.time.most
    return "" if most is None else f", within {format_duration(most)}"


def _rate(choices: Choices, endpoint: EndpointSubject) -> str:
    rate = rate_of(choices, endpoint.resolved_host)
    return "as fast as it answers" if rate is None else f"at {rate:g} a second"


#: A run that takes longer is announced once it is known.
_WORTH_TELLING = timedelta(seconds=10)


class _Watch:
    """Shows the case that runs, how long the slowest answer has taken, and how long it will take.

    Args:
        shown: Where.
        lines: Tell a program of each case as well.
        requests: How many are sent at most.
        pause: The pause from one to the next.
    """

    def __init__(self, shown: Bar, lines: ProgressLines, requests: int, pause: timedelta) -> None:
        self._shown = shown
        self._lines = lines
        self._requests, self._pause = requests, pause
        self._slowest = 0.0
        self._first: list[timedelta] = []

    def on_case(self, case: Case) -> None:
        told = f"  slowest {elapsed(self._slowest)}" if self._slowest else ""
        self._shown.show(f"{case.id}{told}")
        self._lines.on_case(case)

    def on_result(self, result: CaseResult) -> None:
        show_result(self._shown, result)
        self._lines.on_result(result)

    def on_answer(self, real_seconds: float) -> None:
        self._slowest = max(self._slowest, real_seconds)
        if len(self._first) < ENOUGH_ANSWERS:
            self._first.append(timedelta(seconds=real_seconds))
            if len(self._first) == ENOUGH_ANSWERS:
                self._tell_how_long()

    def _tell_how_long(self) -> None:
        took, words = after_answers(self._requests, self._pause, self._first)
        # What is over by the time that it is read need not be told.
        if took > _WORTH_TELLING:
            self._shown.tell_anyway(words)


def _write(output: Output, report: RunReport, choices: Choices) -> None:
    for result in report.cases:
        if is_worth_telling(result):
            write_result(output, result, replay_command(result, report.target), again="again")
        elif result.status is Status.PASS and result.steps:
            write_story(output, result)
    write_not_tried(output, report.cases)
    write_summary(output, report)
    _write_answers(output, report)
    output.line()


def _write_answers(output: Output, report: RunReport) -> None:
    latency, traffic = report.latency, report.traffic
    if latency is not None:
        output.line(
            f"answers      {latency.answers}: median {elapsed(latency.p50)}, "
            f"99 % within {elapsed(latency.p99)}, slowest {elapsed(latency.longest)}"
        )
    if traffic is not None:
        stored = len(traffic.stored)
        what = f"; {count(stored, 'id')} may be stored: {traffic.prefix}-*" if stored else ""
        output.line(f"sent         {count(traffic.requests, 'request')}{what}")


def _write_files(
    format_name: str, path: Path, reports: Sequence[RunReport], *, is_one: bool
) -> None:
    """Write a report; of several endpoints one each, and a page with all where there is one."""
    writer = run_writers(TargetKind.ENDPOINT)[format_name]
    if is_one:
        write_file(path, writer(reports[0]))
        return
    together = comparison_writers().get(format_name)
    if together is not None:
        write_file(path, together(reports))
    for number, report in enumerate(reports, 1):
        write_file(path.with_stem(f"{path.stem}-{number}"), writer(report))


def _write_plan(
    output: Output, cases: Sequence[Case], endpoints: Sequence[EndpointSubject], choices: Choices
) -> None:
    if output.as_json:
        output.document([_plan(cases, endpoint, choices) for endpoint in endpoints])
        return
    for endpoint in endpoints:
        _write_banner(output, cases, endpoint, choices)
    shown = []
    for case in cases:
        stores = "stores" if case.stores else "stores nothing"
        shown.append(
            (case, f"{count(case.most_requests, 'request')} at most, {stores}", case.check)
        )
    write_cases(output, shown)
    output.remark("nothing was sent")


def _plan(cases: Sequence[Case], endpoint: EndpointSubject, choices: Choices) -> dict[str, Any]:
    resolved_host = endpoint.resolved_host
    return {
        "url": endpoint.url,
        "addresses": [] if resolved_host is None else list(resolved_host.addresses),
        "most_requests": _most(cases, endpoint),
        "requests_a_second": rate_of(choices, resolved_host),
        "likely_seconds": likely_time(
            _most(cases, endpoint), _pause(choices, endpoint)
        ).total_seconds(),
        "ids_begin_with": f"{endpoint.composer.prefix}-",
        "remarks": list(endpoint.remarks),
        "cases": [
            {
                "id": case.id,
                "most_requests": case.most_requests,
                "stores": case.stores,
                "applies": case.needs <= endpoint.capabilities,
            }
            for case in cases
        ],
    }
