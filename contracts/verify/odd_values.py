"""Lists values that endpoints get wrong, and puts each into a postback that can be recognised.

A value stands alone in its place wherever the key of the postback can stand in another one: behind
a key, a blank at the beginning or a zero would be harmless.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.verify.endpoint import Endpoint
from contracts.verify.postbacks import DEVICE, LINK, Postback
from mockserver.core.catalog import PostbackType

#: Ids, each with what is odd about it.
ODD = (
    ("a space", "ada lovelace"),
    ("a plus", "ada+news@example.com"),
    ("percent signs", "100% off, 50%25 and %41"),
    ("a percent sign at the end", "50%"),
    ("what looks encoded", "a%2Bb%20c%26d"),
    ("an ampersand and an equals sign", "a&b=c"),
    ("a hash", "a#b"),
    ("slashes", "a/b\\c"),
    ("a backslash at the end", "ada\\"),
    ("quotes", 'it\'s "quoted" `so`'),
    ("a comment of SQL", "ada'--"),
    ("signs of formats", "${ada} {0} %s %d"),
    ("entities of HTML", "Tom &amp; Jerry &lt;3"),
    ("a less-than sign", "a < b > c"),
    ("braces and a semicolon", "{{User ID}};[1]"),
    ("a comma and a bar", "a,b|c"),
    ("umlauts and accents", "Jürgen Ñandú Łódź"),
    ("letters whose case depends on the language", "\u0130stanbul \u0131ss\u0131z Stra\u00dfe"),
    ("letters beyond the first plane", "emoji \U0001f389\U0001f469\u200d\U0001f467 and \U0001d49c"),
    ("text from right to left", "שלום עולם مرحبا"),
    ("an accent of its own", "cafe\u0301"),
    ("wide letters", "\uff21\uff44\uff41 \ufb01n"),
    ("spaces in a row", "a  b   c"),
    ("a space at the beginning", " ada"),
    ("a space at the end", "ada "),
    ("a space that does not break", "\u00a0ada\u00a0lovelace\u200b"),
    ("a plus at the beginning", "+4917012345678"),
    ("an equals sign at the beginning", "=1+1"),
    ("an at sign at the beginning", "@ada"),
    ("a minus at the beginning", "-42"),
    ("zeros at the beginning", "00420815"),
    ("nothing but a zero", "0"),
    ("digits of a float", "1e5"),
    ("twenty digits", "12345678901234567890"),
    ("a decimal zero", "10.0"),
    ("an address in capitals", "Ada.Lovelace@Example.COM"),
    ("a UUID in capitals", "6F9619FF-8B86-D011-B42D-00C04FC964FF"),
    ("a word of programs", "null"),
    ("a word that is not true", "false"),
)
#: Ids that nobody should give a user, and that may be refused for good reasons.
STRANGE = (
    ("markup", "<b>bold</b>"),
    ("a script", "<script>alert(1)</script>"),
    ("a way out of a folder", "../../etc/passwd"),
    ("a statement of SQL", "1' OR '1'='1' /* x */"),
    ("control characters", "tab\tand\nnewline\x1b\x7f"),
)
_FORMS = {"User ID": "", "Device ID": DEVICE, "Parameters": LINK}
_FIELDS = {"User ID": "user_id", "Device ID": "device_id"}


def placed(endpoint: Endpoint, placeholder: str, text: str) -> Iterator[Postback]:
    """Yield postbacks that carry a text in the place of an id.

    It stands alone if the key can stand elsewhere and the probe shows it there; else once before
    the key and once after it.

    Args:
        endpoint: What they are for.
        placeholder: `User ID` or `Device ID`.
        text: The value.
    """
    composer = endpoint.composer
    values: dict[str, Any] = {}
    carriers = [name for name in _FORMS if name != placeholder and _can_carry(endpoint, name)]
    if carriers:
        if carriers == ["Parameters"]:
            values["parameters"] = {"index": 1, "url": composer.link()}
        yield composer.make(**(values | {_FIELDS[placeholder]: text}))
        return
    for before in (True, False):
        key = f"{composer.next_key}{_FORMS[placeholder]}"
        # A digit right behind the number in a key would make another key of it.
        between = "." if text[:1].isdigit() else ""
        values = {_FIELDS[placeholder]: f"{text}{key}" if before else f"{key}{between}{text}"}
        yield composer.make(**values)


def places(endpoint: Endpoint) -> list[str]:
    """Return the places of ids in the URL of an endpoint."""
    return [name for name in _FIELDS if endpoint.subscription.carries(name)]


def _can_carry(endpoint: Endpoint, placeholder: str) -> bool:
    """Return whether a key can stand in a place, and be seen there."""
    subscription, shown = endpoint.subscription, endpoint.probe_sight.shown
    if placeholder == "Parameters" and subscription.type is not PostbackType.MESSAGE_EVENTS:
        return False
    return subscription.carries(placeholder) and (not shown or _FORMS[placeholder] in shown)
