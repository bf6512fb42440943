"""`postbacks serve` over TLS, and with endpoints whose certificates are their own."""

from __future__ import annotations

import datetime
import shlex
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockserver.cli.root import root
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import ServerUnreachable
from mockserver.web.shapes import EventRequest
from tests.certificates import authority, ca_file_in, server_context
from tests.cli.serving import FREE_PORTS, Served, refused, serve


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """The files of a certificate of one's own: cert, key, ca."""
    issued = authority().issue_cert("127.0.0.1", "localhost")
    paths = {name: tmp_path / f"{name}.pem" for name in ("cert", "key")}
    issued.cert_chain_pems[0].write_to_path(str(paths["cert"]))
    issued.private_key_pem.write_to_path(str(paths["key"]))
    return {name: str(path) for name, path in paths.items()} | {"ca": str(ca_file_in(tmp_path))}


def outcome_at(served: Served, url: str) -> str:
    """Let one postback go to `url`; return the outcome of its first attempt."""
    rule = served.client.add_postback("YOUR_APP_ID", url)
    (delivery,) = served.client.trigger(EventRequest(name="email.click")).deliveries
    served.client.delete_postback("YOUR_APP_ID", rule)
    attempt = served.client.delivery(delivery.id).attempts[0]
    return f"{attempt.outcome} {attempt.status or ''}".strip()


