"""Has an endpoint verified for an agent, and says what has changed since the run before.

The suite is another package, which this one never imports: it runs as the command
`postbacks verify`, which also ends by itself whatever the endpoint does.
"""

from __future__ import annotations

from typing import Any

from mockserver.agents.answers import CaseSeen, Verified
from mockserver.agents.suite_command import answer_of

#: What a run ends with that came to its end: all passed, or not.
_ENDED = (0, 1)
_BROKEN = frozenset({"FAIL", "ERROR", "UNTESTABLE"})
_LONGEST = 600
_MOST = 12


class Verifier:
    """Runs of `postbacks verify`, each told beside the one before it with the same URL."""

    def __init__(self) -> None:
        self._before: dict[str, dict[str, str]] = {}

    def verify_endpoint(
        self, url: str, probe: str | None = None, cases: list[str] | None = None
    ) -> Verified:
        """Put an endpoint on this machine through what Leanplum will do to it. Takes seconds.

        `url`: the postbackUrl with placeholders, http://127.0.0.1:5000/in?user={{User ID}}.
        `probe`: a URL or command that tells what was stored; {prefix} in it is replaced.
        `cases`: only these ids. Real requests are sent; ids begin with postbacks-verify-.
        """
        options = [] if probe is None else ["--probe", probe]
        for case in cases or ():
            options += ["--case", case]
        return self._seen(url, answer_of("verify", "--json", *options, "--", url, ended=_ENDED))

    def _seen(self, url: str, report: dict[str, Any]) -> Verified:
        before = self._before.get(url, {})
        now = {case["id"]: str(case["status"]) for case in report["cases"]}
        self._before[url] = {**before, **now}
        broken = [case for case in report["cases"] if _is_broken(case)]
        was_broken = {each for each, status in before.items() if status in _BROKEN}
        return Verified(
            verdict="every MUST passed" if not broken else f"{len(broken)} failed",
            passed=sum(status == "PASS" for status in now.values()),
            run=len(now),
            fixed=sorted(each for each in was_broken if now.get(each) == "PASS"),
            failing=[_case(each, before) for each in broken[:_MOST]],
            remarks=[f"{each['text']}; {each['fix']}" for each in report["remarks"]]
            + _left_out(len(broken)),
        )


def _case(case: dict[str, Any], before: dict[str, str]) -> CaseSeen:
    deviation = case["deviation"] or {}
    then = before.get(case["id"])
    since = "not run before" if then is None else "regressed"
    if then in _BROKEN:
        since = "still failing"
    why = deviation.get("why") or case["reason"]
    expected = f"expected {deviation.get('expected')}, got {deviation.get('actual')}; "
    return CaseSeen(
        id=case["id"],
        level=case["level"],
        status=case["status"],
        since=since,
        why=f"{case['title']}: {expected if deviation else ''}{why}"[:_LONGEST],
        fix=case["fix"][:_LONGEST],
        curl=case["curl"][:_LONGEST],
    )


def _is_broken(case: dict[str, Any]) -> bool:
    return case["status"] in _BROKEN and not case["known"]


def _left_out(broken: int) -> list[str]:
    return [f"{broken - _MOST} more failed; run again when these pass"] if broken > _MOST else []
