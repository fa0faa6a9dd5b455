"""Who the client is: one reading of address, agent and request id for pages and REST."""

from collections.abc import Mapping
from ipaddress import ip_address
from uuid import UUID

from starlette.datastructures import Headers
from starlette.types import Scope

from autograph_web.core.context import UNKNOWN_ADDRESS, RequestContext, occasion
from autograph_web.core.entropy import SystemEntropy, random_uuid
from autograph_web.settings import Settings

_LONGEST_AGENT = 512
_ENTROPY = SystemEntropy()  # ids are to be unique, not secret


def client_address(peer: str, forwarded_for: str, hops: int) -> str:
    """Return the client's address.

    X-Forwarded-For is the client's own word but for its last `hops` entries, each added by a proxy we trust;
    so the entry `hops` from the right counts, and nothing when there are fewer.
    """
    if hops:
        entries = [entry.strip() for entry in forwarded_for.split(",")]
        peer = entries[-hops] if len(entries) >= hops else ""
    try:
        return str(ip_address(peer.strip("[]")))
    except ValueError:
        return UNKNOWN_ADDRESS


def context_from_scope(scope: Scope, settings: Settings) -> RequestContext:
    """Return the circumstances of an HTTP request; its id is the one the answer carries."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    return _context(
        settings,
        peer=str(client[0]) if client else "",
        forwarded_for=", ".join(headers.getlist("x-forwarded-for")),
        agent=headers.get("user-agent", ""),
        request_id=request_id_of(scope, settings),
    )


def context_from_headers(headers: Mapping[str, str], peer: str, settings: Settings) -> RequestContext:
    """Return the circumstances of a websocket event from its handshake's headers; its id is its own."""
    current = occasion()
    return _context(
        settings,
        peer=peer,
        forwarded_for=headers.get("x-forwarded-for", ""),
        agent=headers.get("user-agent", ""),
        request_id=current.request_id if current else new_request_id(),
    )


def request_id_of(scope: Scope, settings: Settings) -> str:
    """Return the request's id, keeping a UUID that a proxy chose.

    Without trusted proxies it would be a stranger's word, who could give many requests the same one.
    """
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        offered = _offered_id(Headers(scope=scope)) if settings.trusted_proxy_hops else None
        state["request_id"] = offered or new_request_id()
    return state["request_id"]


def new_request_id() -> str:
    """Return an id for a request or event that has none yet."""
    return str(random_uuid(_ENTROPY))


def _offered_id(headers: Headers) -> str | None:
    offered = headers.get("x-request-id")
    if offered is None:
        return None
    try:
        return str(UUID(offered))
    except ValueError:
        return None


def _context(
    settings: Settings, peer: str, forwarded_for: str, agent: str, request_id: str
) -> RequestContext:
    printable = "".join(letter for letter in agent[:_LONGEST_AGENT] if letter.isprintable())
    return RequestContext(
        client_address(peer, forwarded_for, settings.trusted_proxy_hops), printable, request_id
    )
