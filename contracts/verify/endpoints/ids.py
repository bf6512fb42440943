"""Breaks endpoints in what they make of an id: another spelling of it, or a refusal."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import unquote

from contracts.verify.endpoints.shop import Row
from contracts.verify.endpoints.steps import IDS, refusing, rewriting


def _as_integer(text: str) -> str:
    return str(int(text)) if re.fullmatch(r"\d{1,18}", text) else text


def _as_float(text: str) -> str:
    return str(float(text)) if re.fullmatch(r"\d+(?:\.\d+)?(?:e\d+)?", text) else text


def _clamped(text: str) -> str:
    return str(min(int(text), 2**63 - 1)) if re.fullmatch(r"\d+", text) else text


def _without(pattern: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, "", text)


def _up_to(sign: str) -> Callable[[str], str]:
    return lambda text: text.partition(sign)[0]


def _lower_if(pattern: str) -> Callable[[str], str]:
    return lambda text: text.lower() if re.search(pattern, text) else text


def _path(text: str) -> str:
    return posixpath.normpath(text) if "/" in text else text


def _in_ids(pattern: str) -> Callable[[Row], object]:
    return lambda row: any(re.search(pattern, row.get(name, "")) for name in IDS)


def _formatted(row: Row) -> bool:
    with suppress(ValueError, IndexError, KeyError, AttributeError):
        "".join(row.get(name, "") for name in IDS).format()
        return False
    return True


_UUID = r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-"

#: Ids that are stored in another spelling.
REWRITING = (
    rewriting("strips-blanks", "Blanks around an id are cut off.", str.strip),
    rewriting("strips-blanks-at-the-end", "Blanks behind an id are cut off.", str.rstrip),
    rewriting("strips-a-plus", "A plus before an id is cut off.", lambda text: text.lstrip("+")),
    rewriting("strips-a-minus", "A minus before an id is cut off.", lambda text: text.lstrip("-")),
    rewriting("strips-an-at-sign", "An @ before an id is cut off.", lambda text: text.lstrip("@")),
    rewriting("quotes-formulas", "An id that begins with = gets a quote.", _without("^=")),
    rewriting("reads-integers", "An id of digits loses its zeros.", _as_integer),
    rewriting("reads-floats", "An id that looks like a number becomes a float.", _as_float),
    rewriting("ids-of-64-bits", "An id of twenty digits becomes the largest integer.", _clamped),
    rewriting("lowercases-addresses", "Addresses get small letters.", _lower_if("@.*[.]")),
    rewriting("lowercases-uuids", "UUIDs get small letters.", _lower_if(_UUID), ["device"]),
    rewriting("uppercases-ids", "Ids get capital letters.", str.upper),
    rewriting("casefolds-ids", "Ids are folded, a sharp s becomes two.", str.casefold, ["device"]),
    rewriting("nulls-a-word", "An id called null becomes nothing.", _without("^null$")),
    rewriting("doubles-quotes", "Quotes are doubled.", lambda text: text.replace("'", "''")),
    rewriting("adds-backslashes", "Quotes get a backslash.", lambda text: text.replace('"', '\\"')),
    rewriting("strips-backslashes", "Backslashes are taken out.", _without(r"\\")),
    rewriting(
        "folds-width",
        "Wide letters and ligatures become usual ones.",
        lambda text: unicodedata.normalize("NFKC", text),
    ),
    rewriting(
        "drops-joiners", "Characters without a width are taken out.", _without("[\u200b-\u200f]")
    ),
    rewriting(
        "breaks-blanks",
        "A blank that does not break becomes one that does.",
        lambda text: text.replace("\u00a0", " "),
    ),
    rewriting(
        "drops-other-letters",
        "Letters beyond ASCII are taken out.",
        lambda text: text.encode("ascii", "ignore").decode(),
        ["device"],
    ),
    rewriting(
        "question-marks",
        "Letters beyond Latin-1 become question marks.",
        lambda text: text.encode("latin-1", "replace").decode("latin-1"),
        ["user"],
    ),
    rewriting("cuts-at-ampersands", "An id ends at the first &.", _up_to("&")),
    rewriting("cuts-at-hashes", "An id ends at the first #.", _up_to("#"), ["device"]),
    rewriting("cuts-at-semicolons", "An id ends at the first semicolon.", _up_to(";"), ["user"]),
    rewriting("cuts-at-commas", "An id ends at the first comma.", _up_to(",")),
    rewriting("cuts-at-bars", "An id ends at the first bar.", _up_to("|"), ["device"]),
    rewriting("decodes-devices-twice", "Device ids are decoded once more.", unquote, ["device"]),
    rewriting("drops-percent-signs", "Percent signs are taken out.", _without("%"), ["user"]),
    rewriting("drops-comments", "What looks like a comment of SQL is taken out.", _without("--$")),
    rewriting("drops-formats", "Signs of formats are taken out.", _without(r"\{\d*\}|%[sd]")),
    rewriting(
        "escapes-less-than",
        "A less-than sign is escaped for HTML.",
        lambda text: text.replace("<", "&lt;"),
        ["device"],
    ),
)
#: Strange ids that are stored in another spelling.
STRANGE = (
    rewriting("strips-scripts", "Scripts are taken out.", _without(r"(?i)<script.*?</script>")),
    rewriting("strips-controls", "Control characters are taken out.", _without(r"[\x00-\x1f\x7f]")),
    rewriting("normalises-paths", "What looks like a path is made short.", _path),
    refusing("refuses-scripts", "A script in an id is answered 400.", _in_ids("(?i)<script")),
    refusing("refuses-traversal", "Two dots and a slash are answered 400.", _in_ids(r"\.\./")),
    refusing("refuses-statements", "A statement of SQL is answered 400.", _in_ids(r"(?i)' or '")),
)
#: Ids that are refused.
REFUSING = (
    refusing("refuses-a-plus", "An id that begins with a plus is answered 400.", _in_ids(r"^\+")),
    refusing("refuses-formulas", "An id that begins with = is answered 400.", _in_ids("^=")),
    refusing("refuses-mentions", "An id that begins with @ is answered 400.", _in_ids("^@")),
    refusing("refuses-negatives", "An id that begins with a minus is answered 400.", _in_ids("^-")),
    refusing("refuses-blanks-around", "Blanks around an id are answered 400.", _in_ids("^ | $")),
    refusing("refuses-numbers", "An id of digits alone is answered 400.", _in_ids(r"^\d+$")),
    refusing(
        "refuses-the-left", "Letters from right to left get a 400.", _in_ids("[\u0590-\u06ff]")
    ),
    refusing("refuses-comments", "A comment of SQL is answered 400.", _in_ids("--$")),
    refusing("refuses-backslashes", "A backslash is answered 400.", _in_ids(r"\\")),
    refusing("refuses-escapes", "What looks encoded is answered 400.", _in_ids("%[0-9A-F]{2}")),
    refusing("refuses-a-word", "An id called null is answered 400.", _in_ids("^null$")),
    refusing(
        "refuses-a-zero", "An id that is zero, as a number, is answered 400.", _in_ids("^0+$")
    ),
    refusing("refuses-what-is-false", "An id called false is answered 400.", _in_ids("^false$")),
    refusing("refuses-bars", "A comma or a bar is answered 400.", _in_ids("[,|]")),
    refusing("fails-on-formats", "An id is taken for a format, which ends in a 400.", _formatted),
)

DEVIANTS = (*REWRITING, *STRANGE, *REFUSING)
