"""Runs to write reports of: one with everything in it, an empty one, a big one."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from contracts.suite import results
from contracts.suite.results import (
    CaseResult,
    DeviationResult,
    Latency,
    RecordedExchange,
    Remark,
    RunReport,
    RunTarget,
    Statement,
    Traffic,
)
from contracts.suite.vocabulary import CaseKind, Level, Origin, Status, TargetKind

PAGE = "https://docs.leanplum.com/reference/post_api-action-addpostback"

RULES_CAP = Statement(
    id="rules-cap",
    text="An app has at most three postback rules; the fourth is refused.",
    page="addPostback",
    section="Limits",
    link=PAGE,
)
RETRY_DELAY = Statement(
    id="retry-delay",
    text="Each retry waits twice as long as the one before it, until the wait is 24 hours.",
    page="addPostback",
    section="Retries",
    link=f"{PAGE}#retries",
)
PARAMETERS = Statement(
    id="parameters-json",
    text="{{Parameters}} is a JSON document whose values are URL encoded.",
    page="captured postback",
    section="",
    link="",
)

FOURTH_RULE = RecordedExchange(
    method="POST",
    url="http://127.0.0.1:8765/api?action=addPostback",
    headers=[("Content-Type", "application/json"), ("User-Agent", "postbacks-contracts/0.1.0")],
    body='{"appId":"app_1","clientKey":"***","apiVersion":"1.0.6","type":"messageEvents",'
    '"postbackUrl":"http://receiver.test/in?user={{User ID}}&event={{Message event}}"}',
    status=200,
    answer_headers=[("Content-Type", "application/json"), ("Content-Length", "68")],
    answer_body='{"response":[{"success":true,"postbackId":5629499534213123}]}',
    real_seconds=0.0042,
)
LIST_RULES = RecordedExchange(
    method="GET",
    url="http://127.0.0.1:8765/api?action=listPostbacks&appId=app_1&clientKey=***&apiVersion=1.0.6",
    headers=[("Accept", "*/*")],
    body="",
    status=200,
    answer_headers=[("Content-Type", "application/json")],
    answer_body='{"response":[{"success":true,"postbacks":[]}]}',
    real_seconds=0.0011,
)
NO_ANSWER = RecordedExchange(
    method="POST",
    url="http://receiver.test/in?user=a%2Bb&event=Send",
    headers=[("Content-Length", "0")],
    body="",
    status=None,
    answer_headers=[],
    answer_body="",
    real_seconds=30.0,
    error="no answer within 30 s",
)


def case(id: str, title: str, area: str, status: Status, **fields: object) -> CaseResult:
    """Return a result whose other fields are of no interest."""
    plain = {
        "level": Level.MUST,
        "origin": Origin.DOCUMENTED,
        "kind": CaseKind.EXAMPLE,
        "statements": [RULES_CAP],
        "fix": "Count the rules of an app before you accept one more.",
        "checks": 3,
        "real_seconds": 0.0123,
    }
    return CaseResult(id=id, title=title, area=area, status=status, **{**plain, **fields})


PASSED = case("PB-API-METHODS", "Every method answers GET and POST alike", "api", Status.PASS)
PASSED_WITH_VERDICT = case(
    "PB-API-TWICE",
    "An argument in query and body counts once",
    "api",
    Status.PASS,
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    verdict="the body wins",
)
FAILED = case(
    "PB-API-RULES-CAP",
    "A fourth rule is refused",
    "api",
    Status.FAIL,
    deviation=DeviationResult(
        expected='status 400\n{"response": [{"success": false, "error": {"message": "…"}}]}',
        actual='status 200\n{"response": [{"success": true, "postbackId": 5629499534213123}]}',
        why="The app had three rules already, and the API accepted one more.",
    ),
    exchanges=[LIST_RULES, FOURTH_RULE],
    curl="curl -X POST 'http://127.0.0.1:8765/api?action=addPostback' \\\n"
    "  -H 'Content-Type: application/json' \\\n"
    '  --data "{\\"appId\\": \\"$LEANPLUM_APP_ID\\", '
    '\\"clientKey\\": \\"$LEANPLUM_DATA_EXPORT_KEY\\"}"',
)
FAILED_PROPERTY = case(
    "PB-RETRY-DELAYS",
    "Whatever the receiver answers, the waits between attempts double",
    "retries",
    Status.FAIL,
    kind=CaseKind.STATEFUL,
    statements=[RETRY_DELAY, PARAMETERS],
    examples=61,
    deviation=DeviationResult(
        expected="24:00:00", actual="12:00:00", why="The wait before attempt 6 is not as promised."
    ),
    exchanges=[NO_ANSWER],
    steps=["add a rule for Email", "the receiver answers 500, 6 times", "advance by 3 days"],
    fix="",
)
WARNED = case(
    "PB-DELIVER-HEADERS",
    "A postback has the headers that were seen",
    "deliveries",
    Status.WARN,
    level=Level.SHOULD,
    origin=Origin.OBSERVED,
    deviation=DeviationResult(
        expected="Content-Length: 0", actual="(absent)", why="Captured postbacks have it."
    ),
)
INFORMED = case(
    "PB-DELIVER-AGENT",
    "The user agent names its sender",
    "deliveries",
    Status.INFO,
    level=Level.MAY,
    deviation=DeviationResult(
        expected="any name", actual="none", why="It helps whoever reads logs."
    ),
)
SKIPPED = case(
    "PB-RETRY-RESTART",
    "Pending deliveries outlive a restart",
    "retries",
    Status.SKIP,
    reason="The target cannot be restarted.",
)
UNTESTABLE_MUST = case(
    "PB-DELIVER-TIMEOUT",
    "Thirty seconds without an answer are a timeout",
    "deliveries",
    Status.UNTESTABLE,
    reason="The target has no control API at /_sandbox.",
)
UNTESTABLE_SHOULD = case(
    "PB-DELIVER-ORDER",
    "Postbacks of one user come in order",
    "deliveries",
    Status.UNTESTABLE,
    level=Level.SHOULD,
    reason="The target's clock cannot be moved.",
)
BROKE = case(
    "PB-API-CHANNELS",
    "Channels are read in all four notations",
    "api",
    Status.ERROR,
    reason="KeyError: 'postbackId' in contracts/cases/api.py, line 41",
)
KNOWN = case(
    "PB-API-MESSAGE",
    "A wrong key is answered with the documented message",
    "api",
    Status.FAIL,
    deviation=DeviationResult("Invalid access key", "Forbidden", "The message is documented."),
    known="our gateway writes its own text; ticket 4711, until 2026-12-31",
)

EVERY_CASE = [
    PASSED,
    PASSED_WITH_VERDICT,
    FAILED,
    BROKE,
    KNOWN,
    WARNED,
    INFORMED,
    UNTESTABLE_MUST,
    UNTESTABLE_SHOULD,
    FAILED_PROPERTY,
    SKIPPED,
]


def run_of(cases: list[CaseResult], **fields: object) -> RunReport:
    """Return a report of these cases, its figures counted."""
    plain = {
        "format": results.FORMAT,
        "suite_version": "0.1.0",
        "started_at": datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC),
        "real_seconds": 3.14159,
        "target": RunTarget(TargetKind.FAKE, "http://127.0.0.1:8765", "a sandbox, clock by hand"),
        "seed": 7,
        "summary": results.summarise(cases),
    }
    return RunReport(cases=cases, **{**plain, **fields})


EVERYTHING = run_of(EVERY_CASE)
EMPTY = run_of([])
INCOMPLETE = run_of(
    [PASSED],
    incomplete="The target stopped answering after 1 case.",
    summary=results.summarise([PASSED], ["PB-API-METHODS deviates no longer; remove its entry"]),
)
BIG = run_of(
    [
        msgspec.structs.replace(one, id=f"{one.id}-{number}")
        for number in range(20)
        for one in EVERY_CASE[:10]
    ]
)

# At an endpoint

ENDPOINT_URL = (
    "https://partner.test:8443/in/$POSTBACKS_SECRET_1"
    "?user={{User ID}}&event={{Message event}}&at={{Trigger time}}"
)
PREFIX = "postbacks-verify-a1b2c3"
OWN_HEADERS = [("Accept", "*/*"), ("Content-Length", "0")]
FIRST_AT = 1_773_500_000_000


def postback(number: int, suffix: str = "", **fields: object) -> RecordedExchange:
    """Return the record of a postback of the run, the suffix of its id percent-encoded."""
    query = f"user={PREFIX}-{number}{suffix}&event=Click&at={FIRST_AT + number}"
    plain = {
        "method": "POST",
        "url": f"https://partner.test:8443/in/$POSTBACKS_SECRET_1?{query}",
        "headers": OWN_HEADERS,
        "body": "",
        "status": 200,
        "answer_headers": [("Content-Type", "text/plain; charset=utf-8")],
        "answer_body": "thank you",
        "real_seconds": 0.0031,
    }
    return RecordedExchange(**{**plain, **fields})


BURST = case(
    "PB-LOAD-BURST",
    "A burst of postbacks is answered 2xx",
    "load",
    Status.PASS,
    exchanges=[postback(number) for number in range(1, 5)],
    real_seconds=0.005,
)
REFUSED = case(
    "PB-VALUES-CHARACTERS",
    "Ids with any characters are taken",
    "values",
    Status.FAIL,
    exchanges=[
        postback(5, "%20ada%2Bnews%40example.com"),
        postback(6, "%20100%25%2525"),
        postback(
            7, "%20%F0%9F%8E%89%1B%22%3Cb%3E%26", status=400, answer_body="<b>no</b>\x00 & \"'"
        ),
        postback(8, status=None, answer_headers=[], answer_body="", error="no answer within 30 s"),
    ],
    deviation=DeviationResult("2xx", "400", "an id with letters beyond the first plane <&>"),
    fix="Decode the query once, as UTF-8.",
)
POST_ONLY = case(
    "PB-STORE-POST-ONLY",
    "Only a POST is a postback",
    "store",
    Status.WARN,
    level=Level.SHOULD,
    exchanges=[postback(9, method="GET")],
    deviation=DeviationResult("405", "200", "a GET"),
)
REMARKS = [
    Remark("secret-in-url", "the URL holds what looks like a secret", "keep it out of logs"),
    Remark("always-empty", "{{AB test ID}} is always empty here", "take it out & <wait>"),
]
ENDPOINT = run_of(
    [BURST, REFUSED, POST_ONLY],
    target=RunTarget(
        TargetKind.ENDPOINT, ENDPOINT_URL, "the endpoint at partner.test:8443 (Email)"
    ),
    seed=None,
    remarks=REMARKS,
    latency=Latency(answers=8, p50=0.0031, p99=0.25, longest=1.25),
    traffic=Traffic(requests=9, prefix=PREFIX, stored=[f"{PREFIX}-{one}" for one in range(1, 9)]),
)
EVERY_RUN = {
    "everything": EVERYTHING,
    "empty": EMPTY,
    "incomplete": INCOMPLETE,
    "big": BIG,
    "endpoint": ENDPOINT,
}
