"""Which URLs an inbox can forward to."""

from __future__ import annotations

import pytest

from mockserver.core.errors import InvalidBehaviour
from mockserver.core.forward_target import forward_target
from mockserver.core.hosts import Host
from mockserver.receiver.behaviours import parse_script


@pytest.mark.parametrize(
    "url",
    [
        "", "localhost:5000", "ftp://localhost/", "http://", "http://localhost:0/",
        "http://localhost:65536/", "http://local host/", "http://localhost/a b",
        "http://localhost/\xe4", "http://localhost/?x=1", "http://localhost/#f",
        "http://localhost/?", "http://u:p@localhost/", "http://u@localhost/",
        "http://localhost/\r\nX: 1", "http://0x7f.1.1.1.1/\x00",
    ],
)  # fmt: skip
def test_what_is_no_destination_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(InvalidBehaviour, match=r"write it like forward:http://127\.0\.0\.1:5000/"):
        forward_target(url)
    with pytest.raises(InvalidBehaviour):
        parse_script([{"kind": "forward", "url": url}])


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://localhost", Host("localhost", 80)),
        ("https://Shop.example:8443/a;b,c", Host("shop.example", 8443)),
        ("http://[::1]:5000/hook/", Host("::1", 5000)),
        ("HTTPS://127.0.0.1", Host("127.0.0.1", 443)),
    ],
)
def test_what_is_one_has_its_host(url: str, host: Host) -> None:
    assert forward_target(url) == host
