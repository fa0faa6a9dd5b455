"""Who is asking, as far as the connection shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The circumstances of one request or websocket event, written to the audit log.

    `ip` is the client address after trusted proxy hops, or `UNKNOWN_ADDRESS` when none could be read.
    """

    ip: str
    user_agent: str
    request_id: str


UNKNOWN_ADDRESS = "unknown"
