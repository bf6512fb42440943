"""Tries empty, odd and long values in the URL, which must be stored as they were sent."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from contracts.suite.recorder import NotApplicable, Recorder
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Level, Need, Profile
from contracts.verify.odd_values import ODD, STRANGE, placed, places
from contracts.verify.postbacks import Postback
from contracts.verify.target import EndpointTarget
from mockserver.core.catalog import Channel, EventKind, PostbackType

ORDER = 230

_IDS = ("Message ID", "AB test ID", "Variant ID")
#: The pieces of generated values; few, so that a failing value can be made short.
_PIECES = st.sampled_from([*"a1 +%&=#/\\\"';<\n", "%25", "\xe9", "\U0001f389", "\u05e9"])


@endpoint_case(
    "PB-VALUES-EMPTY",
    "Values that are empty are taken",
    why="A value that does not apply is sent as the empty string: no device, no template name.",
    fix="Do not ask for every value; what identifies the event is there.",
    follows_from=["template-empty", "template-device-empty", "template-name-empty"],
    catches=["needs-a-device-id", "needs-every-value", "ignores-empty-devices"],
    most_requests=5,
)
def empty(target: EndpointTarget, rec: Recorder) -> None:
    """Sends postbacks without a device id and without a template name.

    With a probe that answers entries, asks what was stored of each that it can show: one that lists
    devices shows nothing of an event without one.
    """
    subscription = target.subscription
    target.needs("Device ID", "Template name")
    both = subscription.carries("User ID") and subscription.carries("Device ID")
    if subscription.carries("Device ID"):
        postback = target.postback(device_id="")
        _take(target, postback, "the device id is empty, as for email", "User ID" if both else "")
    plain = [kind for kind in subscription.kept if not kind.template_name]
    others = [kind for kind in subscription.kinds if not kind.template_name]
    if subscription.carries("Template name") and (plain or others):
        what = "the template name is empty, as beyond in-app"
        if plain:
            _take(target, target.postback(plain[0]), what)
        else:
            # It is not among the events that the endpoint keeps, and may well be ignored.
            target.accept(target.postback(others[0]), what)


@endpoint_case(
    "PB-VALUES-NO-USER",
    "A postback without a user id is taken",
    level=Level.SHOULD,
    why="Every event is documented to have a user. Nobody says what stands there for a device that "
    "has not logged in.",
    fix="Take an event with a device id alone, and ignore it if it is of no use.",
    follows_from=["template-user-id", "template-empty"],
    catches=["needs-a-user-id", "needs-every-value", "ignores-empty-users"],
    most_requests=1,
)
def no_user(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback with an empty user id.

    With a probe that answers entries with device ids, asks what was stored of it.
    """
    if not target.subscription.carries("User ID", "Device ID"):
        raise NotApplicable("the URL does not carry both {{User ID}} and {{Device ID}}")
    postback = target.postback(user_id="")
    _take(target, postback, "the user id is empty, the device id is not", "Device ID")


@endpoint_case(
    "PB-VALUES-CHARACTERS",
    "Ids with any characters are taken",
    why="User ids are whatever the app calls its users: addresses with a plus, names, anything.",
    fix="Decode the query once, as UTF-8, with the framework's own means, and validate nothing.",
    follows_from=["template-encoding", "template-plus", "template-round-trip"],
    catches=[
        "fails-on-percent",
        "fails-on-quotes",
        "refuses-odd-ids",
        "latin-1-database",
        "no-emoji",
        "refuses-a-plus",
        "refuses-formulas",
        "refuses-mentions",
        "refuses-negatives",
        "refuses-blanks-around",
        "refuses-numbers",
        "refuses-the-left",
        "refuses-comments",
        "refuses-backslashes",
        "refuses-escapes",
        "refuses-a-word",
        "refuses-a-zero",
        "refuses-what-is-false",
        "refuses-bars",
        "fails-on-formats",
    ],
    most_requests=2 * len(ODD) + 1,
)
def characters(target: EndpointTarget, rec: Recorder) -> None:
    """Sends ids with spaces, signs of URLs, quotes, emoji, zeros and letters of other scripts.

    Each stands alone in its place where the key of the postback can stand in another.
    """
    target.needs("User ID", "Device ID")
    target.accept_each(_odd(target), "refused")


