"""Identifies operators, who may read metrics and details that are not public."""

from collections.abc import Collection
from hashlib import sha256
from hmac import compare_digest

from starlette.datastructures import Headers
from starlette.types import Scope

from autograph_web.infra.errors import DomainError, NotFound
from autograph_web.infra.ip_addresses import is_loopback
from autograph_web.sessions.errors import NotAuthenticated
from autograph_web.settings import Settings

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
_OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")


def operator_access_error(scope: Scope, settings: Settings) -> DomainError | None:
    """Return the refusal for a client that may not see what operators see; None for an operator.

    With `AUTOGRAPH_METRICS_TOKEN`, an operator presents that bearer token (RFC 6750); without it, an operator
    is a program on this machine. A request forwarded by a proxy is never local, and no header can make one
    local.
    """
    if settings.metrics_token:
        return None if _shows(Headers(scope=scope), settings.metrics_token) else NotAuthenticated()
    return None if is_local(scope, own_hosts(settings)) else NotFound()


def own_hosts(settings: Settings) -> frozenset[str]:
    """Return the Host header values with which programs on this machine address this server."""
    return frozenset(f"{name}:{settings.port}" for name in _OWN_NAMES)


def is_local(scope: Scope, hosts: Collection[str]) -> bool:
    """Return True if a request comes from this machine, not through a proxy, and addresses one of `hosts`.

    The Host header is checked because a foreign site's name may resolve to this machine (CWE-350).
    """
    headers = Headers(scope=scope)
    asked = headers.getlist("host")
    return (
        len(asked) == 1
        and asked[0].lower() in hosts
        and not any(name in headers for name in _FORWARDED)
        and is_loopback((scope.get("client") or ("",))[0])
    )


def _shows(headers: Headers, token: str) -> bool:
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    # Compared as hashes, so that the time reveals nothing about the token, not even its length.
    same = compare_digest(sha256(shown.encode("utf-8", "replace")).digest(), sha256(token.encode()).digest())
    return scheme.lower() == "bearer" and same
