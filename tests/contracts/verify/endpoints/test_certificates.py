"""Endpoints that are wrong in their TLS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.verify import raw
from contracts.verify.endpoints.certificates import DEVIANTS
from contracts.verify.endpoints.connections import HOST
from contracts.verify.endpoints.deviant_endpoint import EndpointVariant
from mockserver.core.outcome import OutcomeKind
from tests.contracts.verify.endpoints import aiming

every_deviant = pytest.mark.parametrize("deviant", DEVIANTS, ids=lambda each: str(each.name))


@every_deviant
def test_is_caught_by_the_cases_that_name_it(deviant: EndpointVariant) -> None:
    aiming.check_caught(deviant)
    aiming.check_area(deviant)


def of(name: str) -> EndpointVariant:
    return aiming.named(DEVIANTS, name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wrong-tls-host", HOST),
        ("untrusted-certificate", "unable to get local issuer certificate"),
        ("expired-certificate", "certificate has expired"),
    ],
)
def test_no_client_that_looks_is_content(name: str, said: str) -> None:
    with aiming.opened(of(name)) as served:
        (outcome,) = served.endpoint.post([served.endpoint.composer.make().url])
        assert outcome.kind is OutcomeKind.TLS
        assert said in (outcome.error or "")
        with pytest.raises(raw.NoConnection, match=HOST):
            served.endpoint.connection()
        assert served.store.rows == []


def test_a_certificate_expires_within_the_week_and_nothing_else_is_wrong() -> None:
    deviant = of("certificate-expires-soon")
    with aiming.opened(deviant) as served:
        assert served.endpoint.resolved_host is not None
        expires_at = raw.certificate_expires_at(
            served.endpoint.resolved_host, served.endpoint.trust, 10
        )
        assert expires_at is not None
        assert timedelta(days=5) < expires_at - datetime.now(UTC) < timedelta(days=7)
    assert aiming.caught(deviant) == ["PB-REACH-TLS-EXPIRY"]


def test_nothing_newer_than_tls_1_1_is_spoken() -> None:
    with aiming.opened(of("old-tls")) as served:
        assert served.endpoint.resolved_host is not None
        assert raw.tls_version(served.endpoint.resolved_host, 10) == "TLSv1.1"
