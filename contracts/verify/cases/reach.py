"""Tries whether an endpoint can be reached: addresses, TLS, connections, redirects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts.suite.recorder import NotApplicable, Recorder, Said
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Level, Need
from contracts.verify import raw
from contracts.verify.consequence import consequence, is_accepted, outcome_text
from contracts.verify.target import EndpointTarget
from mockserver.core.outcome import OutcomeKind
from mockserver.transport.resolved_host import ResolvedHost, is_localhost

ORDER = 210

#: A certificate that expires within this time is worth a warning.
SOON = timedelta(days=21)
#: How many postbacks are sent over one connection, or over as many connections.
SEVERAL = 4
_REAL_SECONDS = 10.0
#: How long bytes behind an answer take on one machine.
_MOMENT_REAL_SECONDS = 0.005


@endpoint_case(
    "PB-REACH-CONNECT",
    "The endpoint can be reached and speaks HTTP",
    why="A connection that fails is tried again for 65 hours and then the data is lost.",
    fix="Look at the host name, the port, the firewall, and at what listens there.",
    follows_from=["retry-connection", "retry-lost"],
    catches=[
        "nobody-listens",
        "resets-connections",
        "speaks-no-http",
        "closes-without-answer",
        "never-answers",
    ],
    most_requests=1,
)
def connect(target: EndpointTarget, rec: Recorder) -> None:
    """Sends one postback and looks whether an answer of any kind comes."""
    outcome = target.send(target.postback())
    rec.expect_that(
        outcome.kind in (OutcomeKind.RESPONSE, OutcomeKind.TLS),
        "an answer",
        Said(outcome_text(outcome)),
        consequence(outcome),
    )


@endpoint_case(
    "PB-REACH-TLS",
    "The certificate is trusted and names the host",
    why="A handshake that fails is a failed connection: nothing arrives, and nothing is logged.",
    fix="Serve the whole chain, from a public authority, for the host name of the URL.",
    follows_from=["retry-tls"],
    catches=["wrong-tls-host", "untrusted-certificate", "expired-certificate"],
    needs=[Need.TLS],
    most_requests=1,
)
def tls(target: EndpointTarget, rec: Recorder) -> None:
    """Sends one postback on a new connection, the certificate checked against the host."""
    outcome = target.send(target.postback(), fresh=True)
    rec.expect_that(
        outcome.kind is not OutcomeKind.TLS,
        "a certificate that is trusted, valid today, and for this host",
        Said(outcome_text(outcome)),
        consequence(outcome),
    )


@endpoint_case(
    "PB-REACH-TLS-EXPIRY",
    "The certificate does not expire within three weeks",
    level=Level.SHOULD,
    why="The day after, every postback fails, and 65 hours later the first data is lost.",
    fix="Renew it, and have that done by itself.",
    follows_from=["retry-tls"],
    catches=["certificate-expires-soon"],
    needs=[Need.TLS, Need.CONNECTIONS],
    most_requests=0,
    stores=False,
)
def tls_expiry(target: EndpointTarget, rec: Recorder) -> None:
    """Opens a connection and reads how long the certificate is valid."""
    endpoint = target.endpoint
    try:
        expires_at = raw.certificate_expires_at(
            _resolved_host(target), endpoint.trust, _REAL_SECONDS
        )
    except OSError as error:
        raise NotApplicable(f"no handshake succeeds: {error}") from None
    left = None if expires_at is None else expires_at - datetime.now(UTC)
    rec.expect_that(
        left is None or left > SOON,
        f"more than {SOON.days} days left",
        Said(f"{left.days if left else 0} days left, until {expires_at:%Y-%m-%d}"),
        "from that day on nothing arrives any more",
    )


@endpoint_case(
    "PB-REACH-TLS-VERSION",
    "TLS 1.2 or newer is spoken",
    why="Clients of today refuse older versions, and so does the one that sends these postbacks.",
    fix="Allow TLS 1.2 and 1.3, and nothing older.",
    level=Level.SHOULD,
    follows_from=["retry-tls"],
    catches=["old-tls"],
    needs=[Need.TLS, Need.CONNECTIONS],
    most_requests=0,
    stores=False,
)
def tls_newest(target: EndpointTarget, rec: Recorder) -> None:
    """Opens a connection that would take any version, and looks which one is chosen."""
    try:
        version = raw.tls_version(_resolved_host(target), _REAL_SECONDS)
    except OSError as error:
        raise NotApplicable(f"no handshake succeeds: {error}") from None
    rec.expect_that(
        version in ("TLSv1.2", "TLSv1.3"),
        "TLSv1.2 or TLSv1.3",
        Said(version),
        "a client that insists on TLS 1.2 cannot connect",
    )


@endpoint_case(
    "PB-REACH-ADDRESSES",
    "Each address of the host answers",
    level=Level.SHOULD,
    why="Nobody outside knows whether Leanplum dials IPv4 or IPv6, or which of several addresses.",
    fix="Serve on every address that the name has, or take the others out of the DNS.",
    follows_from=["retry-connection"],
    catches=["one-address-dead"],
    needs=[Need.CONNECTIONS],
    most_requests=4,
)
def addresses(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback to each address that the host name has, at most four."""
    resolved_host = _resolved_host(target)
    if is_localhost(resolved_host.host):
        raise NotApplicable("nobody beyond this machine dials localhost, and one address is enough")
    for address in resolved_host.addresses[:4]:
        target.accept(
            target.postback(), f"sent to the address {address}", fresh=True, address=address
        )


