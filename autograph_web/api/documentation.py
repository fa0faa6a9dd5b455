"""What the OpenAPI document says of refusals."""

from http import HTTPStatus
from typing import Any

from autograph_web.api.schemas import Problem


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of refusals with these statuses, and of those any body can meet."""
    every = sorted({*statuses, 400, 413, 415, 422} if 422 in statuses else set(statuses))
    return {status: _response(status) for status in every}


def _response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "model": Problem,
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {}},
    }
    if status in (429, 503):
        response["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}
        }
    return response


def as_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Put the schema of each refusal where FastAPI does not: under the media type it is sent with."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    for response in [response for operation in operations for response in operation["responses"].values()]:
        content = response.get("content", {})
        if "application/problem+json" in content and "application/json" in content:
            content["application/problem+json"] = content.pop("application/json")
    return document
