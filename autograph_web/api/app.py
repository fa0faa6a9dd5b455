"""Builds the REST application."""

from functools import cache
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from autograph_web.api.docs_page import docs_page
from autograph_web.api.documentation import as_problems, with_access, with_guards
from autograph_web.api.routes import (
    account,
    activity,
    admin,
    api_keys,
    email,
    health,
    metrics,
    mfa,
    overview,
    recovery,
    session,
)
from autograph_web.http.error_responses import error_response
from autograph_web.http.errors import MalformedBody, MethodNotAllowed
from autograph_web.http.problems import problem_response
from autograph_web.infra.errors import DomainError, InternalError, InvalidInput, NotFound

_ABOUT = (
    "Accounts, sign-in and sessions. Requests and responses are JSON. Errors are RFC 9457 problem details "
    "with a message in `detail` and a stable `code`."
)
_STATUS_ERRORS: dict[int, type[DomainError]] = {404: NotFound, 405: MethodNotAllowed, 400: MalformedBody}


def build_api() -> FastAPI:
    """Return the REST application; the application it is mounted in handles unknown paths."""
    api = FastAPI(
        title="AutoGraph accounts",
        version="1.0.0",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    modules = (account, activity, email, session, recovery, mfa, api_keys, admin, overview, health, metrics)
    for module in modules:
        # Not include_router, which would hide the routes from code that lists them (for the 405 of pages).
        api.router.routes.extend(module.router.routes)
    api.add_api_route("/docs", docs_page, include_in_schema=False)
    api.add_exception_handler(DomainError, _refuse)
    api.add_exception_handler(RequestValidationError, _explain)
    api.add_exception_handler(HTTPException, _translate)
    api.add_exception_handler(Exception, _hide)
    plain = api.openapi
    api.openapi = cache(lambda: with_access(with_guards(as_problems(plain()))))
    return api


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101  (Starlette's signature is wider than necessary)
    return problem_response(error)


async def _explain(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [_shown(item) for item in error.errors()]
    field = errors[0]["field"] if errors else None
    return problem_response(InvalidInput(field=field), errors=errors)


def _shown(item: Any) -> dict[str, str]:
    # The input itself is left out: it may contain a password in the wrong field.
    place = [str(part) for part in item["loc"] if part != "body"]
    return {"field": ".".join(place)[:100] or "body", "message": str(item["msg"])[:200]}


async def _hide(request: Request, _error: Exception) -> Response:
    # Starlette re-raises the error after this response, so the outermost middleware logs it.
    return error_response(InternalError(), request.scope)


async def _translate(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    kind = _STATUS_ERRORS.get(error.status_code)
    return problem_response(kind()) if kind else Response(status_code=error.status_code)
