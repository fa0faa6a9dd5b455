"""GET /me and POST /refresh without the overhead of the framework: the most frequent calls of clients.

The routes in `routes/session.py` document them and behave identically, which tests verify.
"""

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.api.authentication import authenticate
from autograph_web.api.schemas.session import RefreshRequest, TokensOut, me_of
from autograph_web.api.strict_json import parse_json
from autograph_web.api_keys.key import ApiKeyPrincipal
from autograph_web.authz.operations import operation_of
from autograph_web.http.client import context_from_scope
from autograph_web.http.errors import MalformedBody
from autograph_web.http.guards import replay
from autograph_web.http.problems import problem_response
from autograph_web.infra.errors import DomainError
from autograph_web.runtime import services


class MeFastPath:
    """Answers GET /me and forwards every other request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] != "http" or scope["path"] != "/me" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        await (await _answer(scope))(scope, receive, send)


class RefreshFastPath:
    """Answers POST /refresh if its body is valid; for any other the framework generates the error response.

    Runs behind the middleware that limits the body and checks the origin.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] != "http" or scope["path"] != "/refresh" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        data = _refresh_request(scope, body)
        if data is None:
            await self._app(scope, replay(body, receive), send)
            return
        await (await _refreshed(scope, data))(scope, receive, send)


def _refresh_request(scope: Scope, body: bytes) -> RefreshRequest | None:
    if Headers(scope=scope).get("content-type") != "application/json":
        return None
    try:
        return RefreshRequest.model_validate(parse_json(body))
    except (MalformedBody, ValidationError):
        return None


async def _refreshed(scope: Scope, data: RefreshRequest) -> Response:
    context = context_from_scope(scope, services().settings)
    try:
        pair = await services().tokens.refresh(context, data.refresh_token)
    except DomainError as refusal:
        return problem_response(refusal)
    return Response(TokensOut.of(pair).model_dump_json(), media_type="application/json")


async def _answer(scope: Scope) -> Response:
    try:
        caller = await authenticate(scope, Headers(scope=scope))
        if isinstance(caller, ApiKeyPrincipal):
            operation_of("GET /me").require_scope(caller)
    except DomainError as refusal:
        return problem_response(refusal)
    return Response(me_of(caller).model_dump_json(), media_type="application/json")
