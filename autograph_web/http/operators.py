"""Who runs the server, as far as a request shows it: for figures and details that concern nobody else."""

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


def why_not_operator(scope: Scope, settings: Settings) -> DomainError | None:
    """Return the refusal for somebody who may not see what operators see; None for an operator.

    With `AUTOGRAPH_METRICS_TOKEN` that is whoever shows it (RFC 6750), and without it a program on this very
    machine. What a proxy passed on never counts as local, and no header makes anybody local.
    """
    if settings.metrics_token:
        return None if _shows(Headers(scope=scope), settings.metrics_token) else NotAuthenticated()
    return None if is_local(scope, own_hosts(settings)) else NotFound()


def own_hosts(settings: Settings) -> frozenset[str]:
    """Return what programs on this machine call this server in their Host header."""
    return frozenset(f"{name}:{settings.port}" for name in _OWN_NAMES)


def is_local(scope: Scope, hosts: Collection[str]) -> bool:
    """Return True if a request comes from this machine, past no proxy, and asks for one of `hosts`.

    The name counts because a foreign site's may lead a browser here (CWE-350).
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
    # Hashed first, so that the time taken tells nothing of the token, not even its length.
    same = compare_digest(sha256(shown.encode("utf-8", "replace")).digest(), sha256(token.encode()).digest())
    return scheme.lower() == "bearer" and same
