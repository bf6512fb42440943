"""Where a load may go, and how much of it."""

from __future__ import annotations

import pytest

from mockserver.core.errors import InvalidConfig, ServerUnreachable
from mockserver.load.target import FAR_BUDGET, NEAR_BUDGET, budget_of, check_listening, target_of
from mockserver.transport.resolved_host import HostNotAllowed, ResolvedHost
from tests.transport.servers import RawServer, keeping_alive

NEAR = ResolvedHost("http", "localhost", 80, ("127.0.0.1",))
FAR = ResolvedHost("http", "partner.example", 80, ("192.0.2.7",))


@pytest.mark.parametrize(
    ("target", "most", "total", "budget"),
    [
        (NEAR, None, NEAR_BUDGET, NEAR_BUDGET),
        (NEAR, None, NEAR_BUDGET + 1, None),
        (FAR, None, FAR_BUDGET, FAR_BUDGET),
        (FAR, None, FAR_BUDGET + 1, None),
        (FAR, FAR_BUDGET + 1, FAR_BUDGET + 1, FAR_BUDGET + 1),
        (NEAR, 5, 5, 5),
        (NEAR, 5, 6, None),
    ],
)
def test_the_budget(target: ResolvedHost, most: int | None, total: int, budget: int | None) -> None:
    if budget is None:
        with pytest.raises(InvalidConfig, match="nothing was sent: give --max-requests"):
            budget_of(total, most, target)
    else:
        assert budget_of(total, most, target) == budget


def test_a_host_beyond_this_machine_is_named_twice() -> None:
    with pytest.raises(HostNotAllowed, match=r"--allow-host 192\.0\.2\.7"):
        target_of("http://192.0.2.7/in")
    assert target_of("http://192.0.2.7/in", allowed_hosts=["192.0.2.7"]).addresses == ("192.0.2.7",)
    with pytest.raises(HostNotAllowed, match="nothing is ever sent there"):
        target_of("http://169.254.169.254/in", allowed_hosts=["169.254.169.254"])


def test_a_url_that_leanplum_would_refuse_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="addPostback would refuse this URL"):
        target_of("http://127.0.0.1/{{Nobody}}")


def test_somebody_has_to_listen() -> None:
    with RawServer(keeping_alive()) as server:
        check_listening(target_of(server.url))
        port = server.port
    with pytest.raises(ServerUnreachable, match=r"nobody listens at 127\.0\.0\.1"):
        check_listening(target_of(f"http://127.0.0.1:{port}/"))
