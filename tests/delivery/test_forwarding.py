"""Where the inboxes of a sandbox forward to: never to the sandbox, and as far as postbacks go."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from mockserver import Sandbox, SocketOptions
from mockserver.core.errors import InvalidBehaviour
from mockserver.core.outcome import OutcomeKind
from tests.certificates import ca_file_in, server_context
from tests.receiver.endpoints import OK, endpoint, free_port, says

OWN_NAMES = ("127.0.0.1", "localhost", "127.9.9.9", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]")


@pytest.mark.parametrize("host", OWN_NAMES)
@pytest.mark.parametrize("whose", ["API", "receiver"])
def test_nothing_is_forwarded_to_the_sandbox_itself(host: str, whose: str) -> None:
    with Sandbox(sockets=SocketOptions(api_port=free_port())) as sandbox:
        receiver_port = int(sandbox.receiver_url.rpartition(":")[2])
        api_port = sandbox._wiring._options.api_port
        port = api_port if whose == "API" else receiver_port
        with pytest.raises(InvalidBehaviour, match=f"is this sandbox's own {whose}"):
            sandbox.inbox("crm").behave(f"forward:http://{host}:{port}/inbox/crm")


def test_a_name_of_this_machine_is_refused_when_it_is_dialled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = socket.getaddrinfo

    def resolve(host: str, *more: object, **others: object) -> object:
        return found("127.0.0.1" if host == "my.machine" else host, *more, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with Sandbox(sockets=SocketOptions()) as sandbox:
        inbox = sandbox.inbox("crm")
        port = sandbox.receiver_url.rpartition(":")[2]
        inbox.behave(f"forward:http://my.machine:{port}/inbox/crm")
        sandbox.add_postback(inbox.url)
        (attempt,) = sandbox.trigger("email.open").deliveries[0].attempts
        assert len(inbox.requests) == 1
    assert attempt.outcome.kind is OutcomeKind.RESET
    assert attempt.outcome.error is not None
    assert "is this sandbox's own receiver: it would be a loop" in attempt.outcome.error


def test_a_closed_sandbox_forwards_to_named_hosts_only() -> None:
    with Sandbox(sockets=SocketOptions(send_to=("203.0.113.7",))) as sandbox:
        inbox = sandbox.inbox("crm")
        with pytest.raises(InvalidBehaviour, match=r"start it with --send-to 203\.0\.113\.8"):
            inbox.behave("forward:http://203.0.113.8/")
        inbox.behave("forward:http://203.0.113.7/")
        inbox.behave("forward:http://10.1.2.3/")
        inbox.behave("forward:http://shop.example/")


def test_a_sandbox_for_public_hosts_forwards_to_no_private_ones() -> None:
    options = SocketOptions(addresses="public")
    with Sandbox(sockets=options) as sandbox, pytest.raises(InvalidBehaviour, match="public"):
        sandbox.inbox("crm").behave("forward:http://10.1.2.3/")


def test_link_local_addresses_are_never_forwarded_to() -> None:
    with Sandbox() as sandbox, pytest.raises(InvalidBehaviour, match="nothing is sent there"):
        sandbox.inbox("crm").behave("forward:http://169.254.169.254/latest/meta-data")


@pytest.mark.parametrize("trust", ["ca_file", "insecure", "neither"])
def test_https_is_trusted_as_postbacks_trust_it(trust: str, tmp_path: Path) -> None:
    options = SocketOptions(
        ca_file=ca_file_in(tmp_path) if trust == "ca_file" else None,
        verify_tls=trust != "insecure",
    )
    with endpoint(says(OK), tls=server_context()) as own, Sandbox(sockets=options) as sandbox:
        inbox = sandbox.inbox("crm")
        inbox.behave(f"forward:https://127.0.0.1:{own.port}/hook")
        sandbox.add_postback(inbox.url)
        (attempt,) = sandbox.trigger("email.open").deliveries[0].attempts
    if trust == "neither":
        assert attempt.outcome.kind is OutcomeKind.RESET
        assert "--ca-file FILE" in (attempt.outcome.error or "")
    else:
        assert attempt.outcome.status == 200


def test_the_api_forwards_nothing() -> None:
    with Sandbox() as sandbox, pytest.raises(InvalidBehaviour, match="they have your keys"):
        sandbox.api.behave("503,forward:http://127.0.0.1:5000")