@endpoint_case(
    "PB-REACH-REDIRECT",
    "A postback is not answered with a redirect",
    why="A redirect is no 2xx and is not followed: the data is dropped, and nothing looks wrong.",
    fix="Register the URL that the redirect leads to: with https, with the slash, with the host.",
    follows_from=["retry-3xx", "deliver-redirect"],
    catches=["redirects-to-slash", "redirects-to-https", "redirects-to-login"],
    most_requests=1,
)
def redirect(target: EndpointTarget, rec: Recorder) -> None:
    """Sends one postback and looks for a 3xx."""
    outcome = target.send(target.postback())
    location = next((value for name, value in outcome.headers if name.lower() == "location"), "")
    is_redirect = outcome.status is not None and 300 <= outcome.status < 400
    rec.expect_that(
        not is_redirect,
        "no redirect",
        Said(f"{outcome.status} to {target.masked(location) or 'nowhere'}"),
        consequence(outcome),
    )


@endpoint_case(
    "PB-REACH-KEEP-ALIVE",
    "Several postbacks over one connection are answered one for one",
    why="Clients use a connection again; an answer too many is then taken for the next one's.",
    fix="Send exactly one answer to each request, as long as it says, or close the connection.",
    follows_from=["deliver-success"],
    catches=["mixes-answers", "longer-than-announced"],
    needs=[Need.CONNECTIONS],
    most_requests=SEVERAL,
)
def keep_alive(target: EndpointTarget, rec: Recorder) -> None:
    """Sends four postbacks one after the other on a connection, while the server keeps it."""
    with target.endpoint.connection() as connection:
        for number in range(1, SEVERAL + 1):
            target.endpoint.budget.take()
            postback = target.postback()
            path = postback.request_target
            # What comes late behind one answer is met by the next; only behind the last it is
            # waited for.
            is_last = number == SEVERAL
            settling = raw.SETTLING_REAL_SECONDS if is_last else _MOMENT_REAL_SECONDS
            answer = connection.request(
                "POST", path, target.endpoint.headers, settling_real_seconds=settling
            )
            is_closed = answer.status is None and not answer.late and not answer.is_garbage
            if answer.error and number > 1 and is_closed:
                # A server may close a connection at any time.
                return
            target.record("POST", path, answer, 0.0)
            target.note(postback, answer)
            rec.expect_that(
                not answer.error,
                "one whole answer",
                Said(answer.error),
                f"postback {number} on the connection",
            )
            rec.expect_that(
                not answer.surplus,
                "one answer, as long as it says",
                Said("more bytes than that"),
                f"postback {number} on the connection; the rest is taken for the next answer",
            )
            names = {name.lower(): value.lower() for name, value in answer.headers}
            if names.get("connection") == "close":
                return


@endpoint_case(
    "PB-REACH-SECOND-CONNECTION",
    "A second connection is served while a first one is open",
    why="Leanplum may send from several machines; a server for one client makes the others wait.",
    fix="Use a server with workers or threads, or let it close connections after each answer.",
    follows_from=["deliver-order", "deliver-timeout"],
    catches=["one-connection-at-a-time"],
    needs=[Need.CONNECTIONS],
    most_requests=3,
)
def second_connection(target: EndpointTarget, rec: Recorder) -> None:
    """Leaves a connection open after a postback, and sends others on connections of their own."""
    with target.endpoint.connection() as connection:
        target.endpoint.budget.take()
        first = target.postback()
        answer = connection.request("POST", first.request_target, target.endpoint.headers)
        target.note(first, answer)
        for _ in range(2):
            outcome = target.send(target.postback(), fresh=True)
            target.endpoint.serves_one = outcome.kind is OutcomeKind.TIMEOUT
            rec.expect_that(
                outcome.kind is OutcomeKind.RESPONSE,
                "an answer",
                Said(outcome_text(outcome)),
                f"another connection is open and idle; {consequence(outcome)}",
            )


@endpoint_case(
    "PB-REACH-FRESH",
    "A postback on a connection of its own is answered as on one that was used before",
    level=Level.SHOULD,
    why="Nobody outside knows whether Leanplum uses a connection again.",
    fix="Keep nothing that a request needs with the connection.",
    follows_from=["retry-connection"],
    catches=["first-of-a-connection-fails"],
    needs=[Need.CONNECTIONS],
    most_requests=2 * SEVERAL,
)
def fresh(target: EndpointTarget, rec: Recorder) -> None:
    """Sends four postbacks on connections of their own, and four on one that is kept."""
    for is_fresh in (True, False):
        postbacks = [target.postback() for _ in range(SEVERAL)]
        outcomes = target.send_all(postbacks, fresh=is_fresh)
        failed = [outcome for outcome in outcomes if not is_accepted(outcome)]
        kind = "on connections of their own" if is_fresh else "on a connection that is kept"
        rec.expect_that(
            not failed,
            f"{SEVERAL} times 2xx",
            Said(", ".join(map(outcome_text, outcomes))),
            f"{SEVERAL} postbacks {kind}; {consequence(failed[0]) if failed else ''}",
        )


def _resolved_host(target: EndpointTarget) -> ResolvedHost:
    resolved_host = target.endpoint.resolved_host
    if resolved_host is None:
        raise NotApplicable("it is in this process")
    return resolved_host
