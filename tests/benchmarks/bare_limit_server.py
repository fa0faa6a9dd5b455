"""The bare limits: the rate on this machine when a request does the least that can be correct.

The same server program, workers, event loop, JWT library and Redis as the product; no other routes, no
validation, no headers, no audit, no database.
"""

import json
import os
import time
from typing import Any, cast
from uuid import uuid4

import jwt
from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

_LIFE_S = 3600
_ROTATE = "if redis.call('DEL', KEYS[1]) == 1 then redis.call('SET', KEYS[2], 1, 'EX', 3600) return 1 end"


class Bare:
    """Tokens whose sessions are stored in Redis alone."""

    def __init__(self, redis_url: str, secret: str) -> None:
        self._secret = secret
        self._redis: Any = cast(Any, Redis).from_url(redis_url)
        self._rotate = self._redis.register_script(_ROTATE)

    async def live(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def me(self, request: Request) -> Response:
        """One signature, one GET."""
        claims = self._verify(request.headers["authorization"].removeprefix("Bearer "))
        session = json.loads(await self._redis.get(f"bare:session:{claims['sid']}"))
        return JSONResponse({"id": claims["sub"], "email": session["email"], "session": session["id"]})

    async def refresh(self, request: Request) -> Response:
        """Three signatures, one script."""
        claims = self._verify((await request.json())["refresh_token"])
        new = uuid4().hex
        if not await self._rotate(keys=[f"bare:token:{claims['jti']}", f"bare:token:{new}"]):
            return JSONResponse({"detail": "used"}, 401)
        return JSONResponse(self._pair(claims["sub"], claims["sid"], new))

    async def open(self, request: Request) -> Response:
        """Open a session, for the preparations."""
        user, session, token = uuid4().hex, uuid4().hex, uuid4().hex
        record = {"id": session, "email": (await request.json())["email"]}
        await self._redis.set(f"bare:session:{session}", json.dumps(record), ex=_LIFE_S)
        await self._redis.set(f"bare:token:{token}", 1, ex=_LIFE_S)
        return JSONResponse(self._pair(user, session, token))

    def _verify(self, token: str) -> dict[str, Any]:
        return cast(Any, jwt).decode(token, self._secret, algorithms=["HS256"])

    def _pair(self, user: str, session: str, token: str) -> dict[str, Any]:
        claims = {"sub": user, "sid": session, "exp": int(time.time()) + _LIFE_S}
        access, refresh = (self._sign(claims | {"jti": jti}) for jti in (uuid4().hex, token))
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": _LIFE_S,
        }

    def _sign(self, claims: dict[str, Any]) -> str:
        return cast(Any, jwt).encode(claims, self._secret, algorithm="HS256")


def create() -> Starlette:
    """The application, in each worker."""
    bare = Bare(os.environ["REDIS_URL"], os.environ["BARE_SECRET"])
    return Starlette(
        routes=[
            Route("/health/live", bare.live),
            Route("/me", bare.me),
            Route("/refresh", bare.refresh, methods=["POST"]),
            Route("/open", bare.open, methods=["POST"]),
        ]
    )


def main() -> None:
    Server(
        "tests.benchmarks.bare_limit_server:create",
        port=int(os.environ["PORT"]),
        interface=Interfaces.ASGI,
        factory=True,
        workers=int(os.environ["BARE_WORKERS"]),
        loop=Loops.auto,
        http=HTTPModes.http1,
        log_access=False,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
