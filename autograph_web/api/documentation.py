"""Additions to the OpenAPI document: error responses, and who may call."""

from http import HTTPStatus
from typing import Any

from autograph_web.api.schemas.problem import Problem
from autograph_web.authz.operations import Operation, Who, operation_of
from autograph_web.http.problems import MEDIA_TYPE as PROBLEM

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_KEY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key, `agk_…`, with the required scope.",
}


RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses for errors with these statuses; 422 adds those that any body can cause."""
    every = sorted({*statuses, 400, 413, 415, 422} if 422 in statuses else set(statuses))
    return {status: _response(status) for status in every}


def _response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "model": Problem,
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {}},
    }
    if status in (429, 503):
        response["headers"] = RETRY_AFTER
    return response


def as_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Move the schema of each error to the media type it is sent with, which FastAPI does not do."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    for response in [response for operation in operations for response in operation["responses"].values()]:
        content = response.get("content", {})
        elsewhere = [kind for kind in content if kind != PROBLEM]
        if PROBLEM in content and elsewhere:
            content[PROBLEM] = content.pop(elsewhere[0])
    return document


def with_guards(document: dict[str, Any]) -> dict[str, Any]:
    """Add the errors of the middleware to each call: foreign origin, body too large or malformed."""
    for operations in document["paths"].values():
        for method, operation in operations.items():
            met = {"get": (), "head": ()}.get(method, (403, 413))
            _add(operation, *met, *((400, 415, 422) if "requestBody" in operation else ()))
    return document


def with_access(document: dict[str, Any]) -> dict[str, Any]:
    """Document for each call whether an API key may make it, and the errors for those that may not."""
    document["components"].setdefault("securitySchemes", {})["ApiKey"] = _KEY_SCHEME
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            listed = operation_of(f"{method.upper()} {path}")
            if listed.who is not Who.PUBLIC:
                _say(operation, listed)
    return document


def _say(operation: dict[str, Any], listed: Operation) -> None:
    may = f"API keys: requires scope `{listed.scope}`." if listed.scope else "API keys: not accepted."
    operation["description"] += f" {may}"
    if listed.scope:
        operation["security"].append({"ApiKey": []})
    _add(operation, 403, 429)


def _add(operation: dict[str, Any], *statuses: int) -> None:
    for status in statuses:
        said = _response(status) | {"content": {"application/problem+json": {"schema": _PROBLEM}}}
        del said["model"]
        operation["responses"].setdefault(str(status), said)
