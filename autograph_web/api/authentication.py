"""Authentication of a request: bearer token, API key or session cookie."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import Scope as Connection

from autograph_web.accounts.errors import SessionEnded
from autograph_web.admin.user_summary import Actor
from autograph_web.api_keys.key import ApiKeyPrincipal
from autograph_web.api_keys.spelling import looks_like_key
from autograph_web.authz.errors import SessionRequired
from autograph_web.authz.operations import operation_of
from autograph_web.authz.principal import Principal
from autograph_web.http.client import context_from_scope
from autograph_web.http.cookies import SESSION, session_cookie
from autograph_web.infra.context import RequestContext
from autograph_web.runtime import services
from autograph_web.sessions.errors import InvalidToken, NotAuthenticated
from autograph_web.sessions.principal import SessionPrincipal

# Only for the OpenAPI document: the check itself is `authenticate`, the same for every route.
BEARER = HTTPBearer(auto_error=False, description="The access token of /login or /refresh.")
COOKIE = APIKeyCookie(name=SESSION, auto_error=False, description="The browser's session cookie.")


async def authenticate(connection: Connection, headers: Headers) -> Principal:
    """Return the principal of a request; an Authorization header takes precedence over a cookie.

    Raises:
        NotAuthenticated: There is neither a token nor a cookie.
        InvalidToken, SessionEnded: The token or cookie is not valid.
        ApiKeyInvalid, ApiKeyExpired, ApiKeyRevoked: The API key is not valid.
        RateLimited: The API key exceeds its rate limit.
        Unavailable: The credential cannot be checked now.
    """
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise InvalidToken
        if looks_like_key(token):
            context = context_from_scope(connection, services().settings)
            return await services().api_keys.authenticate(context, token)
        return await services().sessions.authenticate_token(token)
    cookie = session_cookie(services().settings, headers.get("cookie", ""))
    if cookie is None:
        raise NotAuthenticated
    return await services().sessions.authenticate_cookie(cookie)


async def _caller(request: Request) -> Principal:
    """Authenticate the caller and enforce the entry of the call in the operations table."""
    operation = operation_of(f"{request.method} {request.scope['route'].path}")
    caller = await authenticate(request.scope, request.headers)
    await operation.require(caller, services().admin_policy.require, services().clock)
    return caller


async def _viewer(caller: Annotated[Principal, Depends(_caller)]) -> SessionPrincipal:
    if isinstance(caller, ApiKeyPrincipal):
        raise SessionRequired
    return caller


async def _optional_principal(request: Request) -> SessionPrincipal | None:
    try:
        caller = await authenticate(request.scope, request.headers)
    except (NotAuthenticated, SessionEnded):
        # A token is sent on purpose and must be valid; a browser may still send an ended session's cookie.
        if "authorization" in request.headers:
            raise
        return None
    return None if isinstance(caller, ApiKeyPrincipal) else caller


async def _context(request: Request) -> RequestContext:
    # async, because FastAPI would run a plain function in a thread, which takes longer than the function.
    return context_from_scope(request.scope, services().settings)


CurrentPrincipal = Annotated[SessionPrincipal, Depends(_viewer)]
"""A signed-in user; an API key is rejected."""
OptionalPrincipal = Annotated[SessionPrincipal | None, Depends(_optional_principal)]
"""The signed-in account, or None without a session; an invalid access token is rejected."""
CurrentContext = Annotated[RequestContext, Depends(_context)]
CurrentCaller = Annotated[Principal, Depends(_caller)]
"""A signed-in user, or an API key with the scope that the operations table requires."""


async def _operator(context: CurrentContext, caller: CurrentCaller) -> Actor:
    return Actor.administrator(context, caller)


async def _signed_in_operator(context: CurrentContext, principal: CurrentPrincipal) -> Actor:
    return Actor.administrator(context, principal)


SignedInOperator = Annotated[Actor, Depends(_signed_in_operator)]
"""A signed-in administrator; an API key is rejected."""
CurrentOperator = Annotated[Actor, Depends(_operator)]
"""A signed-in administrator, or an administrator's API key with the required scope."""
