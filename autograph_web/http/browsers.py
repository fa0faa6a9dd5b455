"""Which browser a tab belongs to: what it keeps on the server is found with the browser's cookie alone.

Reflex names a tab by a token of the page's own, which stands in the address of the websocket and so in the
logs of proxies. That token is no secret. What a tab keeps lies under a name that is made of the token and a
secret of the browser: another browser with the same token has another name, and finds an empty tab there.
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
    """Return the secret of the browser that sent a request; nothing if it sent none that could be ours."""
    found = browser_cookie(services().settings, Headers(scope=scope).get("cookie", ""))
    return found if found and _SECRET.fullmatch(found) else ""


def new_browser() -> str:
    """Return a secret for a browser that has none (256 bits)."""
    return random_token(services().randomness)


def bound(scope: Scope) -> Scope:
    """Return a connection with the secret of its browser, or with one that nobody else has, nor later has."""
    return {**scope, _EXTENSION: browser_of(scope) or new_browser()}


def tab_name(scope: Scope, token: str) -> str:
    """Return under which name the tab `token` of a connection that is `bound` keeps what it keeps.

    HMAC-SHA-256 (RFC 2104) of the token, under the browser's secret, in the shape of a UUID: from the name
    neither the secret can be had nor a token that leads another browser there.
    """
    secret: str = scope[_EXTENSION]
    return str(UUID(bytes=hmac.digest(secret.encode(), token.encode(), "sha256")[:16], version=4))