@endpoint_case(
    "PB-VALUES-EXACT",
    "Ids with any characters are stored as they were sent",
    why="An id that is decoded twice, or not at all, belongs to nobody, or to somebody else.",
    fix="Decode the query once, as UTF-8: %2B is a plus, %20 a space, %25 a percent sign.",
    follows_from=["template-encoding", "template-encoding-space", "template-plus"],
    catches=[
        "decodes-as-latin-1",
        "decodes-twice",
        "plus-for-space",
        "splits-by-hand",
        "strips-accents",
        "composes-accents",
        "lowercases-ids",
        "squeezes-blanks",
        "html-escapes",
        "html-unescapes",
        "strips-blanks",
        "strips-blanks-at-the-end",
        "strips-a-plus",
        "strips-a-minus",
        "strips-an-at-sign",
        "quotes-formulas",
        "reads-integers",
        "reads-floats",
        "ids-of-64-bits",
        "lowercases-addresses",
        "lowercases-uuids",
        "uppercases-ids",
        "casefolds-ids",
        "nulls-a-word",
        "doubles-quotes",
        "adds-backslashes",
        "strips-backslashes",
        "folds-width",
        "drops-joiners",
        "breaks-blanks",
        "drops-other-letters",
        "question-marks",
        "cuts-at-ampersands",
        "cuts-at-hashes",
        "cuts-at-semicolons",
        "cuts-at-commas",
        "cuts-at-bars",
        "decodes-devices-twice",
        "drops-percent-signs",
        "drops-comments",
        "drops-formats",
        "escapes-less-than",
    ],
    needs=[Need.PROBE],
    most_requests=2 * len(ODD) + 1,
    looks_at="PB-VALUES-CHARACTERS",
)
def exact(target: EndpointTarget, rec: Recorder) -> None:
    """Sends the same ids, if they were not sent yet, and asks what was stored of each."""
    target.needs("User ID", "Device ID")
    target.expect_each_stored("PB-VALUES-CHARACTERS", lambda: _odd(target))


@endpoint_case(
    "PB-VALUES-STRANGE",
    "Ids with markup and control characters are taken, and stored as they were sent",
    level=Level.SHOULD,
    why="A firewall for web applications, or a clean-up of input, is made for forms, and drops the "
    "events of users that are called so.",
    fix="Exempt the endpoint from such filters, and escape ids where they are shown.",
    follows_from=["template-encoding", "template-user-id"],
    catches=[
        "strips-tags",
        "refuses-odd-ids",
        "strips-scripts",
        "strips-controls",
        "normalises-paths",
        "refuses-scripts",
        "refuses-traversal",
        "refuses-statements",
    ],
    most_requests=2 * len(STRANGE),
)
def strange(target: EndpointTarget, rec: Recorder) -> None:
    """Sends ids with markup, paths and control characters; with a probe asks what was stored."""
    target.needs("User ID", "Device ID")
    for what, text in STRANGE:
        for postback in placed(target.endpoint, places(target.endpoint)[0], text):
            _take(target, postback, f"an id with {what}: {text!r}")


@endpoint_case(
    "PB-VALUES-ANY",
    "Whatever an id is made of, it is taken and stored as it was sent",
    why="The list of odd values that somebody thought of is never the whole list.",
    fix="Look at the steps: the value is the smallest that goes wrong.",
    follows_from=["template-round-trip"],
    catches=["decodes-as-latin-1", "decodes-twice", "fails-on-percent", "splits-by-hand"],
    needs=[Need.GENERATED],
    given={"value": st.lists(_PIECES, max_size=6).map("".join)},
    pinned=[{"value": "%25"}, {"value": "a+b"}],
    examples=40,
    most_requests=120,
    profile=Profile.FULL,
)
def anything(target: EndpointTarget, rec: Recorder, value: str) -> None:
    """Sends an id made of a few pieces; with a probe that answers entries, asks what was stored."""
    target.needs("User ID", "Device ID")
    # The value ends in something visible: an endpoint may drop blanks at the end.
    postback = target.postback(suffix=f"-{value}.")
    _take(target, postback, f"an id with {value!r}")


@endpoint_case(
    "PB-VALUES-LONG-ID",
    "Ids of 400 characters are taken",
    level=Level.SHOULD,
    why="Nothing is documented about their length; a column of 255 characters is a guess.",
    fix="Store ids without a limit of your own; at the least answer 2xx, and log what is too long.",
    follows_from=["template-user-id", "template-device-id"],
    catches=["column-of-255", "cuts-at-255"],
    most_requests=1,
)
def long_id(target: EndpointTarget, rec: Recorder) -> None:
    """Sends ids of 400 characters; with a probe that answers entries, asks what was stored."""
    target.needs("User ID", "Device ID")
    _take(target, target.postback(suffix="x" * 370), "ids of about 400 characters")


