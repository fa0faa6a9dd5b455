"""Identification of the client: address, user agent and request id, for pages and REST alike."""

from uuid import UUID

import structlog
from starlette.datastructures import Headers
from starlette.types import Scope

from autograph_web.http.forwarded import client_of
from autograph_web.infra.context import RequestContext, occasion
from autograph_web.infra.ip_addresses import UNKNOWN_ADDRESS
from autograph_web.infra.randomness import SystemRandomness, random_uuid
from autograph_web.runtime import services
from autograph_web.settings import Settings

_log = structlog.get_logger(__name__)
_UNKNOWN = "client_address_unknown"
_LONGEST_AGENT = 512
_ENTROPY = SystemRandomness()  # ids must be unique, not secret


def address_of(scope: Scope, settings: Settings) -> str:
    """Return the client address of a request or websocket.

    If proxies are trusted but their header cannot be interpreted, all clients share one address, and with it
    the rate limits: this is logged, at most once in ten minutes.
    """
    client, header = scope.get("client"), settings.forwarded_header
    lines = Headers(scope=scope).getlist(header)
    found = client_of(str(client[0]) if client else "", lines, settings.trusted_proxy_hops, header)
    if (
        found.ip == UNKNOWN_ADDRESS
        and settings.trusted_proxy_hops
        and services().log_throttle.allows(_UNKNOWN)
    ):
        _log.warning(
            _UNKNOWN,
            header=header,
            trouble=found.trouble,
            trusted_proxy_hops=settings.trusted_proxy_hops,
            advice="see docs/configuration.md, Behind a proxy",
        )
    return found.ip


def context_from_scope(scope: Scope, settings: Settings) -> RequestContext:
    """Return the context of an HTTP request; its id is also sent in the response."""
    agent = Headers(scope=scope).get("user-agent", "")
    return RequestContext(address_of(scope, settings), _printable(agent), request_id_of(scope, settings))


def context_of_event(address: str, agent: str) -> RequestContext:
    """Return the context of a websocket event; `address` is the `address_of` of its handshake."""
    current = occasion()
    return RequestContext(address, _printable(agent), current.request_id if current else new_request_id())


def request_id_of(scope: Scope, settings: Settings) -> str:
    """Return the request's id, which is the `X-Request-ID` header if a trusted proxy set it to a UUID.

    Without trusted proxies the header would come from the client, who could reuse one id for many requests.
    """
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        offered = _offered_id(Headers(scope=scope)) if settings.trusted_proxy_hops else None
        state["request_id"] = offered or new_request_id()
    return state["request_id"]


def new_request_id() -> str:
    """Return an id for a request or event that does not have one."""
    return str(random_uuid(_ENTROPY))


def _offered_id(headers: Headers) -> str | None:
    offered = headers.get("x-request-id")
    if offered is None:
        return None
    try:
        return str(UUID(offered))
    except ValueError:
        return None


def _printable(agent: str) -> str:
    return "".join(letter for letter in agent[:_LONGEST_AGENT] if letter.isprintable())
