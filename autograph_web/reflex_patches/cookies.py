"""Restricts the stored data of a connection: the client address by our rules, and encrypted cookies.

Reflex 0.10.1 stores the headers of every websocket handshake in the state of the tab, which remains in Redis
for an hour. Two of them are used, so only two are stored. The cookies are encrypted first: read access to
Redis must not disclose active sessions.

Upstream: no issue; `_build_static_router_data` has no public counterpart.
"""

from typing import Any

import reflex as rx
from reflex.istate.data import RouterData

from autograph_web.http.client import address_of
from autograph_web.infra.crypto.encryption import DecryptionError
from autograph_web.runtime import services

# Reflex's key of the client address. Its own parser supports only X-Forwarded-For, and no ports.
_ADDRESS = "ip"
_READ = ("cookie", "user-agent")
_OWNER = "websocket handshake"


def seal_cookies(app: rx.App) -> None:
    """Encrypt the cookies of every connection to `app` before they are stored."""
    namespace: Any = app.event_namespace
    plain = namespace._build_static_router_data

    def sealed(sid: str, environ: dict[str, Any]) -> dict[str, Any]:
        kept = plain(sid, environ)
        kept[_ADDRESS] = address_of(environ["asgi.scope"], services().settings)
        kept["headers"] = headers = {name: kept["headers"][name] for name in _READ if name in kept["headers"]}
        if "cookie" in headers:
            headers["cookie"] = services().encryptor.encrypt(
                headers["cookie"].encode("utf-8", "replace"), _OWNER
            )
        return kept

    namespace._build_static_router_data = sealed


def cookies_of(router: RouterData) -> str:
    """Return the Cookie header of the connection an event came over (RFC 6265 section 4.2)."""
    try:
        return services().encryptor.decrypt(router.headers.cookie, _OWNER).decode()
    except DecryptionError:  # the connection has no cookies
        return ""
