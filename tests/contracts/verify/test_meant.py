"""Which bodies contradict a 2xx, and which honest ones do not."""

from __future__ import annotations

import json

import pytest

from contracts.verify.meant import contradiction

#: Values of members for errors that say that there is none.
NO_ERROR = (None, "", [], {}, 0, False, "none", "null", "0", [None], {"message": ""}, {"code": 0})
AN_ERROR = ("no database", ["x"], {"message": "no database"}, True, 1, {"user": ["is missing"]})
NAMES = ("error", "errors", "Error", "err", "failures", "has_error", "errorMessage", "failed_count")

HONEST = (
    "",
    "OK",
    "thank you",
    "1",
    "true",
    "null",
    "0",
    "{}",
    "[]",
    "stored without an error",
    "no errors",
    "error: none",
    "errors: 0",
    "<h1>Thanks</h1>",
    "<title>No error</title>",
    "<p>Found no login</p>",
    '{"code": 0}',
    '{"code": 200, "status": "ok"}',
    '{"code": 20000, "message": "success"}',
    '{"status": "duplicate"}',
    '{"id": 404123, "count": 500}',
    '{"stored": {"user": "it\'s \\"quoted\\"", "event": "Dropped"}}',
    '{"stored": {"user": "<script>alert(1)</script>", "template": "-50% ../.."}}',
    '{"response": [{"success": true}]}',
    '{"error": {"code": 0, "message": "OK"}}',
    '{"took": 3, "errors": false, "items": [{"index": {"status": 201}}]}',
    '{"message": "Failure is not an option" , "n": 1}'.replace("Failure", "A failure"),
    "ignored: unknown event",
)
CONTRADICTORY = (
    "false",
    "error",
    "ERROR: could not connect",
    "Failed",
    "Internal Server Error",
    "500 Internal Server Error",
    "Unauthorized",
    "invalid signature",
    "Fatal error: Uncaught PDOException: SQLSTATE[22001]",
    "<br /><b>Warning</b>: mysqli_query(): You have an error in your SQL syntax",
    'near "s": syntax error',
    "sqlite3.OperationalError: near",
    "ORA-00001: unique constraint violated",
    "ERROR: value too long for type character varying(255)",
    "Traceback (most recent call last):",
    "<title>Internal error</title>",
    "<H1>Service Unavailable</H1>",
    "<h2>We will be back soon</h2>",
    "<title>Log in</title>",
    '<input name="p" type="password">',
    "<title>Just a moment...</title>",
    '<div class="g-recaptcha"></div>',
    "<noscript>You need to enable JavaScript to run this app.</noscript>",
    '<body><div id="root"></div></body>',
    '{"success": false}',
    '{"success": "false"}',
    '{"ok": 0}',
    '{"data": {"result": [{"success": false}]}}',
    '[{"ok": false}]',
    '{"code": 400}',
    '{"meta": {"code": "503"}}',
    '{"statusCode": 422, "body": "{}"}',
    '{"status": "Failed"}',
    '{"result": "error"}',
    '{"message": "Internal server error"}',
    '{"response": [{"success": false, "error": {"message": "Invalid access key"}}]}',
    '{"response": [{"success": true, "warning": {"message": "skipped"}}]}',
    '{"errors": true, "items": [{"index": {"status": 400}}]}',
    '{"FailedRecordCount": 1}',
    '{"ok": true}\n{"ok": false}',
)


@pytest.mark.parametrize("body", HONEST)
def test_an_honest_body_contradicts_nothing(body: str) -> None:
    assert contradiction(body.encode()) == ""


@pytest.mark.parametrize("body", CONTRADICTORY)
def test_an_error_that_is_answered_2xx_is_found(body: str) -> None:
    assert contradiction(body.encode()) != ""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("depth", [0, 1, 4])
def test_a_member_for_errors_counts_if_it_says_something(name: str, depth: int) -> None:
    def within(value: object) -> bytes:
        document: object = {name: value}
        for level in range(depth):
            document = [document] if level % 2 else {"data": document}
        return json.dumps(document).encode()

    assert [each for each in NO_ERROR if contradiction(within(each))] == []
    assert [each for each in AN_ERROR if not contradiction(within(each))] == []


def test_every_status_of_an_error_counts_and_no_other_number() -> None:
    found = [n for n in range(1000) if contradiction(json.dumps({"code": n}).encode())]
    assert found == list(range(400, 600))


def test_bytes_that_are_no_text_and_deep_documents_are_read_without_harm() -> None:
    assert contradiction(b"\xff\xfe\x00") == ""
    assert contradiction(b"[" * 100_000) == ""
    assert contradiction(b"\xef\xbb\xbf" + b'{"ok": false}') != ""
