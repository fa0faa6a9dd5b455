"""Authorization errors."""

from autograph_web.infra.errors import DomainError


class SessionRequired(DomainError):
    """An operation that requires a user session was requested with an API key."""

    code, status = "session_required", 403
    sentence = "An API key can't do this. Sign in and use an access token."


class ScopeMissing(DomainError):
    """The API key is valid, but lacks the scope for this call (RFC 6750 section 3.1)."""

    code, status = "insufficient_scope", 403
    sentence = "This API key doesn't have the scope that this call takes."
