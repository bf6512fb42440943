"""Reads what the control API answers, for the tests of its operations."""

from __future__ import annotations

from typing import Any


def ok(response: Any) -> Any:
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def refused(response: Any, status: int, code: str) -> str:
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert set(problem) == {"type", "title", "status", "detail", "instance"}
    assert problem["type"] == f"urn:postbacks:problem:{code}"
    assert problem["status"] == status
    assert "\n" not in problem["detail"]
    return problem["detail"]