@contextmanager
def https_endpoint() -> Iterator[str]:
    """Serve an endpoint with a certificate of the authority; yield its URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_all() -> None:
            while not over.is_set():
                # A client that does not believe the certificate goes.
                with suppress(OSError):
                    connection, _ = listener.accept()
                    with connection, server_context().wrap_socket(connection, True) as secured:
                        secured.recv(65536)
                        secured.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        serving = threading.Thread(target=answer_all, daemon=True)
        serving.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/in"
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        serving.join(timeout=5)


class TestServers:
    @pytest.mark.parametrize("kept", [True, False])
    def test_a_certificate_made_on_the_spot(self, tmp_path: Path, kept: bool) -> None:
        place = ["--db", "box.db"] if kept else ["--ephemeral"]
        with serve(tmp_path, *place, "--clock", "manual", "--tls") as served:
            facts = served.facts
            assert facts["api_url"].startswith("https://127.0.0.1:")
            assert facts["receiver_url"].startswith("https://127.0.0.1:")
            if kept:
                assert facts["ca_file"] == str(tmp_path / "box.db.ca.pem")
            inbox = served.client.behave("a", "200").url
            assert inbox.startswith("https://")
            assert outcome_at(served, inbox) == "response 200"
            with pytest.raises(ServerUnreachable, match="not believed"):
                SandboxClient(facts["api_url"]).health()
            by_name = facts["api_url"].replace("127.0.0.1", "localhost")
            assert SandboxClient(by_name, ca_file=facts["ca_file"]).health().status == "ok"
            assert served.stop(signal.SIGTERM) == (0, "")
        # The key was never on file. What clients need stays at its path, for the next start.
        assert Path(facts["ca_file"]).exists() is kept
        assert not any(b"PRIVATE KEY" in path.read_bytes() for path in tmp_path.glob("*.pem"))

    def test_what_it_says_to_people_is_all_they_need(self, tmp_path: Path) -> None:
        with serve(tmp_path, "--db", "box.db", "--clock", "manual", "--tls") as served:
            facts = served.facts
            ways: list[tuple[list[str], dict[str, str]]] = [
                (["--url", facts["api_url"], "--ca-file", facts["ca_file"]], {}),
                ([], {"POSTBACKS_URL": facts["api_url"], "POSTBACKS_CA_FILE": facts["ca_file"]}),
            ]
            for arguments, variables in ways:
                for order in (["deliveries", *arguments], [*arguments, "deliveries"]):
                    done = CliRunner().invoke(root, order, env=variables)
                    assert (done.exit_code, done.stderr) == (0, "")
            done = CliRunner().invoke(root, ["deliveries", "--url", facts["api_url"]])
            assert done.exit_code == 3
            assert "--ca-file" in done.stderr
            if shutil.which("curl"):
                for line in facts["curl"]:
                    command = [*shlex.split(line), "-sS", "-f"]
                    subprocess.run(command, check=True, capture_output=True)
                assert len(served.client.requests("demo").requests) == 1

    def test_the_suite_runs_at_it(self, tmp_path: Path) -> None:
        with serve(tmp_path, "--db", "box.db", "--clock", "manual", "--tls") as served:
            place = ["--url", served.facts["api_url"], "--ca-file", served.facts["ca_file"]]
            case = ["contracts", "run", "--case", "PB-RETRY-COUNT", *place]
            if "--case" not in CliRunner().invoke(root, ["contracts", "run", "--help"]).stdout:
                case = ["contracts", "run", "PB-RETRY-COUNT", *place]
            done = CliRunner().invoke(root, case)
            assert done.exit_code == 0, done.output

    def test_a_certificate_of_ones_own(self, tmp_path: Path, own: dict[str, str]) -> None:
        files = ["--tls-cert", own["cert"], "--tls-key", own["key"]]
        with serve(tmp_path, "--ephemeral", *files, "--ca-file", own["ca"]) as served:
            assert served.facts["ca_file"] == own["ca"]
            assert served.client.health().receiver_url.startswith("https://127.0.0.1:")
        # Where the system trusts the authority, nobody needs its file.
        with serve(tmp_path, "--ephemeral", *files, SSL_CERT_FILE=own["ca"]) as served:
            assert served.facts["ca_file"] is None

    def test_the_settings_may_stand_in_the_file(self, tmp_path: Path, own: dict[str, str]) -> None:
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        for name in ("cert", "key", "ca"):
            shutil.copy(own[name], folder)
        (folder / "box.toml").write_text(
            "[server]\nephemeral = true\ntls_cert = 'cert.pem'\ntls_key = 'key.pem'\n"
            "ca_file = 'ca.pem'\n"
        )
        with serve(tmp_path, "--config", "elsewhere/box.toml") as served:
            assert served.facts["ca_file"] == str(folder / "ca.pem")
            assert served.facts["api_url"].startswith("https://")

    def test_others_reach_it_by_its_own_address(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
            except OSError:
                pytest.skip("this machine has no network")
            address = probe.getsockname()[0]
        exposed = ("--host", "0.0.0.0", "--allow-example-keys")
        with serve(tmp_path, "--ephemeral", "--tls", *exposed) as served:
            url = served.facts["api_url"].replace("127.0.0.1", address)
            client = SandboxClient(url, served.facts["token"], ca_file=served.facts["ca_file"])
            assert client.health().status == "ok"

    def test_a_link_where_the_certificate_goes_is_replaced(self, tmp_path: Path) -> None:
        precious = tmp_path / "precious"
        precious.write_text("precious")
        (tmp_path / "box.db.ca.pem").symlink_to(precious)
        with serve(tmp_path, "--db", "box.db", "--tls"):
            assert precious.read_text() == "precious"
            assert not (tmp_path / "box.db.ca.pem").is_symlink()

    def test_a_folder_where_the_certificate_goes_is_in_the_way(self, tmp_path: Path) -> None:
        (tmp_path / "box.db.ca.pem").mkdir()
        code, line = refused(tmp_path, "--db", "box.db", "--tls", *FREE_PORTS)
        assert (code, "cannot write" in line, "use another --db" in line) == (1, True, True)
        assert [path.name for path in tmp_path.glob("*.pem*")] == ["box.db.ca.pem"]

    def test_no_postback_reaches_its_own_api_over_tls(self, tmp_path: Path) -> None:
        with serve(tmp_path, "--ephemeral", "--clock", "manual", "--tls") as served:
            own_api = f"{served.facts['api_url']}/_sandbox/reset"
            for url in (own_api, own_api.replace("127.0.0.1", "localhost")):
                assert outcome_at(served, url) == "blocked"


class TestRefusals:
    """One line each, before anything listens."""

    def test_a_certificate_that_clients_would_not_believe(
        self, tmp_path: Path, own: dict[str, str]
    ) -> None:
        def complaint(*names: str, **settings: Any) -> str:
            issued = authority().issue_cert(*names, **settings)
            issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "bad.pem"))
            arguments = ("--tls-cert", "bad.pem", "--ca-file", own["ca"], *FREE_PORTS)
            code, line = refused(tmp_path, "--ephemeral", *arguments)
            assert code == 1
            return line

        yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        assert "certificate has expired" in complaint("127.0.0.1", not_after=yesterday)
        assert "IP address mismatch" in complaint("box.example")
        code, line = refused(
            tmp_path, "--ephemeral", "--tls-cert", own["cert"], "--tls-key", own["key"], *FREE_PORTS
        )
        assert (code, "not believed at 127.0.0.1" in line, "ca_file" in line) == (1, True, True)

    @pytest.mark.parametrize(
        ("arguments", "code", "expected"),
        [
            (["--tls-cert", "missing.pem"], 1, "tls_cert 'missing.pem' cannot be read"),
            (["--tls-key", "key.pem"], 2, "tls_key needs tls_cert"),
            (["--ca-file", "missing.pem"], 1, "ca_file 'missing.pem' cannot be used"),
            (["--ca-file", "key.pem"], 1, "ca_file 'key.pem' cannot be used"),
            (["--tls", "--db", "x/box.db"], 1, "there is no folder"),
        ],
    )
    def test_files_that_cannot_be_used(
        self, tmp_path: Path, own: dict[str, str], arguments: list[str], code: int, expected: str
    ) -> None:
        place = [] if "--db" in arguments else ["--ephemeral"]
        found, line = refused(tmp_path, *place, *arguments, *FREE_PORTS)
        assert (found, expected in line) == (code, True), line

    def test_a_ca_file_of_a_client(self, tmp_path: Path) -> None:
        arguments = ["deliveries", "--url", "https://127.0.0.1:1", "--ca-file", "missing.pem"]
        done = CliRunner().invoke(root, arguments)
        assert done.exit_code == 2
        assert "--ca-file (or POSTBACKS_CA_FILE): ca_file 'missing.pem' cannot be" in done.stderr

    @pytest.mark.parametrize("place", [[], ["--url", "http://127.0.0.1:1"], ["--url", "HTTP://h"]])
    def test_a_ca_file_that_nobody_needs(self, place: list[str], own: dict[str, str]) -> None:
        for path in ("missing.pem", own["ca"]):
            done = CliRunner().invoke(root, ["deliveries", *place, "--ca-file", path])
            assert done.exit_code == 2
            assert "--ca-file is for a sandbox at https, but --url" in done.stderr
        # In the environment it may be for another one.
        done = CliRunner().invoke(root, ["deliveries", *place], env={"POSTBACKS_CA_FILE": path})
        assert done.exit_code == 3


class TestEndpoints:
    @pytest.mark.parametrize("tls", [True, False])
    def test_an_authority_of_ones_own(self, tmp_path: Path, own: dict[str, str], tls: bool) -> None:
        arguments = ["--ephemeral", "--clock", "manual", *(["--tls"] if tls else [])]
        with https_endpoint() as url:
            with serve(tmp_path, *arguments) as served:
                assert outcome_at(served, url) == "tls"
            with serve(tmp_path, *arguments, "--ca-file", own["ca"]) as served:
                assert served.facts["warnings"] == []
                assert outcome_at(served, url) == "response 204"
                assert outcome_at(served, served.client.behave("a", "200").url) == "response 200"
                if not tls:
                    assert served.facts["ca_file"] is None
            with serve(tmp_path, *arguments, POSTBACKS_CA_FILE=own["ca"]) as served:
                assert outcome_at(served, url) == "response 204"

    def test_insecure_checks_nothing_and_says_so(self, tmp_path: Path) -> None:
        arguments = ("--ephemeral", "--clock", "manual", "--insecure")
        with https_endpoint() as url, serve(tmp_path, *arguments) as served:
            assert outcome_at(served, url) == "response 204"
            assert "no certificate is checked" in served.facts["warnings"][0]
            code, complaints = served.stop(signal.SIGTERM)
            assert code == 0
            assert complaints.startswith("postbacks: warning: --insecure: no certificate is")
            assert complaints.count("\n") == 1

    def test_insecure_serves_any_certificate(self, tmp_path: Path, own: dict[str, str]) -> None:
        files = ["--tls-cert", own["cert"], "--tls-key", own["key"]]
        arguments = ["--ephemeral", "--clock", "manual", "--insecure"]
        with serve(tmp_path, *arguments, *files) as served:
            client = SandboxClient(served.facts["api_url"], ca_file=own["ca"])
            served.client = client
            assert outcome_at(served, client.behave("a", "200").url) == "response 200"
            if shutil.which("curl"):
                command = [*shlex.split(served.facts["curl"][0]), "-sS", "-f"]
                subprocess.run(command, check=True, capture_output=True)
