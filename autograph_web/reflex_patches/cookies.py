"""What is kept of a connection: whose address it has, by our rules, and cookies that nobody else can read.

Reflex 0.10.1 puts the headers of every websocket handshake into the tab's state, which lies in Redis for an
hour. Two of them are read, so two are kept. The cookies are sealed first: who can read Redis must not find
live sessions there.

Upstream: no issue; `_build_static_router_data` has no public counterpart.
"""

from typing import Any

import reflex as rx
from reflex.istate.data import RouterData

from autograph_web.http.client import address_of
from autograph_web.infra.crypto.encryption import DecryptionError
from autograph_web.runtime import services

# What Reflex calls the client's address. Its own reading knows X-Forwarded-For alone, and no ports.
_ADDRESS = "ip"
_READ = ("cookie", "user-agent")
_OWNER = "websocket handshake"


def seal_cookies(app: rx.App) -> None:
    """Have the cookies of every connection to `app` sealed before anything is kept."""
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
    except DecryptionError:  # there are none
        return ""
