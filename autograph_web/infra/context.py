"""Who is asking, as far as the connection shows it, and which request is being served."""

from contextvars import ContextVar, Token
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The circumstances of one request or websocket event, written to the audit log.

    `ip` is the client address after trusted proxy hops, or `UNKNOWN_ADDRESS` when none could be read.
    """

    ip: str
    user_agent: str
    request_id: str


@dataclass(slots=True)
class RequestScope:
    """The request or websocket event that is being served, for logs and traces; no rule may look at it.

    `user_id` is whose it turned out to be, `trace_id` the trace that tells of it, if one does.
    """

    request_id: str
    user_id: UUID | None = None
    trace_id: str = ""


_occasion: ContextVar[RequestScope | None] = ContextVar("autograph_occasion", default=None)


def occasion() -> RequestScope | None:
    """Return what is being served right here, None outside any request or event."""
    return _occasion.get()


def begin_request(request_id: str) -> tuple[RequestScope, Token[RequestScope | None]]:
    """Say that what follows here serves this request; `end_request` takes the token."""
    begun = RequestScope(request_id)
    return begun, _occasion.set(begun)


def end_request(token: Token[RequestScope | None]) -> None:
    """Say that the request is served."""
    _occasion.reset(token)


def bind_user(user_id: UUID) -> None:
    """Remember whose request is being served."""
    current = _occasion.get()
    if current is not None:
        current.user_id = user_id
