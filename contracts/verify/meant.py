"""Finds out for a run whether an answer contradicts its own 2xx: an error, a login, a page.

Leanplum looks at the status only, so an error that is answered 200 loses the event. What a
duplicate is answered is not looked at: to say that it is one is honest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

#: How deep a JSON document is read.
_DEEPEST = 12


def contradiction(body: bytes) -> str:
    """Return how a body contradicts its 2xx, in a few words; empty if it does not."""
    text = body.decode("utf-8", "replace").strip().removeprefix("\ufeff")
    for what, pattern in _PAGES:
        if pattern.search(text):
            return what
    if any(_says_error(document) for document in _documents(text)):
        return f"an error in its body: {text[:120]}"
    if _FAULTS.search(text) or _is_refusal(text):
        return f"an error in its body: {text[:120]}"
    return ""


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


#: Pages that are shown in place of an answer, each with what it is.
_PAGES = (
    (
        "a login page",
        _pattern(
            r"<input[^>]+type\s*=\s*[\"']?password"
            r"|<title>[^<]*\b(?:log ?(?:in|on)|sign ?in|anmeld|connexion|iniciar sesi)"
        ),
    ),
    (
        "a page that asks for a human",
        _pattern(
            r"captcha|/cdn-cgi/challenge|cf-chl|checking your browser|just a moment\.\.\.<"
            r"|(?:verify|prove)[^<]{0,30}\b(?:you are|that you're|you're) (?:a )?human"
            r"|attention required!|are you a robot"
        ),
    ),
    (
        "the page of an application for browsers",
        _pattern(
            r"(?:you need to|please) enable javascript"
            r"|<div[^>]+id\s*=\s*[\"']?(?:root|app|__next|__nuxt|svelte)[\"']?[^>]*>\s*</div>"
            r"|<app-root[\s>]"
        ),
    ),
    (
        "an error page",
        _pattern(
            r"<(?:title|h[12])[^>]*>[^<]*(?<!\bno )(?<!\bwithout )(?<!\bwithout an )\b"
            r"(?:errors?|exception|not found|unavailable|maintenance|forbidden|denied|bad gateway"
            r"|something went wrong|be back soon|be right back|[45]\d\d\s)"
        ),
    ),
)

#: What programs and databases write when they fail, wherever it stands.
_FAULTS = _pattern(
    r"Traceback \(most recent call last\)|\bat [\w.$]+\([\w.]+\.java:\d+\)"
    r"|SQLSTATE\[?|\bORA-\d{5}\b|(?:sqlite3|psycopg2?|pymysql|mysql|asyncpg)\.\w*\.?\w*Error"
    r"|\bsyntax error\b[^<]{0,40}\b(?:at or near|near)\b|You have an error in your SQL syntax"
    r"|\bnear \"[^\"]{0,80}\": syntax error|unrecognized token: |unterminated quoted string"
    r"|unclosed quotation mark|violates (?:not-null|check|foreign key|unique) constraint"
    r"|(?:UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed"
    r"|Duplicate entry '[^<]{0,200}' for key"
    r"|Data too long for column|Incorrect string value|value too long for type"
    r"|invalid (?:input syntax|byte sequence)|Deadlock found when trying|database is locked"
    r"|no such (?:table|column): |relation \"[^\"]+\" does not exist|Table '[^']+' doesn't exist"
    r"|(?:Fatal|Parse|Uncaught) error\b|Uncaught \w*(?:Error|Exception)\b"
    r"|\b\w+(?:Error|Exception): |Connection refused|ECONNREFUSED|Too many connections"
)
#: How a plain text begins that refuses.
_REFUSAL = _pattern(
    r"(?:internal |server |unexpected |unknown |database |sql )*"
    r"(?:err(?:or)?|fail(?:ed|ure)?|exception|nok|not ok|ko)\b"
    r"(?!\s*[:=]\s*(?:0|none|null|false|no)\W*$)"
    r"|(?:bad request|unauthori[sz]ed|forbidden|not found|access denied|permission denied"
    r"|service unavailable|internal server error|not implemented|method not allowed"
    r"|too many requests|could not|cannot|can't|unable to|invalid)\b|[45]\d\d\b[ :-]"
)


def _is_refusal(text: str) -> bool:
    """Return whether a plain text begins as an error does; prose that mentions one does not."""
    return not text.startswith(("<", "{", "[")) and bool(_REFUSAL.match(text))


def _documents(text: str) -> Iterator[Any]:
    """Yield the JSON documents of a text: one, or one a line."""
    try:
        yield json.loads(text)
        return
    except (ValueError, RecursionError):
        pass
    for line in text.splitlines()[:100]:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            return


#: Members that say with a value like false that something was not done.
_SUCCESS = _pattern(r"(?:is)?success(?:ful)?|succeeded|ok|accepted|stored").fullmatch
#: Members whose value is empty, zero or false if nothing is wrong.
_ERRORS = _pattern(
    r"(?:has|is)?err(?:or)?s?|err(?:or)?(?:message|msg|code|no|count)|exceptions?|failed|failures?"
    r"|faults?|rejected|failed(?:record|put|entry)?count"
).fullmatch
#: Members with a status of HTTP, as a number or a text.
_STATUSES = _pattern(r"(?:http)?(?:code|status|statuscode)|rc").fullmatch
#: Members that hold one of a few words, and those of the words that say that it failed.
_WORDED = _pattern(r"status|state|result|outcome|response|type|level").fullmatch
_FAILED = _pattern(r"err(?:or)?|fail(?:ed|ure)?|fatal|rejected|refused|invalid|exception").fullmatch
#: Members with a sentence for people.
_SENTENCES = _pattern(r"message|msg|details?|title|reason|description").fullmatch
#: What stands for nothing, as text.
_NOTHING = _pattern(r"|0|none|null|nil|false|no|no errors?|ok").fullmatch


def _says_error(value: Any, depth: int = 0) -> bool:
    """Return whether a JSON document says anywhere that something went wrong."""
    if depth == 0 and value is False:
        return True
    if depth > _DEEPEST:
        return False
    if isinstance(value, list):
        return any(_says_error(item, depth + 1) for item in value)
    if not isinstance(value, Mapping):
        return False
    if _is_leanplums(value) and any(each.get("warning") for each in value["response"]):
        # A warning beside `success` means that the call was skipped.
        return True
    return any(
        _member_says_error(re.sub(r"[^a-z]", "", str(name).lower()), item)
        or _says_error(item, depth + 1)
        for name, item in value.items()
    )


def _member_says_error(name: str, value: Any) -> bool:
    word = value.strip().lower() if isinstance(value, str) else ""
    if _SUCCESS(name):
        return value is False or (type(value) is int and value == 0) or word in ("false", "no", "0")
    if _ERRORS(name):
        return _says_something(value)
    if _STATUSES(name) and re.fullmatch(r"[45]\d\d", str(value).strip()):
        return True
    if _WORDED(name) and _FAILED(word):
        return True
    return bool(_SENTENCES(name)) and isinstance(value, str) and _is_refusal(value.strip())


def _says_something(error: Any) -> bool:
    """Return whether the value of a member for errors is one."""
    if isinstance(error, str):
        return not _NOTHING(error.strip())
    if isinstance(error, Mapping):
        names = {str(name).lower(): value for name, value in error.items()}
        if names.get("code", names.get("status")) in (0, 200, "0", "200", "OK", "ok"):
            return False
        return any(map(_says_something, error.values()))
    # An empty list, zero, false and null say that there is none.
    return any(map(_says_something, error)) if isinstance(error, list) else bool(error)


def _is_leanplums(value: Mapping[str, Any]) -> bool:
    responses = value.get("response")
    return isinstance(responses, list) and all(isinstance(each, Mapping) for each in responses)
