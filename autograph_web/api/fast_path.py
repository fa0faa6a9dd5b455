"""GET /me without the overhead of the framework: the most frequent call of clients.

The route in `routes/session.py` documents it and behaves identically, which tests verify.
"""

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.api.authentication import authenticate
from autograph_web.api.schemas.session import me_of
from autograph_web.api_keys.key import ApiKeyPrincipal
from autograph_web.authz.operations import operation_of
from autograph_web.http.problems import problem_response
from autograph_web.infra.errors import DomainError


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


async def _answer(scope: Scope) -> Response:
    try:
        caller = await authenticate(scope, Headers(scope=scope))
        if isinstance(caller, ApiKeyPrincipal):
            operation_of("GET /me").require_scope(caller)
    except DomainError as refusal:
        return problem_response(refusal)
    return Response(me_of(caller).model_dump_json(), media_type="application/json")
