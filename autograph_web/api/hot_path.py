"""GET /me without the framework around it: the one call that clients make on every request of theirs.

The route in `routes/session.py` documents it and does the same; a test holds the two together.
"""

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.api.identity import authenticate
from autograph_web.api.schemas import MeOut
from autograph_web.core.errors import DomainError
from autograph_web.http.problems import problem_response


class HotPath:
    """Answers GET /me and passes everything else on."""

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
        viewer = await authenticate(Headers(scope=scope))
    except DomainError as refusal:
        return problem_response(refusal)
    return Response(MeOut.of(viewer).model_dump_json(), media_type="application/json")
