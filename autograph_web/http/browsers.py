"""Binds tabs to browsers: the server-side state of a tab can be found only with the browser's cookie.

Reflex identifies a tab by a token chosen by the page, which is part of the websocket URL and therefore
appears in proxy logs. That token is not secret. The state is stored under a name derived from the token and a
secret of the browser: another browser with the same token derives another name, and finds an empty tab there.
"""

import hmac
import re
from uuid import UUID

from starlette.datastructures import Headers
from starlette.types import Scope

from autograph_web.http.cookies import browser_cookie
from autograph_web.infra.randomness import random_token
from autograph_web.runtime import services

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_EXTENSION = "autograph.browser"


def browser_of(scope: Scope) -> str:
    """Return the secret of the browser that sent a request; "" if it sent none, or a malformed one."""
    found = browser_cookie(services().settings, Headers(scope=scope).get("cookie", ""))
    return found if found and _SECRET.fullmatch(found) else ""


def new_browser() -> str:
    """Return a new secret for a browser (256 bits)."""
    return random_token(services().randomness)


def bound(scope: Scope) -> Scope:
    """Return the scope with the secret of its browser, or with a new one that no client knows."""
    return {**scope, _EXTENSION: browser_of(scope) or new_browser()}


def tab_name(scope: Scope, token: str) -> str:
    """Return the name under which the state of tab `token` is stored; the scope must be `bound`.

    It is the HMAC-SHA-256 (RFC 2104) of the token under the browser's secret, formatted as a UUID: the name
    reveals neither the secret nor a token with which another browser would obtain the same name.
    """
    secret: str = scope[_EXTENSION]
    return str(UUID(bytes=hmac.digest(secret.encode(), token.encode(), "sha256")[:16], version=4))