@endpoint_case(
    "PB-VALUES-CLICK-URL",
    "A URL of 2.5 KB is taken",
    why="A 414 or 431 is a 4xx: the data is dropped at once. Links in emails are long, and inside "
    "{{Parameters}} each sign of them is encoded.",
    fix="Raise the limit of the request line, and of the query: many are 2,048 characters.",
    follows_from=["deliver-in-url", "parameters-click", "retry-4xx"],
    catches=["refuses-urls-of-2-kib", "fails-on-long-queries"],
    most_requests=1,
)
def click_url(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback whose URL has 2,500 characters, as a click on a long link makes it."""
    target.accept(*_long(target, 2_500))


@endpoint_case(
    "PB-VALUES-LONG-URL",
    "A URL of 6 KiB is taken",
    level=Level.SHOULD,
    why="A 414 or 431 is a 4xx: the data is dropped at once. Links in emails are long, and are "
    "encoded.",
    fix="Raise the limit of the request line: large_client_header_buffers in nginx, "
    "--limit-request-line in gunicorn.",
    follows_from=["deliver-in-url", "parameters-click", "retry-4xx"],
    catches=["refuses-long-urls"],
    most_requests=1,
)
def long_url(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback whose URL is 6 KiB long, through the link that was clicked if it can."""
    target.accept(*_long(target, 6 * 1024))


@endpoint_case(
    "PB-VALUES-IDS",
    "Ids of sixteen digits are stored exactly",
    why="They do not fit into a float: 9007199254740993 becomes 9007199254740992.",
    fix="Store them as text, or as 64-bit integers; JavaScript needs text.",
    follows_from=["template-message-id", "template-ab-test-id", "template-variant-id"],
    catches=["floats-the-ids", "ids-of-32-bits"],
    needs=[Need.PROBE],
    most_requests=2,
)
def ids(target: EndpointTarget, rec: Recorder) -> None:
    """Sends ids of sixteen digits, one beyond 2**53, and asks what was stored."""
    target.needs(*_IDS)
    is_message = target.subscription.type is PostbackType.MESSAGE_EVENTS
    for number in ("5838201947316225", "9007199254740993"):
        fields: dict[str, Any] = (
            {"message_id": number}
            if is_message
            else {"ab_test_id": number, "variant_id": str(int(number) + 2)}
        )
        postback = target.postback(**fields)
        target.accept(postback, f"an id of sixteen digits: {number}")
        target.expect_exact(postback, f"an id of sixteen digits: {number}", *_IDS)


@endpoint_case(
    "PB-VALUES-TEMPLATE-NAME",
    "Names of in-app templates with blanks and any characters are taken",
    level=Level.SHOULD,
    why="Whoever writes a template in the dashboard names it.",
    fix="Take the name for text, and for nothing else.",
    follows_from=["template-name", "events-in-app-custom"],
    catches=["template-name-is-a-file"],
    most_requests=3,
)
def template_name(target: EndpointTarget, rec: Recorder) -> None:
    """Sends in-app views of templates with a slash, an umlaut, and a percent sign in the name."""
    target.needs("Template name")
    if Channel.IN_APP not in target.subscription.channels:
        raise NotApplicable("the rule does not listen to in-app messages")
    for name in ("Sale/Autumn", "Frühling & Sommer", "-50% ../.."):
        kind = EventKind("in-app.own.view", target.subscription.type, Channel.IN_APP, "View", name)
        target.accept(target.postback(kind), f"in-app template {name!r}")


def _odd(target: EndpointTarget) -> list[tuple[Postback, str]]:
    """Return a postback for each odd value and each place of an id, with what is odd about it."""
    endpoint = target.endpoint
    if Need.PROBE in endpoint.capabilities and not endpoint.probe_sight.is_blind:
        # What the probe shows decides where the keys can stand.
        usual = target.postback()
        target.send(usual)
        target.stored([usual])
    return [
        (postback, f"{{{{{place}}}}} with {what}: {text!r}")
        for place in places(endpoint)
        for what, text in ODD
        for postback in placed(endpoint, place, text)
    ]


def _long(target: EndpointTarget, length: int) -> tuple[Postback, str]:
    """Return a postback whose URL is about so long, by its link if it carries one, and its name."""
    subscription = target.subscription
    link = "https://shop.example/offers?campaign="
    if subscription.carries("Parameters"):
        usual = target.postback(parameters={"index": 1, "url": link})
        filled = {"index": 1, "url": link + "s" * (length - len(usual.url))}
        postback = target.postback(parameters=filled)
    else:
        target.needs("User ID", "Device ID")
        missing = length - len(target.postback().url)
        both = subscription.carries("User ID") and subscription.carries("Device ID")
        postback = target.postback(suffix="x" * (missing // 2 if both else missing))
    return postback, f"a URL of {len(postback.url):,} characters"


def _take(target: EndpointTarget, postback: Postback, what: str, found_by: str = "") -> None:
    """Send a postback that must be answered 2xx, and stored unchanged if a probe shows entries.

    Args:
        target: Where to send it.
        postback: What to send.
        what: What is special about it.
        found_by: The one id by which it can be found, if the other is empty.
    """
    target.accept(postback, what)
    # With a probe that only counts the answer is checked all the same.
    if (
        Need.PROBE in target.endpoint.capabilities
        and postback.key
        and target.subscription.keeps(postback.event)
        and target.stored([postback]).entries is not None
        and (not found_by or target.shows(found_by))
    ):
        target.expect_exact(postback, what, "User ID", "Device ID")
