"""Errors as RFC 9457 problem details, for middleware that answers before the REST API is reached."""

import json
from typing import Any

from starlette.responses import Response

from autograph_web.infra.context import occasion
from autograph_web.infra.errors import DomainError

MEDIA_TYPE = "application/problem+json"


def problem_of(error: DomainError, **more: Any) -> dict[str, Any]:
    """Return the members of the problem document of `error`."""
    current = occasion()
    members: dict[str, Any] = {
        "type": "about:blank",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if current is not None:  # to quote to the operator: the log has the same id
        members["instance"] = f"urn:uuid:{current.request_id}"
    if error.field:
        members["field"] = error.field
    if error.reasons:
        members["reasons"] = list(error.reasons)
    return members | more


def problem_response(error: DomainError, **more: Any) -> Response:
    """Return the response to a request that failed with `error`."""
    headers = {"Cache-Control": "no-store"}
    if error.status in (429, 503):
        headers["Retry-After"] = str(error.retry_after or 1)
    if error.status == 401:
        headers["WWW-Authenticate"] = _challenge(error)
    body = json.dumps(problem_of(error, **more), ensure_ascii=False).encode("utf-8")
    return Response(body, error.status, headers, MEDIA_TYPE)


def _challenge(error: DomainError) -> str:
    # RFC 6750 section 3.1: name the error only if a token was presented and rejected.
    named = error.code in ("invalid_token", "session_ended") or error.code.startswith("api_key_")
    return 'Bearer realm="autograph"' + (', error="invalid_token"' if named else "")
