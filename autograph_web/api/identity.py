"""Who a request stands for: a bearer token or the session cookie."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.datastructures import Headers

from autograph_web.core.context import RequestContext
from autograph_web.core.errors import InvalidToken, NotAuthenticated
from autograph_web.http.client import context_from_scope
from autograph_web.http.cookies import SESSION, session_cookie
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer

# Only for the OpenAPI document: the check itself is `authenticate`, the same on every path.
BEARER = HTTPBearer(auto_error=False, description="The access token of /login or /refresh.")
COOKIE = APIKeyCookie(name=SESSION, auto_error=False, description="The browser's session cookie.")


async def authenticate(headers: Headers) -> Viewer:
    """Return who the headers stand for; a token that is shown counts, whatever cookie comes along.

    Raises:
        NotAuthenticated: There is neither a token nor a cookie.
        InvalidToken, SessionEnded: There is one and it is not good.
        Unavailable: Nobody can tell right now.
    """
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise InvalidToken
        return await services().sessions.authenticate_token(token)
    cookie = session_cookie(services().settings, headers.get("cookie", ""))
    if cookie is None:
        raise NotAuthenticated
    return await services().sessions.authenticate_cookie(cookie)


async def _viewer(request: Request) -> Viewer:
    return await authenticate(request.headers)


async def _context(request: Request) -> RequestContext:
    # Not a plain function: FastAPI would run that in a thread, for longer than it takes.
    return context_from_scope(request.scope, services().settings)


CurrentViewer = Annotated[Viewer, Depends(_viewer)]
CurrentContext = Annotated[RequestContext, Depends(_context)]
