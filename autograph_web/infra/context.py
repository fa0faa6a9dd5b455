"""Request context: the client as seen by the connection, and the request being processed."""

from contextvars import ContextVar, Token
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Properties of one request or websocket event, written to the audit log.

    `ip` is the client address after trusted proxy hops, or `UNKNOWN_ADDRESS` if it could not be determined.
    """

    ip: str
    user_agent: str
    request_id: str


@dataclass(slots=True)
class RequestScope:
    """The request or websocket event being processed, for logs and traces; no decision may depend on it.

    `user_id` is its authenticated account, if any; `trace_id` is that of its trace, "" without one.
    """

    request_id: str
    user_id: UUID | None = None
    trace_id: str = ""


_occasion: ContextVar[RequestScope | None] = ContextVar("autograph_occasion", default=None)


def occasion() -> RequestScope | None:
    """Return the request or event being processed in this context, or None outside any."""
    return _occasion.get()


def begin_request(request_id: str) -> tuple[RequestScope, Token[RequestScope | None]]:
    """Begin processing a request in this context; pass the token to `end_request`."""
    begun = RequestScope(request_id)
    return begun, _occasion.set(begun)


def end_request(token: Token[RequestScope | None]) -> None:
    """End the processing of a request."""
    _occasion.reset(token)


def bind_user(user_id: UUID) -> None:
    """Record the account of the request being processed."""
    current = _occasion.get()
    if current is not None:
        current.user_id = user_id
