"""The OpenAPI document of the control API."""

from __future__ import annotations

from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.web import control
from tests.web.answers import ok


def test_the_openapi_document_describes_every_route(client: FlaskClient, sandbox: Sandbox) -> None:
    document = ok(client.get("/_sandbox/openapi.json"))
    assert document["openapi"] == "3.1.0"
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert len(described) == len(control.control_routes(sandbox))
    assert ("POST", "/_sandbox/deliveries/{delivery_id}/resend") in described
    schema = document["components"]["schemas"]["AdvanceRequest"]
    assert set(schema["properties"]) >= {"by", "to", "until"}
    paths = document["paths"]
    assert paths["/_sandbox/contract"]["get"]["deprecated"]
    assert "deprecated" not in paths["/_sandbox/fidelity"]["get"]
    advance = paths["/_sandbox/clock/advance"]["post"]
    taken = advance["requestBody"]["content"]["application/json"]["schema"]
    assert taken["$ref"] == "#/components/schemas/AdvanceRequest"


def test_the_openapi_document_tells_what_has_to_be_sent(client: FlaskClient) -> None:
    document = ok(client.get("/_sandbox/openapi.json"))
    assert "Content-Type: application/json" in document["info"]["description"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("post", "put"):
                assert "requestBody" not in operation, path
                continue
            assert operation["requestBody"]["required"] is True, path
            assert list(operation["requestBody"]["content"]) == ["application/json"], path
    resend = document["paths"]["/_sandbox/deliveries/{delivery_id}/resend"]["post"]
    content = resend["requestBody"]["content"]
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Nothing"}
    nothing = document["components"]["schemas"]["Nothing"]
    assert (nothing["type"], nothing["properties"]) == ("object", {})
    assert nothing["additionalProperties"] is False
