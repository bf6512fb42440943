"""`postbacks verify`: what is refused before anything is sent, what is shown, what is written."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from contracts.cli import verify_choices
from contracts.cli.texts import write_summary
from contracts.suite import results
from contracts.suite.registry import endpoint_cases
from contracts.suite.results import RunReport, summarise
from contracts.suite.vocabulary import Need, Profile, Status
from contracts.verify import expectations
from mockserver import Sandbox, SocketOptions
from mockserver.cli.output import Output
from mockserver.cli.process import ending_signals
from mockserver.cli.root import root
from mockserver.core.catalog import event_kinds
from mockserver.transport import resolved_host
from mockserver.web.server import ApiServer
from tests.contracts.suite.report import samples

QUERY = "?user={{User ID}}&device={{Device ID}}&event={{Message event}}&at={{Trigger time}}"
NOBODY = f"http://127.0.0.1:1/in{QUERY}"
SECRET = "s3cr3t/with+signs"

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Partner:
    """An endpoint that accepts, and remembers the requests it got."""

    def __init__(self, status: str = "204 No Content") -> None:
        self.status = status
        self.refuses: tuple[str, ...] = ()
        self.forgets_from = 1_000_000
        self.got: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/count":
            start_response("200 OK", [])
            return [str(len(self.got)).encode()]
        query = parse_qs(environ["QUERY_STRING"])
        if query.get("event", [""])[0] in self.refuses:
            start_response("400 Bad Request", [])
            self.got.append(environ)
            return []
        if len(self.got) < self.forgets_from:
            self.got.append(environ)
        start_response(self.status, [])
        return []

    def queries(self) -> list[dict[str, list[str]]]:
        return [parse_qs(each["QUERY_STRING"], keep_blank_values=True) for each in self.got]


@contextmanager
def serving(app: WsgiApp) -> Iterator[str]:
    server = ApiServer(app)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def partner() -> Partner:
    return Partner()


@pytest.fixture
def url(partner: Partner) -> Iterator[str]:
    with serving(partner) as origin:
        yield f"{origin}/in{QUERY}"


def verify(*arguments: object, **environment: str) -> Result:
    words = ["verify", *map(str, arguments)]
    result = CliRunner().invoke(root, words, env={"COLUMNS": "80"} | environment)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def report_of(*arguments: object) -> RunReport:
    return results.decode(verify(*arguments, "--json").stdout.encode())


def refused(code: int, *arguments: object) -> str:
    """Return the one line that is all that is said."""
    result = verify(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr.removeprefix("postbacks: ").rstrip("\n")


# Before anything is sent


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("localhost/in", "addPostback would refuse this URL: postbackUrl must be absolute"),
        ("http://127.0.0.1/{{Usr ID}}", "unknown value {{Usr ID}}"),
        ("http://127.0.0.1/{{user id}}", "write {{User ID}}"),
        ("http://{{User ID}}.example/in", "placeholders may stand in the path"),
    ],
)
def test_a_url_that_leanplum_would_refuse_is_refused(template: str, message: str) -> None:
    assert message in refused(2, template)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rate", "fast"], "--rate takes requests a second like 5/s, got 'fast'"),
        (["--rate", "0/s"], "--rate takes requests a second"),
        (["--header", "X-Gateway"], "--header takes NAME=VALUE like X-Gateway=1"),
        (["--header", "X Y=1"], "--header takes NAME=VALUE"),
        (["--header", "X=a\nb"], "--header X: the value has to be printable ASCII"),
        (["--channels", "Emial"], "did you mean 'Email'?"),
        (["--event", "email.clik"], "did you mean 'email.click'"),
        (["--event", "push.open", "--channels", "Email"], "push.open does not fire a rule"),
        (["--down-command", "true"], "--down-command and --up-command go together"),
        (["--down-command", "true", "--up-command", "true", "--ask"], "keep one"),
        (["--outage", "soon"], "--outage: 'soon' is no duration"),
        (["--outage", "0s"], "--outage takes a duration like 4h"),
        (["--report", "pdf=x"], "--report takes FORMAT=FILE with one of"),
        (["--report", "html=/nowhere/x"], "cannot write the report /nowhere/x"),
        (["--observe", "/nowhere/x"], "cannot read the recording /nowhere/x"),
        (["--probe", " "], "--probe takes a URL or a command, and got nothing"),
        (["--ca-file", "/nowhere/x"], "--ca-file /nowhere/x: there is no such file"),
        (["--ca-file", __file__], "it takes certificates as PEM"),
        (["--proxy", "squid"], "--proxy takes a URL like http://127.0.0.1:8080, got 'squid'"),
        (["--proxy", "http://[::1"], "--proxy takes a URL like"),
        (["--type", "abTestEvents", "--event", "push.open"], "see --type and --channels"),
        (["--case", "PB-REPAET-ONCE"], "did you mean 'PB-REPEAT-ONCE'"),
        (["--case", "PB-RETRY-COUNT"], "no case is left"),
        (["--concurrency", "1"], "1 is not in the range"),
        (["--max-requests", "0"], "0 is not in the range"),
        (["--profile", "slow"], "'slow' is not one of"),
    ],
)
def test_an_option_that_cannot_be_is_told_in_a_line(options: list[str], message: str) -> None:
    assert message in refused(2, NOBODY, *options)


def test_without_a_url_the_usage_is_told() -> None:
    assert "URL_TEMPLATE" in refused(2)


def test_another_host_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolved_host, "system_addresses", lambda host, port: ["203.0.113.7"])
    told = refused(2, f"https://partner.example/in{QUERY}")
    assert told.endswith("say --allow-host partner.example")
    named = f"https://partner.example/in{QUERY}", "--allow-host", "other.example"
    assert "say --allow-host partner.example" in refused(2, *named)


@pytest.mark.parametrize("address", ["169.254.169.254", "[fe80::1]", "100.100.100.200", "0.0.0.0"])
def test_nothing_is_ever_sent_to_some_addresses(address: str) -> None:
    told = refused(2, f"http://{address}/in", "--allow-host", address.strip("[]"))
    assert told.endswith("nothing is ever sent there")


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolved_host, "system_addresses", lambda host, port: [])
    assert refused(3, "http://nowhere.invalid/in").startswith("the host nowhere.invalid has no")


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(url: str, partner: Partner) -> None:
    result = verify(url, "--dry-run")
    assert result.exit_code == 0
    assert partner.got == []
    assert result.stderr.endswith("nothing was sent\n")
    usual = [case for case in endpoint_cases() if case.profile is Profile.QUICK]
    for case in usual:
        assert (f"{case.id} " in result.stdout) == (Need.RECORDING not in case.needs)
    assert "stores nothing" in result.stdout
    assert "at most" in result.stderr
    assert "ids begin with postbacks-verify-" in result.stderr
    assert max(map(len, result.stderr.replace(url, "").splitlines())) <= 80


def test_a_dry_run_as_json(url: str, partner: Partner) -> None:
    (plan,) = json.loads(verify(url, "--dry-run", "--json", "--rate", "30/m").stdout)
    assert partner.got == []
    assert plan["url"] == url
    assert plan["addresses"] == ["127.0.0.1"]
    assert plan["requests_a_second"] == 0.5
    assert 100 < plan["most_requests"] <= 600
    assert {case["id"] for case in plan["cases"] if not case["stores"]} == {
        "PB-REACH-TLS-EXPIRY",
        "PB-REACH-TLS-VERSION",
        "PB-STORE-ALL",
        "PB-ANSWER-ALL-MEANT",
    }


def test_the_rate_beyond_this_machine_is_careful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolved_host, "system_addresses", lambda host, port: ["203.0.113.7"])
    elsewhere = f"https://partner.example/in{QUERY}"
    result = verify(elsewhere, "--allow-host", "partner.example", "--dry-run")
    assert "at 5 a second" in result.stderr
    monkeypatch.undo()
    assert "as fast as it answers" in verify(NOBODY, "--dry-run").stderr


# A run


def test_an_endpoint_that_does_everything_right(url: str, partner: Partner) -> None:
    result = verify(url, "--case", "answer", "--case", "PB-VALUES-EMPTY")
    assert result.exit_code == 0, result.output
    assert "conformance  7 of 7 MUST passed" in result.stdout
    assert "answers      " in result.stdout
    assert "ids may be stored: postbacks-verify-" in result.stdout
    users = [query["user"][0] for query in partner.queries()]
    assert all(user.startswith("postbacks-verify-") for user in users if user)
    assert {each["REQUEST_METHOD"] for each in partner.got} == {"POST"}


def test_what_fails_is_told_with_a_line_that_shows_it_again(url: str, partner: Partner) -> None:
    partner.status = "404 Not Found"
    result = verify(url, "--case", "PB-ANSWER-POST")
    assert result.exit_code == 1
    assert "FAIL  PB-ANSWER-POST  MUST" in result.stdout
    assert "Leanplum drops the data at once" in " ".join(result.stdout.split())
    (line,) = (each for each in result.stdout.splitlines() if each.startswith("  curl"))
    assert "-X POST" in line
    assert url.partition("?")[0] in line
    assert f"postbacks verify '{url}' --case PB-ANSWER-POST" in result.stdout


def test_the_banner_stands_before_an_answer_in_json_as_well(url: str) -> None:
    result = verify(url, "--case", "PB-ANSWER-POST", "--json")
    assert "1 case against" in result.stderr
    assert json.loads(result.stdout)["cases"][0]["status"] == "PASS"


def test_a_proxy_that_is_not_there_is_told_as_such(url: str, partner: Partner) -> None:
    told = verify(url, "--proxy", "http://127.0.0.1:1")
    assert told.exit_code == 3
    assert told.stderr.startswith("postbacks: nobody listens at --proxy 127.0.0.1")
    assert partner.got == []


def test_a_5xx_is_told_to_be_tried_again(url: str, partner: Partner) -> None:
    partner.status = "503 Service Unavailable"
    told = " ".join(verify(url, "--case", "PB-ANSWER-POST").stdout.split())
    assert "Leanplum tries again 1, 3, 7, 15, ... hours after the first attempt" in told
    assert "if that of 65 hours fails" in told


def test_nobody_listens() -> None:
    result = verify(NOBODY)
    assert result.exit_code == 3
    assert "FAIL  PB-REACH-CONNECT" in result.stdout
    assert "the target stopped answering" in result.stdout


def test_warnings_fail_the_run_if_they_shall(url: str, partner: Partner) -> None:
    class Strict(Partner):
        def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            long = len(environ["QUERY_STRING"]) > 4000
            self.status = "414 URI Too Long" if long else "204 No Content"
            return super().__call__(environ, start_response)

    with serving(Strict()) as origin:
        words = (f"{origin}/in{QUERY}", "--case", "PB-VALUES-LONG-URL")
        assert verify(*words).exit_code == 0
        assert verify(*words, "--strict").exit_code == 1


def test_a_budget_is_kept(url: str, partner: Partner) -> None:
    result = verify(url, "--max-requests", "7")
    assert len(partner.got) == 7
    assert result.exit_code == 1
    assert "as many requests were sent as a run may send; see --max-requests" in result.stdout
    assert "sent         7 requests" in result.stdout


def test_the_profiles_hold_one_another(url: str) -> None:
    ids = {
        profile: {
            case["id"]
            for case in json.loads(verify(url, "--dry-run", "--json", "--profile", profile).stdout)[
                0
            ]["cases"]
        }
        for profile in ("quick", "full", "soak")
    }
    assert ids["quick"] < ids["full"] < ids["soak"]
    assert ids["full"] - ids["quick"] == {"PB-VALUES-ANY"}
    assert ids["soak"] - ids["full"] == {"PB-SOAK-STEADY"}


def test_a_soak_goes_on_until_the_budget_is_spent(url: str, partner: Partner) -> None:
    report = report_of(url, "--case", "soak", "--profile", "soak", "--max-requests", "60")
    assert [case.status for case in report.cases] == [Status.PASS]
    assert len(partner.got) == 60
    assert len({query["event"][0] for query in partner.queries()}) > 5


def test_a_quick_run_is_all_that_is_needed_every_day(url: str) -> None:
    report = report_of(url)
    assert report.summary.must_passed == report.summary.must_applicable > 10
    assert report.traffic is not None
    assert 90 < report.traffic.requests < 300


# What users lend to a run


def test_a_probe_that_counts_finds_what_is_counted_twice(
    url: str, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expectations, "SETTLING_REAL_SECONDS", 0.3)
    probe = url.partition("/in")[0] + "/count"
    report = report_of(url, "--probe", probe, "--case", "PB-REPEAT-ONCE", "--case", "PB-STORE-ONCE")
    found = {case.id: case for case in report.cases}
    assert found["PB-STORE-ONCE"].status is Status.PASS
    deviation = found["PB-REPEAT-ONCE"].deviation
    assert deviation is not None
    assert (deviation.expected, deviation.actual) == ("1", "3")


def test_a_probe_that_counts_fails_nobody_for_what_it_cannot_tell(url: str) -> None:
    probe = url.partition("/in")[0] + "/count"
    report = report_of(url, "--probe", probe, "--case", "PB-VALUES-EXACT")
    (case,) = report.cases
    assert case.status is Status.SKIP
    assert case.reason == "the probe only counts; values are compared if it answers entries"


def test_a_probe_may_be_a_command(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expectations, "SETTLING_REAL_SECONDS", 0.0)
    script = tmp_path / "count.py"
    script.write_text("import sys; print(sys.argv[1])")
    probe = f"{sys.executable} {script} {{prefix}}"
    report = report_of(url, "--probe", probe, "--case", "PB-STORE-ONCE")
    (case,) = report.cases
    # It answers one line, whatever is sent: nothing more is stored.
    assert case.deviation is not None
    assert case.deviation.actual == "not stored"


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ("false", "the probe 'false' ended with 1"),
        ("/no/such/program", "the probe '/no/such/program' ended with 127: "),
        ("echo '{}'", "the probe \"echo '{}'\" answered '{}'"),
        ("http://127.0.0.1:1/stored", "the probe http://127.0.0.1:1/stored did not answer"),
    ],
)
def test_a_wrong_probe_is_told_before_anything_is_sent(
    url: str, partner: Partner, probe: str, said: str
) -> None:
    line = refused(2, url, "--probe", probe)
    assert line.startswith(said)
    assert line.endswith("(--probe; nothing was sent to the endpoint)")
    assert partner.got == []


def test_a_probe_is_not_asked_where_no_case_needs_it(url: str) -> None:
    assert verify(url, "--probe", "false", "--case", "PB-ANSWER-POST").exit_code == 0
    assert verify(url, "--probe", "false", "--dry-run").exit_code == 0


def test_where_nobody_listens_the_probe_is_not_blamed() -> None:
    result = verify(NOBODY, "--probe", "http://127.0.0.1:1/stored")
    assert result.exit_code == 3


@pytest.mark.parametrize("probe", ["true", "echo 7", "echo '[]'", "echo postbacks-verify-of-old"])
def test_a_probe_that_shows_nothing_is_one_failure_and_not_one_a_case(
    url: str, probe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expectations, "SETTLING_REAL_SECONDS", 0.1)
    report = report_of(url, "--probe", probe)
    statuses = [case.status for case in report.cases]
    (failed,) = [case for case in report.cases if case.status is Status.FAIL]
    assert failed.deviation is not None
    assert "does it look where the endpoint stores?" in failed.deviation.why
    untestable = [case for case in report.cases if case.status is Status.UNTESTABLE]
    assert len(untestable) > 5
    assert all("has shown nothing of what this run sent" in case.reason for case in untestable)
    assert Status.ERROR not in statuses


def test_a_probe_that_does_show_something_is_not_doubted(url: str, partner: Partner) -> None:
    probe = url.partition("/in?")[0] + "/count"
    partner.forgets_from = 3
    report = report_of(url, "--probe", probe, "--case", "PB-STORE-ONCE", "--case", "PB-REPEAT-ONCE")
    told = [case.deviation.why for case in report.cases if case.deviation is not None]
    assert told
    assert not any("does it look" in why for why in told)
    assert all(case.status is not Status.UNTESTABLE for case in report.cases)


def test_a_probe_may_have_pipes(url: str) -> None:
    code = "import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
    asks = f"{sys.executable} -c '{code}' {url.partition('/in?')[0]}/count"
    result = verify(url, "--probe", f"{asks} | cat", "--case", "PB-STORE-ONCE")
    assert result.exit_code == 0, result.stdout


# Events


def test_every_refused_event_is_told_in_one_run(url: str, partner: Partner) -> None:
    partner.refuses = ("Bounce", "View")
    (case,) = report_of(url, "--case", "PB-ANSWER-EVENTS").cases
    assert case.status is Status.FAIL
    assert case.deviation is not None
    assert case.deviation.actual.startswith("400: email.bounce, in-app.")
    assert case.deviation.actual.endswith(", in-app.banner.view")
    assert case.deviation.why.startswith("7 events refused; ")
    assert "email.click" not in case.deviation.actual
    assert "drops the data at once" in case.deviation.why
    assert len(partner.got) == len(event_kinds()) - 1


@pytest.mark.parametrize(
    "header",
    [
        "Content-Length=5",
        "content-length=0",
        "Transfer-Encoding=chunked",
        "Host=elsewhere.example",
        "Connection=close",
        "Keep-Alive=timeout=5",
        "Expect=100-continue",
        "TE=trailers",
        "Trailer=X-A",
        "Upgrade=h2c",
        "Proxy-Authorization=Basic abc",
        "Proxy-Connection=close",
        "X-Gateway=",
        "X-Gateway= ",
    ],
)
def test_a_header_that_the_exchange_depends_on_is_refused(header: str) -> None:
    assert refused(2, NOBODY, "--header", header).startswith("--header ")


@pytest.mark.parametrize("count", [1, 40])
def test_the_last_screen_names_what_failed(count: int) -> None:
    failed = [
        msgspec.structs.replace(samples.REFUSED, id=f"PB-VALUES-NUMBER-{number}")
        for number in range(count)
    ]
    report = msgspec.structs.replace(samples.ENDPOINT, cases=failed, summary=summarise(failed))
    written = io.StringIO()
    output = Output(as_json=False)
    output.console.file = written
    write_summary(output, report)
    last = written.getvalue().splitlines()
    assert len(last) < 20
    assert max(map(len, last)) <= 80
    shown = "\n".join(last)
    assert f"not passed   {count} FAIL" in shown
    assert "FAIL       PB-VALUES-NUMBER-0" in shown
    assert ("and 28 more" in " ".join(shown.split())) == (count == 40)


def test_no_line_is_broken_within_a_word(url: str, partner: Partner) -> None:
    partner.status = "500 Server Error"
    shown = verify(url, "--case", "PB-ANSWER-POST").stdout
    (line,) = [line for line in shown.splitlines() if line.strip().startswith("http://127")]
    assert line.strip().count("&") == 3


def test_the_event_that_is_kept_is_sent(url: str, partner: Partner) -> None:
    verify(url, "--event", "push.open", "--case", "PB-ANSWER-POST")
    assert [query["event"] for query in partner.queries()] == [["Open"]]


def test_channels_narrow_what_is_sent(url: str, partner: Partner) -> None:
    verify(url, "--channels", "[Push Notification]", "--case", "PB-ANSWER-EVENTS")
    sent = [query["event"][0] for query in partner.queries()]
    assert sent == ["Send", "Open", "Held Back"]


def test_an_ab_test_has_one_event(partner: Partner) -> None:
    with serving(partner) as origin:
        template = f"{origin}/in?test={{{{AB test ID}}}}&user={{{{User ID}}}}"
        result = verify(template, "--type", "abTestEvents", "--case", "PB-ANSWER-*")
    assert result.exit_code == 0, result.output
    assert {len(query["test"][0]) for query in partner.queries()} == {16}


def test_headers_are_sent_and_hidden(url: str, partner: Partner) -> None:
    result = verify(url, "--header", f"X-Gateway={SECRET}", "--case", "PB-ANSWER-POST", "--json")
    assert partner.got[0]["HTTP_X_GATEWAY"] == SECRET
    assert SECRET not in result.stdout
    report = results.decode(result.stdout.encode())
    assert ("X-Gateway", "$POSTBACKS_SECRET_1") in report.cases[0].exchanges[0].headers
    assert "headers-added" in {remark.code for remark in report.remarks}


def test_secrets_in_the_url_are_hidden_everywhere(
    url: str, partner: Partner, tmp_path: Path
) -> None:
    partner.status = "500 Oops"
    files = {name: tmp_path / name for name in ("html", "json", "junit", "md", "pact", "har")}
    words = [word for name, path in files.items() for word in ("--report", f"{name}={path}")]
    result = verify(f"{url}&token=hunter2hunter2&key=a1", "--case", "PB-ANSWER-POST", *words)
    assert partner.queries()[0]["token"] == ["hunter2hunter2"]
    texts = [result.stdout, result.stderr, *(path.read_text() for path in files.values())]
    assert [text for text in texts if "hunter2" in text or "key=a1" in text] == []
    assert '"${POSTBACKS_SECRET_1}"' in result.stdout
    assert "URLs stand in the logs" in result.stdout


def test_what_was_recorded_is_sent_instead(url: str, partner: Partner, tmp_path: Path) -> None:
    recorded = tmp_path / "recorded.jsonl"
    lines = [{"method": "POST", "url": f"https://x.example/p?user=u{n}&event=Open"} for n in (1, 2)]
    recorded.write_text("\n".join(map(json.dumps, lines)))
    report = report_of(url, "--observe", recorded)
    assert [case.id for case in report.cases] == ["PB-RECORDING-ANSWERED", "PB-RECORDING-AGAIN"]
    assert [query["user"][0] for query in partner.queries()] == ["u1", "u2", "u1", "u1"]
    assert {each["PATH_INFO"] for each in partner.got} == {"/in"}


def test_of_a_long_recording_as_much_is_sent_as_the_budget_allows(
    url: str, partner: Partner, tmp_path: Path
) -> None:
    lines = [{"method": "POST", "url": f"/p?user=u{number}"} for number in range(9)]
    (tmp_path / "recorded").write_text("\n".join(map(json.dumps, lines)))
    report = report_of(url, "--observe", tmp_path / "recorded", "--max-requests", "6")
    assert [case.status for case in report.cases] == [Status.PASS, Status.PASS]
    users = [query["user"][0] for query in partner.queries()]
    assert users == ["u0", "u1", "u2", "u3", "u0", "u0"]


def test_the_same_secret_in_two_places_is_one_variable(url: str) -> None:
    template = f"{url}&token=hunter2hunter2&key=hunter2hunter2"
    report = report_of(template, "--case", "PB-ANSWER-POST")
    assert report.target.url.endswith("&token=$POSTBACKS_SECRET_1&key=$POSTBACKS_SECRET_1")


def test_what_a_sandbox_prints_is_a_recording(url: str, partner: Partner, tmp_path: Path) -> None:
    with Sandbox(sockets=SocketOptions()) as sandbox, _control(sandbox) as control:
        sandbox.add_postback(f"{sandbox.receiver_url}/inbox/crm?user={{{{User ID}}}}")
        sandbox.trigger("email.click", user_id="ada")
        for words in (["deliveries"], ["inbox", "crm"]):
            printed = CliRunner().invoke(root, [*words, "--json", "--url", control])
            (tmp_path / "recorded").write_text(printed.stdout)
            partner.got.clear()
            assert verify(url, "--observe", tmp_path / "recorded").exit_code == 0
            assert {query["user"][0] for query in partner.queries()} == {"ada"}


@contextmanager
def _control(sandbox: Sandbox) -> Iterator[str]:
    from mockserver.web.app import create_app

    with serving(create_app(sandbox).wsgi_app) as origin:
        yield origin


def test_an_endpoint_is_taken_down_and_up(url: str, tmp_path: Path) -> None:
    story = tmp_path / "story"
    words = [
        "--down-command",
        f"echo down >> {story}",
        "--up-command",
        f"echo up >> {story}",
        "--case",
        "PB-OUTAGE-RETRIED",
    ]
    report = report_of(url, *words)
    assert story.read_text().split() == ["down", "up"]
    # It was not down at all, which is what is told.
    assert report.cases[0].deviation is not None
    assert report.cases[0].deviation.actual == "204"


def test_an_operator_who_fails_is_told(url: str) -> None:
    words = ("--down-command", "exit 7", "--up-command", "true", "--case", "PB-OUTAGE-RETRIED")
    (case,) = report_of(url, *words).cases
    assert case.status is Status.UNTESTABLE
    assert "--down-command ended with 7" in case.reason


def test_known_deviations_do_not_fail_the_run(url: str, partner: Partner, tmp_path: Path) -> None:
    partner.status = "404 Not Found"
    baseline = tmp_path / "baseline.toml"
    baseline.write_text(
        '[[deviation]]\ncase = "PB-ANSWER-POST"\ntarget = "partner"\nreason = "known"\n'
        "expires = 2100-01-01\n"
    )
    words = (url, "--case", "PB-ANSWER-POST", "--baseline", baseline)
    assert verify(*words).exit_code == 0
    partner.status = "204 No Content"
    assert verify(*words).exit_code == 1


# Reports


def test_every_report_is_written(url: str, tmp_path: Path) -> None:
    formats = ("html", "json", "junit", "md", "pact", "har")
    words = [word for name in formats for word in ("--report", f"{name}={tmp_path / name}")]
    assert verify(url, "--case", "PB-ANSWER-EVENTS", *words).exit_code == 0
    assert len(results.decode((tmp_path / "json").read_bytes()).cases[0].exchanges) == 32
    assert len(json.loads((tmp_path / "pact").read_text())["interactions"]) > 10
    assert len(json.loads((tmp_path / "har").read_text())["log"]["entries"]) == 32


def test_several_endpoints_are_shown_side_by_side(url: str, tmp_path: Path) -> None:
    with serving(Partner("400 Bad Request")) as origin:
        other = f"{origin}/in{QUERY}"
        words = ["--case", "PB-ANSWER-POST"]
        for name in ("html", "md", "json"):
            words += ["--report", f"{name}={tmp_path / f'all.{name}'}"]
        result = verify(url, other, *words)
        both = json.loads(verify(url, other, *words[:2], "--json").stdout)
    assert result.exit_code == 1
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(
        [
            "all.html",
            "all.md",
            *(f"all-{n}.{name}" for n in (1, 2) for name in ("html", "md", "json")),
        ]
    )
    page = (tmp_path / "all.html").read_text()
    assert "PB-ANSWER-POST" in page
    assert [run["cases"][0]["status"] for run in both["runs"]] == ["PASS", "FAIL"]


def test_a_workflow_is_annotated(
    url: str, partner: Partner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    partner.status = "400 Bad Request"
    result = verify(url, "--case", "PB-ANSWER-POST", "--github")
    assert "::error" in result.stderr
    assert "PB-ANSWER-POST" in (tmp_path / "summary").read_text()


# An interrupt


@pytest.mark.parametrize("number", ending_signals())
def test_an_interrupt_ends_a_run_at_once_and_keeps_what_was_found(
    number: signal.Signals, tmp_path: Path
) -> None:
    written = tmp_path / "report.json"
    with Sandbox(sockets=SocketOptions()) as sandbox:
        inbox = sandbox.inbox("slow")
        # The first two answer, the third never does in the time of this test.
        inbox.behave("200*2,200@25s")
        template = f"{inbox.url}{QUERY}"
        command = [sys.executable, "-m", "mockserver", "verify", template]
        command += ["--report", f"json={written}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            inbox.wait_for(3, timeout_real_seconds=20)
            process.send_signal(number)
            began = time.perf_counter()
            _, said = process.communicate(timeout=20)
            took = time.perf_counter() - began
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 130, said
    report = results.decode(written.read_bytes())
    assert report.incomplete.startswith("interrupted after")
    assert took < 3, "a second, and room for a busy machine"


@pytest.mark.parametrize("number", ending_signals())
def test_an_endpoint_that_was_taken_down_is_taken_up_whatever_signal_ends_the_run(
    url: str, number: signal.Signals, tmp_path: Path
) -> None:
    down, up, written = tmp_path / "down", tmp_path / "up", tmp_path / "report.json"
    command = [sys.executable, "-m", "mockserver", "verify", url, "--case", "PB-OUTAGE-*"]
    command += ["--down-command", f"touch {down}; sleep 60", "--up-command", f"touch {up}"]
    process = subprocess.Popen(
        [*command, "--report", f"json={written}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        ends = time.monotonic() + 20
        while not down.exists():
            assert time.monotonic() < ends
            time.sleep(0.02)
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130, said
    assert up.exists()
    assert results.decode(written.read_bytes()).incomplete == "interrupted after 0 of 2 cases"


# The list of cases


def test_the_cases_are_listed_and_explained() -> None:
    listed = CliRunner().invoke(root, ["contracts", "list", "--target", "partner"])
    assert listed.exit_code == 0
    for case in endpoint_cases():
        assert case.id in listed.stdout
        explained = CliRunner().invoke(root, ["contracts", "explain", case.id])
        assert explained.exit_code == 0, explained.output
        assert f"postbacks verify URL_TEMPLATE --case {case.id}" in explained.stderr


def test_a_run_of_the_contracts_sends_nobody_to_an_endpoint() -> None:
    result = CliRunner().invoke(root, ["contracts", "run", "--target", "partner"])
    assert result.exit_code == 2
    assert "postbacks verify URL_TEMPLATE" in result.stderr


def test_ctrl_c_ends_the_run_where_somebody_is_asked(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def interrupted(text: str, **_: object) -> None:
        asked.append(text)
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            # What click does.
            raise click.Abort from None

    monkeypatch.setattr(click, "prompt", interrupted)
    result = verify(url, "--ask", "--case", "PB-OUTAGE-*")
    assert result.exit_code == 130
    assert "interrupted after 0 of 2 cases" in result.stdout
    # It may have been taken down by then.
    assert [text.partition(",")[0] for text in asked] == [
        "take the endpoint down now",
        "take the endpoint up again",
    ]


def test_who_asks_where_nobody_answers_is_told(url: str) -> None:
    (case,) = report_of(url, "--ask", "--case", "PB-OUTAGE-RETRIED").cases
    assert case.status is Status.UNTESTABLE
    assert "nobody is there to answer (stdin has ended); give --down-command" in case.reason


def test_what_an_outage_loses_is_told_although_nothing_is_wrong(
    url: str, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Switch:
        def __init__(self, *_: str) -> None:
            self.description = "a switch"

        def down(self) -> None:
            partner.status = "503 Service Unavailable"

        def up(self) -> None:
            partner.status = "204 No Content"

    monkeypatch.setattr(verify_choices, "CommandOperator", Switch)
    words = ("--down-command", "x", "--up-command", "x", "--outage", "100h")
    result = verify(url, *words, "--case", "PB-OUTAGE-RECOVERED")
    assert result.exit_code == 0
    assert "PASS  PB-OUTAGE-RECOVERED" in result.stdout
    assert "event of +0s: lost, all ten attempts met the outage" in result.stdout


# How long it takes


@pytest.mark.parametrize(("delay", "told"), [(0.0, False), (0.06, True)])
def test_the_likely_time_is_told_and_kept(
    partner: Partner, url: str, delay: float, told: bool
) -> None:
    def takes_its_time(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        time.sleep(delay)
        return partner(environ, start_response)

    with serving(takes_its_time) as origin:
        cases = ("PB-VALUES-CHARACTERS", "PB-ANSWER-EVENTS", "PB-VALUES-WEEK", "PB-LOAD-BURST")
        words = [word for case in cases for word in ("--case", case)]
        result = verify(f"{origin}/in{QUERY}", *words)
    assert result.exit_code == 0, result.output
    assert "likely done in 3 s, or in" in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("an answer takes")]
    assert len(lines) == told
    if told:
        likely = float(lines[0].partition("likely done in ")[2].split()[0])
        # What answers take one after the other; those of a burst come together.
        assert delay * (len(partner.got) - 9) < likely


def test_a_plan_has_the_likely_time(url: str) -> None:
    (plan,) = json.loads(verify(url, "--dry-run", "--json").stdout)
    assert plan["likely_seconds"] == 3
    (plan,) = json.loads(verify(url, "--dry-run", "--json", "--rate", "1/s").stdout)
    assert plan["likely_seconds"] >= plan["most_requests"]
