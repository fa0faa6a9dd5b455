"""The OpenAPI document, and the page that shows it."""

import pytest
from httpx import AsyncClient

from autograph_web.api.schemas.session import MeOut

CALLS = {
    ("post", "/register"): {"201", "400", "409", "413", "415", "422", "429", "503"},
    ("post", "/login"): {"200", "400", "401", "413", "415", "422", "429", "503"},
    ("post", "/token"): {"200", "400", "429", "503"},
    ("post", "/refresh"): {"200", "400", "401", "413", "415", "422", "503"},
    ("post", "/logout"): {"200", "401", "503"},
    ("post", "/logout-all"): {"200", "401", "503"},
    ("get", "/sessions"): {"200", "401", "503"},
    ("delete", "/sessions"): {"200", "401", "503"},
    ("delete", "/sessions/{session_id}"): {"200", "400", "401", "404", "413", "415", "422", "503"},
    ("get", "/me"): {"200", "401", "503"},
    ("get", "/health/live"): {"200"},
    ("get", "/health/ready"): {"200", "503"},
    ("get", "/metrics"): {"200", "401", "404"},
}


async def test_the_document_lists_every_call_with_every_refusal(api: AsyncClient) -> None:
    paths = (await api.get("/openapi.json")).json()["paths"]

    for (method, path), statuses in CALLS.items():
        assert statuses <= set(paths[path][method]["responses"]), path


async def test_every_refusal_is_documented_as_a_problem(api: AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()

    for (method, path), statuses in CALLS.items():
        responses = document["paths"][path][method]["responses"]
        for status in statuses - {"200", "201"}:
            if (path, status) in {("/token", "400"), ("/health/ready", "503")}:
                continue
            assert list(responses[status]["content"]) == ["application/problem+json"], (path, status)
            if status in ("429", "503"):
                assert "Retry-After" in responses[status]["headers"], (path, status)


async def test_the_document_describes_what_me_answers(api: AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    shown = document["paths"]["/me"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert shown["anyOf"][0] == {"$ref": "#/components/schemas/MeOut"}
    documented = document["components"]["schemas"]["MeOut"]["properties"]
    assert set(documented) == set(MeOut.model_fields)


async def test_the_document_names_both_credentials(api: AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()

    kinds = {scheme["type"] for scheme in document["components"]["securitySchemes"].values()}
    assert kinds == {"http", "apiKey"}
    assert document["paths"]["/me"]["get"]["security"]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[1])
async def test_the_reference_shows_every_call(api: AsyncClient, call: tuple[str, str]) -> None:
    response = await api.get("/docs")

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert f"{call[0].upper()} {call[1]}" in response.text
    assert "<script" not in response.text
